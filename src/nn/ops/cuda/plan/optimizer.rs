//! An optimiser step over flat buffers of all parameters, which it changes in place; as train/optimizer, train/clip.rs
//! and the moving average of train/state.rs.

use super::flat::{self, Part};
use super::losses::blocks;
use super::pointwise;
use crate::config::{OptimizerKind, TrainConfig};
use crate::nn::ops::cuda::program::{Element, Program, Slot, arguments};

/// What stays on the GPU between steps. Flat buffers are over all parameters, in the order of their names.
#[derive(Clone, Copy)]
pub struct Held {
    /// Parameters.
    pub parameters: Slot,
    /// Adam: the running mean of gradients. SGD: the momentum buffer.
    pub first: Slot,
    /// Adam: the running mean of squared gradients.
    pub second: Option<Slot>,
    /// The moving average of the parameters.
    pub average: Option<Slot>,
    /// i32 [2]: the number of the first step that went wrong, or 0; and the place of the first parameter that is no
    /// number, or −1 when it is the loss.
    pub told: Slot,
    /// f64 \[1\]: the sum of the losses of the epoch.
    pub sum: Slot,
}

/// A step, and how much of it the host knows.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Its number, from 1.
    pub number: u64,
    /// Learning rate.
    pub lr: f64,
    /// Factor of all gradients: they come as those of a sum, and wanted are those of the mean.
    pub scale: f32,
    /// How much of the moving average stays.
    pub kept: f64,
    /// Whether it is the first step of its epoch.
    pub opens_epoch: bool,
}

/// A parameter: where the network reads it, and its gradient; `None` where the loss does not change with it.
pub struct Variable {
    /// In the network.
    pub parameter: Slot,
    /// From the loss.
    pub gradient: Option<Slot>,
    /// How many numbers.
    pub count: usize,
}

/// The whole step, from gradients to the parameters that the network reads next.
pub fn step(
    program: &mut Program,
    config: &TrainConfig,
    step: Step,
    held: Held,
    variables: &[Variable],
    loss: Slot,
) {
    let count = variables.iter().map(|variable| variable.count).sum();
    let mut gradients = Vec::with_capacity(variables.len());
    for variable in variables {
        gradients.push(Part {
            slot: match variable.gradient {
                Some(gradient) => gradient,
                None => pointwise::fill(program, variable.count, 0.0),
            },
            count: variable.count,
        });
    }
    let mut gradient = flat::gather(program, &gradients, step.scale);
    if let Some(largest) = config.clip {
        gradient = clip(program, gradient, count, largest);
    }
    update(program, config, step, held, (gradient, loss), count);
    close(program, step, held, loss, count);
    if let Some(average) = held.average {
        ema(program, average, held, count, step.kept);
    }
    let part = |variable: &Variable| Part {
        slot: variable.parameter,
        count: variable.count,
    };
    let parameters: Vec<Part> = variables.iter().map(part).collect();
    flat::scatter(program, held.parameters, &parameters);
}

/// The update rule.
fn update(
    program: &mut Program,
    config: &TrainConfig,
    step: Step,
    held: Held,
    (gradients, loss): (Slot, Slot),
    count: usize,
) {
    let lr = step.lr;
    let correction = |beta: f64| 1.0 - libm::pow(beta, step.number as f64);
    let decay = match config.optimizer {
        OptimizerKind::AdamW => lr * config.weight_decay,
        OptimizerKind::Adam | OptimizerKind::Sgd => 0.0,
    };
    match (config.optimizer, held.second) {
        (OptimizerKind::Adam | OptimizerKind::AdamW, Some(second)) => program.each(
            "adam_step",
            count,
            arguments![
                held.parameters,
                held.first,
                second,
                gradients,
                held.told,
                loss,
                count,
                (lr / correction(config.beta1)) as f32,
                correction(config.beta2).sqrt() as f32,
                (1.0 - decay) as f32,
                (1.0 - config.beta1) as f32,
                config.beta2 as f32,
                (1.0 - config.beta2) as f32,
                config.eps as f32
            ],
        ),
        (OptimizerKind::Sgd, _) => program.each(
            "sgd_step",
            count,
            arguments![
                held.parameters,
                held.first,
                gradients,
                held.told,
                loss,
                count,
                lr as f32,
                config.momentum as f32,
                config.weight_decay as f32
            ],
        ),
        (OptimizerKind::Adam | OptimizerKind::AdamW, None) => {
            unreachable!("Adam has second moments")
        }
    }
}

/// Sees whether all parameters and the loss are numbers; notes it, and adds the loss.
fn close(program: &mut Program, step: Step, held: Held, loss: Slot, count: usize) {
    let blocks = blocks(count);
    let places = program.made(Element::I32, blocks);
    program.launch(
        "find_no_number",
        [blocks, 1, 1],
        arguments![held.parameters, places, count],
    );
    program.launch(
        "close_step",
        [1, 1, 1],
        arguments![
            places,
            loss,
            held.told,
            held.sum,
            blocks,
            count,
            step.number as usize,
            step.opens_epoch
        ],
    );
}

/// The moving average, of which `kept` stays.
fn ema(program: &mut Program, average: Slot, held: Held, count: usize, kept: f64) {
    program.each(
        "ema_step",
        count,
        arguments![average, held.parameters, held.told, count, kept],
    );
}

/// The gradients scaled so that their norm is at most `largest`.
pub fn clip(program: &mut Program, gradients: Slot, count: usize, largest: f64) -> Slot {
    let blocks = blocks(count);
    let sums = program.made(Element::F64, blocks);
    program.launch(
        "square_sums",
        [blocks, 1, 1],
        arguments![gradients, sums, count],
    );
    let factor = program.floats(1);
    program.launch(
        "clip_factor",
        [1, 1, 1],
        arguments![sums, factor, blocks, largest],
    );
    pointwise::scale_by(program, gradients, factor, count)
}
