//! Residual networks and their plain twins against PyTorch 2.15.0 (tests/vectors/resnet.json, made by make_resnet.py):
//! the same weights and batch give the same logits, loss and gradients.

mod vectors;

use ablate::config::{Arch, Init, ModelConfig, Residual};
use ablate::model::Model;
use ablate::nn::ops;
use ablate::outcome::Weight;
use candle_core::{Device, Tensor, Var};
use serde_json::Value;
use std::collections::BTreeMap;
use vectors::{load, numbers, sizes, wave};

fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")
}

fn assert_close(what: &str, found: f64, right: f64, scale: f64) {
    assert!(
        (found - right).abs() <= 1e-5 * scale,
        "{what}: {found} instead of {right}"
    );
}

/// The network of a case with the weights that make_resnet.py draws.
fn network(case: &Value, image: [usize; 2]) -> Model {
    let residual = Residual::ALL
        .iter()
        .find(|residual| case["residual"] == residual.name());
    let config = ModelConfig {
        arch: Arch::Resnet,
        blocks: case["blocks"].as_u64().expect("a number") as usize,
        residual: *residual.expect("a name that the config knows"),
        ..ModelConfig::default()
    };
    let model = Model::new(&config, image, Init::Pytorch, 0).expect("a config that fits");
    let draw = |(at, (name, var)): (usize, (&String, &Var))| {
        let shape = var.dims().to_vec();
        let fan_in: usize = shape[..shape.len() - 1].iter().product();
        let scale = match shape.len() {
            1 => 0.1,
            _ => (2.0 / fan_in as f64).sqrt(),
        };
        let values = wave(&shape, at as f64, scale, 0.0);
        (name.clone(), Weight { shape, values })
    };
    let parameters = model.parameters();
    let weights: BTreeMap<_, _> = parameters.0.iter().enumerate().map(draw).collect();
    parameters
        .restore(&weights)
        .expect("its own names and shapes");
    model
}

#[test]
fn logits_loss_and_gradients_are_those_of_pytorch() {
    let file = load("resnet.json");
    let cases = file["cases"].as_array().expect("a list");
    assert_eq!(cases.len(), 4);
    for case in cases {
        let what = format!("{} blocks, residual {}", case["blocks"], case["residual"]);
        let image = sizes(&case["image"]);
        let model = network(case, [image[0], image[1]]);
        let n = case["batch"].as_u64().expect("a batch size") as usize;
        let shape = [n, image[0], image[1], 1];
        let pixels = wave(&shape, 0.1, 0.5, 0.0)
            .iter()
            .map(|x| x + 0.5)
            .collect();
        let images = Tensor::from_vec::<_, f32>(pixels, &shape, &Device::Cpu).expect("a map");
        let logits = model.forward(&images).expect("images that fit");
        assert_eq!(logits.dims(), [n, 10]);
        for (found, right) in flat(&logits).into_iter().zip(numbers(&case["logits"])) {
            assert_close(&what, found.into(), right, right.abs().max(0.1));
        }
        let right: Vec<u8> = (0..n).map(|row| (3 * row % 10) as u8).collect();
        let loss = ops::cross_entropy(&logits, &right).and_then(|sum| sum / n as f64);
        let loss = loss.expect("a class for each image");
        let right = case["loss"].as_f64().expect("a number");
        assert_close(&what, flat(&loss)[0].into(), right, right);
        let store = loss.backward().expect("gradients");
        let told = case["gradients"].as_object().expect("an object");
        let names: Vec<&String> = model.parameters().0.keys().collect();
        assert_eq!(names, told.keys().collect::<Vec<_>>(), "{what}");
        for (name, var) in &model.parameters().0 {
            let gradient = flat(store.get(var).expect("a gradient of every parameter"));
            let product = |other: &[f32]| -> f64 {
                let pairs = gradient.iter().zip(other);
                pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
            };
            let [norm, direction] = numbers(&told[name])[..] else {
                panic!("two numbers a parameter");
            };
            let what = format!("{what}, {name}");
            assert_close(&what, product(&gradient).sqrt(), norm, norm);
            let found = product(&wave(var.dims(), 0.5, 1.0, 0.0));
            // A sum with cancellation: good to the size of its terms.
            assert_close(
                &what,
                found,
                direction,
                norm * (gradient.len() as f64).sqrt(),
            );
        }
    }
}
