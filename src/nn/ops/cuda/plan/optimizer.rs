//! Update rules over flat buffers of all parameters, which they change in place. The trainer does not use these yet:
//! it keeps parameters in the host's memory.

use super::losses::blocks;
use super::pointwise;
use crate::config::TrainConfig;
use crate::nn::ops::cuda::program::{Element, Program, Slot, arguments};

/// Adam, or with `decay` = lr·weight_decay AdamW, at step number `step` (from 1); as train/optimizer/adam.rs.
pub fn adam(
    program: &mut Program,
    config: &TrainConfig,
    (step, lr, decay): (u64, f64, f64),
    [parameters, first, second, gradients]: [Slot; 4],
    count: usize,
) {
    let correction = |beta: f64| 1.0 - libm::pow(beta, step as f64);
    program.each(
        "adam_step",
        count,
        arguments![
            parameters,
            first,
            second,
            gradients,
            count,
            (lr / correction(config.beta1)) as f32,
            correction(config.beta2).sqrt() as f32,
            (1.0 - decay) as f32,
            (1.0 - config.beta1) as f32,
            config.beta2 as f32,
            (1.0 - config.beta2) as f32,
            config.eps as f32
        ],
    );
}

/// Gradient descent with momentum; as train/optimizer/sgd.rs.
pub fn sgd(
    program: &mut Program,
    config: &TrainConfig,
    lr: f64,
    [parameters, buffer, gradients]: [Slot; 3],
    count: usize,
) {
    program.each(
        "sgd_step",
        count,
        arguments![
            parameters,
            buffer,
            gradients,
            count,
            lr as f32,
            config.momentum as f32,
            config.weight_decay as f32
        ],
    );
}

/// The moving average, of which `kept` stays.
pub fn ema(program: &mut Program, average: Slot, parameters: Slot, count: usize, kept: f64) {
    program.each(
        "ema_step",
        count,
        arguments![average, parameters, count, kept],
    );
}

/// The gradients scaled so that their norm is at most `largest`; as train/clip.rs.
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
