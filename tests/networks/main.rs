//! Networks against PyTorch 2.15.0 in float64, written there from the recipes (tests/vectors/torch_networks.py).

mod families;
mod initial;
mod training;
#[path = "../vectors/mod.rs"]
mod vectors;

use ablate::config::TrialConfig;
use ablate::nn::Parameters;
use candle_core::{Device, Tensor};
use serde_json::Value;
use vectors::wave;

fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")
}

fn tensor(numbers: Vec<f32>, shape: &[usize]) -> Tensor {
    Tensor::from_vec(numbers, shape, &Device::Cpu).expect("as many numbers as the shape has")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}

/// The config of a vector file: settings by path.
fn config(told: &Value) -> TrialConfig {
    let map = told["config"].as_object().expect("settings by path");
    TrialConfig::from_flat(map).expect("settings that the config knows")
}

/// Sets parameters to the waves that torch_networks.py draws too.
fn draw(parameters: &Parameters) {
    for (at, (name, var)) in parameters.0.iter().enumerate() {
        let shape = var.dims();
        let scale = match shape.len() {
            1 => 0.1,
            _ => (2.0 / shape[..shape.len() - 1].iter().product::<usize>() as f64).sqrt(),
        };
        let middle = if name.ends_with(".scale") { 1.0 } else { 0.0 };
        let values = wave(shape, at as f64, scale, 0.0);
        let values = tensor(values.iter().map(|x| x + middle).collect(), shape);
        var.set(&values).expect("a tensor of its own");
    }
}
