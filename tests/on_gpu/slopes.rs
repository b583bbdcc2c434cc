//! Oracle: central differences of the loss of a whole network, all of it on the GPU.

use crate::gpu::gpu;
use ablate::config::{Init, TrialConfig};
use ablate::model::{Io, Model};
use ablate::nn::ops::bce_with_logits;
use candle_core::{Device, Result, Tensor};
use serde_json::json;

const SIDE: usize = 12;
const STEP: f32 = 1.0 / 64.0;

fn images(device: &Device, offset: f64) -> Result<Tensor> {
    let shape = (8, SIDE, SIDE, 1);
    let number = |at: usize| 0.5 + 0.5 * (1.7 * at as f64 + offset).sin() as f32;
    Tensor::from_vec((0..8 * SIDE * SIDE).map(number).collect(), shape, device)
}

#[test]
fn gradients_of_a_network_are_the_slopes_of_its_loss() {
    let Some(gpu) = gpu() else { return };
    let settings = json!({ "model.widths": [4, 8], "model.bottleneck": 4, "model.decoder": [8, 4],
        "model.skip.at": [6, 12] });
    let settings = settings.as_object().cloned().unwrap_or_default();
    let config = TrialConfig::from_flat(&settings).expect("a config");
    let network =
        Model::new(&config.model, Io::from([SIDE; 2]), Init::Keras, 5).expect("a network");
    let (input, target) = (images(gpu, 0.0), images(gpu, 1.0));
    let (input, target) = (input.expect("images"), target.expect("images"));
    let loss = || {
        let logits = network.forward(&input).expect("an answer");
        bce_with_logits(&logits, &target).expect("a loss")
    };
    let value = || f64::from(loss().to_scalar::<f32>().expect("a number"));
    let gradients = loss().backward().expect("a way back");
    let (mut squares, mut wrong) = (0.0, 0.0);
    for variable in network.parameters().0.values() {
        let flat = |tensor: &Tensor| tensor.flatten_all().and_then(|all| all.to_vec1::<f32>());
        let found = flat(gradients.get(variable).expect("a gradient")).expect("f32");
        let start = flat(variable).expect("f32");
        // The first, a middle and the last number of each parameter.
        for at in [0, start.len() / 2, start.len() - 1] {
            let moved = |by: f32| {
                let mut numbers = start.clone();
                numbers[at] += by;
                let numbers = Tensor::from_vec(numbers, variable.shape(), gpu);
                let set = numbers.and_then(|numbers| variable.set(&numbers));
                set.expect("the same shape");
                value()
            };
            let slope = (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP);
            moved(0.0);
            squares += slope * slope;
            wrong += (slope - f64::from(found[at])).powi(2);
        }
    }
    // Of all together: ReLUs have kinks, and a loss of 10^3 in f32 has steps of its own.
    let off = (wrong / squares).sqrt();
    println!("gradients of a network are off by {off:.1e} of their size");
    assert!(off < 2e-2, "{off}");
}
