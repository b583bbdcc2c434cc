//! Update rules over flat buffers.

use crate::emulator::{Case, check};
use crate::twin::wave;
use ablate::config::{OptimizerKind, TrainConfig};
use ablate::nn::ops::cuda::plan::optimizer;
use serde_json::Value;

pub fn cases() -> Vec<Case> {
    let text = include_str!("../vectors/optimizer.json");
    let vectors: Value = serde_json::from_str(text).expect("JSON");
    let all = vectors["cases"].as_array().expect("a list");
    let mut cases: Vec<Case> = all.iter().map(|case| trained(&vectors, case)).collect();
    cases.extend([averaged(), clipped()]);
    cases
}

/// Both parameters of the vectors side by side, as a trainer on the GPU would keep them.
fn numbers(by_name: &Value) -> Vec<f32> {
    let lists = ["a", "b"].map(|name| by_name[name].as_array().expect("a list"));
    let number = |value: &Value| value.as_f64().expect("a number") as f32;
    lists.into_iter().flatten().map(number).collect()
}

/// All steps of one case of the vectors as one program.
fn trained(vectors: &Value, of: &Value) -> Case {
    let mut config = TrainConfig::default();
    let set = |field: &mut f64, key: &str| {
        if let Some(value) = of["config"][key].as_f64() {
            *field = value;
        }
    };
    set(&mut config.lr, "lr");
    set(&mut config.momentum, "momentum");
    set(&mut config.weight_decay, "weight_decay");
    set(&mut config.beta1, "beta1");
    set(&mut config.beta2, "beta2");
    set(&mut config.eps, "eps");
    let kind = of["config"]["optimizer"].as_str().expect("a name");
    let mut kinds = OptimizerKind::ALL.iter();
    let kind = *kinds.find(|known| known.name() == kind).expect("known");

    let mut case = Case::new(format!("{}", of["config"]));
    let start = numbers(&vectors["start"]);
    let count = start.len();
    let parameters = case.floats(&start);
    let moments = [0, 1].map(|_| case.floats(&vec![0.0; count]));
    let gradients = vectors["gradients"].as_array().expect("a list");
    for (step, gradient) in (1..).zip(gradients) {
        let mut gradient = case.floats(&numbers(gradient));
        let program = &mut case.program;
        if let Some(largest) = of["config"]["clip"].as_f64() {
            gradient = optimizer::clip(program, gradient, count, largest);
        }
        let decay = match kind {
            OptimizerKind::AdamW => config.lr * config.weight_decay,
            _ => 0.0,
        };
        let [first, second] = moments;
        match kind {
            OptimizerKind::Sgd => {
                let slots = [parameters, first, gradient];
                optimizer::sgd(program, &config, config.lr, slots, count);
            }
            OptimizerKind::Adam | OptimizerKind::AdamW => {
                let slots = [parameters, first, second, gradient];
                optimizer::adam(program, &config, (step, config.lr, decay), slots, count);
            }
        }
    }
    let after = of["after"].as_array().expect("a list");
    let right = numbers(after.last().expect("steps"));
    case.expect(parameters, right, 1e-6);
    case
}

fn averaged() -> Case {
    let (average, parameters) = (wave(515, 0.0), wave(515, 1.0));
    let mut case = Case::new("a moving average");
    let (slot, of) = (case.floats(&average), case.floats(&parameters));
    optimizer::ema(&mut case.program, slot, of, 515, 0.9);
    let pairs = average.iter().zip(&parameters);
    let right = pairs.map(|(a, p)| (0.9 * f64::from(*a) + (1.0 - 0.9) * f64::from(*p)) as f32);
    case.expect(slot, right.collect(), 0.0);
    case
}

/// Many numbers, for the sums of several blocks.
fn clipped() -> Case {
    let numbers = wave(5000, 0.0);
    let squares = numbers.iter().map(|&x| f64::from(x) * f64::from(x));
    let factor = (2.0 / (squares.sum::<f64>().sqrt() + 1e-6)) as f32;
    let mut case = Case::new("a clipped gradient");
    let slot = case.floats(&numbers);
    let out = optimizer::clip(&mut case.program, slot, 5000, 2.0);
    let scaled = numbers.iter().map(|x| factor * x);
    case.expect(out, scaled.collect(), 1e-7);
    case
}

/// Oracle: PyTorch 2.15 (tests/vectors/make_optimizer.py), after six steps; averages and clipping by their formulas.
#[test]
fn update_rules_agree_with_pytorch() {
    check(&cases());
}
