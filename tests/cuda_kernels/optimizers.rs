//! Optimiser steps over all parameters, as a trainer on the GPU makes them.

use crate::emulator::{Case, check};
use crate::twin::wave;
use ablate::config::{OptimizerKind, TrainConfig};
use ablate::nn::ops::cuda::plan::flat::{self, Part};
use ablate::nn::ops::cuda::plan::optimizer::{self, Held, Step, Variable};
use ablate::nn::ops::cuda::program::Slot;
use serde_json::Value;

pub fn cases() -> Vec<Case> {
    let text = include_str!("../vectors/optimizer.json");
    let vectors: Value = serde_json::from_str(text).expect("JSON");
    let all = vectors["cases"].as_array().expect("a list");
    let mut cases: Vec<Case> = all.iter().map(|case| trained(&vectors, case)).collect();
    cases.push(clipped());
    cases.extend([1, 8, 19].map(moved));
    cases.extend([Fault::Loss, Fault::Gradient, Fault::Parameter].map(gone_wrong));
    cases
}

const AS_THEY_ARE: Step = Step {
    number: 1,
    lr: 0.0,
    scale: 1.0,
    kept: 0.0,
    opens_epoch: false,
};

/// What stays on the GPU, for parameters that start with these numbers.
fn held(case: &mut Case, config: &TrainConfig, start: &[f32]) -> Held {
    let zeros = vec![0.0; start.len()];
    Held {
        parameters: case.floats(start),
        first: case.floats(&zeros),
        second: match config.optimizer {
            OptimizerKind::Adam | OptimizerKind::AdamW => Some(case.floats(&zeros)),
            OptimizerKind::Sgd => None,
        },
        average: config.ema.map(|_| case.floats(start)),
        told: case.ints(&[0, -1]),
        sum: case.doubles(&[0.0]),
    }
}

fn numbers(list: &Value) -> Vec<f32> {
    let list = list.as_array().expect("a list").iter();
    list.map(|value| value.as_f64().expect("a number") as f32)
        .collect()
}

/// All steps of one case of the vectors, with the parameters a and b, as one program: with the gradients of a loss that is
/// four times as large, and a moving average beside.
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
    config.clip = of["config"]["clip"].as_f64();
    config.ema = Some(0.5);
    let kind = of["config"]["optimizer"].as_str().expect("a name");
    let mut kinds = OptimizerKind::ALL.iter();
    config.optimizer = *kinds.find(|known| known.name() == kind).expect("known");

    let mut case = Case::new(format!("{}", of["config"]));
    let both = |by_name: &Value| ["a", "b"].map(|name| numbers(&by_name[name]));
    let start = both(&vectors["start"]);
    let held = held(&mut case, &config, &start.concat());
    let parameters = start.each_ref().map(|numbers| case.floats(numbers));
    let gradients = vectors["gradients"].as_array().expect("a list");
    let after = of["after"].as_array().expect("a list");
    let mut averages = start.concat();
    for ((number, of_step), after) in (1..).zip(gradients).zip(after) {
        let gradient = both(of_step).map(|numbers| {
            let larger: Vec<f32> = numbers.iter().map(|x| 4.0 * x).collect();
            case.floats(&larger)
        });
        let loss = case.floats(&[0.25 * number as f32]);
        let variables = [0, 1].map(|at| Variable {
            parameter: parameters[at],
            gradient: Some(gradient[at]),
            count: start[at].len(),
        });
        let step = Step {
            number,
            lr: config.lr,
            scale: 0.25,
            kept: 0.5,
            // The first two are an epoch, the others another one.
            opens_epoch: number == 1 || number == 3,
        };
        optimizer::step(&mut case.program, &config, step, held, &variables, loss);
        for (average, new) in averages.iter_mut().zip(both(after).concat()) {
            *average = 0.5 * *average + 0.5 * new;
        }
    }
    let right = both(after.last().expect("steps"));
    case.expect(held.parameters, right.concat(), 1e-6);
    for (slot, right) in parameters.into_iter().zip(right) {
        case.expect(slot, right, 1e-6);
    }
    case.expect(held.average.expect("made above"), averages, 1e-6);
    case.expect_ints(held.told, &[0, -1]);
    case.expect_double(held.sum, 0.25 * f64::from(3 + 4 + 5 + 6));
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

/// So many buffers of different lengths side by side, and back into others.
fn moved(buffers: usize) -> Case {
    let mut case = Case::new(format!("{buffers} buffers"));
    let lists: Vec<Vec<f32>> = (0..buffers)
        .map(|at| wave(1 + 97 * at % 311, at as f64))
        .collect();
    let parts = |case: &mut Case, of: &dyn Fn(&[f32]) -> Vec<f32>| -> Vec<Part> {
        let part = |list: &Vec<f32>| Part {
            slot: case.floats(&of(list)),
            count: list.len(),
        };
        lists.iter().map(part).collect()
    };
    let from = parts(&mut case, &<[f32]>::to_vec);
    let to = parts(&mut case, &|list| vec![9.0; list.len()]);
    let flat = flat::gather(&mut case.program, &from, 2.0);
    flat::scatter(&mut case.program, flat, &to);
    let doubled = |list: &Vec<f32>| list.iter().map(|x| 2.0 * x).collect::<Vec<f32>>();
    case.expect(flat, lists.iter().flat_map(doubled).collect(), 0.0);
    for (part, list) in to.iter().zip(&lists) {
        case.expect(part.slot, doubled(list), 0.0);
    }
    case
}

/// What is no number.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Loss,
    Gradient,
    Parameter,
}

/// Three steps of plain gradient descent, of which the second goes wrong: nothing may change any more.
fn gone_wrong(fault: Fault) -> Case {
    let config = TrainConfig {
        optimizer: OptimizerKind::Sgd,
        momentum: 0.0,
        weight_decay: 0.0,
        clip: None,
        ema: Some(0.5),
        ..TrainConfig::default()
    };
    const COUNT: usize = 3000;
    let mut case = Case::new(format!("{fault:?} is no number"));
    let start = vec![1.0; COUNT];
    let held = held(&mut case, &config, &start);
    let parameter = case.floats(&start);
    let unused = case.floats(&[5.0]);
    for number in 7..10 {
        let wrong = |of: Fault| number == 8 && format!("{of:?}") == format!("{fault:?}");
        let mut gradient = vec![1.0; COUNT];
        if wrong(Fault::Gradient) {
            (gradient[2000], gradient[2900]) = (f32::NEG_INFINITY, f32::NAN);
        }
        if wrong(Fault::Parameter) {
            gradient[1234] = 3e38; // finite, but not behind the step
        }
        let loss = match wrong(Fault::Loss) {
            true => f32::NAN,
            false => 0.5,
        };
        let (gradient, loss) = (case.floats(&gradient), case.floats(&[loss]));
        let variable = |parameter: Slot, gradient: Option<Slot>, count: usize| Variable {
            parameter,
            gradient,
            count,
        };
        let variables = [
            variable(parameter, Some(gradient), COUNT - 1),
            variable(unused, None, 1),
        ];
        let step = Step {
            number,
            lr: if number == 8 { 2.0 } else { 0.25 },
            kept: 0.5,
            ..AS_THEY_ARE
        };
        optimizer::step(&mut case.program, &config, step, held, &variables, loss);
    }
    let mut right = vec![0.75; COUNT];
    let place = match fault {
        Fault::Loss => -1,
        Fault::Gradient | Fault::Parameter => {
            right = vec![-1.25; COUNT];
            match fault {
                Fault::Gradient => (right[2000], right[2900]) = (f32::INFINITY, f32::NAN),
                _ => right[1234] = f32::NEG_INFINITY,
            }
            if let Fault::Gradient = fault {
                2000
            } else {
                1234
            }
        }
    };
    // No gradient, no step.
    right[COUNT - 1] = 1.0;
    case.expect(parameter, right[..COUNT - 1].to_vec(), 0.0);
    case.expect(held.parameters, right, 0.0);
    let mut average = vec![0.875; COUNT];
    average[COUNT - 1] = 1.0;
    case.expect(held.average.expect("made above"), average, 0.0);
    case.expect_ints(held.told, &[8, place]);
    case.expect_double(held.sum, 0.5);
    case
}

/// Oracle: PyTorch 2.15 (tests/vectors/make_optimizer.py), after six steps; the rest by hand. The trainer on the host is
/// held to the same numbers (train/optimizer).
#[test]
fn steps_agree_with_pytorch_and_end_at_the_first_bad_number() {
    check(&cases());
}
