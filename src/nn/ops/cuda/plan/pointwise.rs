//! What is done to every number by itself.

use crate::nn::ops::cuda::program::{Program, Slot, arguments};

/// Launches `kernel`(x, out, count).
fn one(program: &mut Program, kernel: &'static str, x: Slot, count: usize) -> Slot {
    let out = program.floats(count);
    program.each(kernel, count, arguments![x, out, count]);
    out
}

/// Launches `kernel`(a, b, out, count).
fn two(program: &mut Program, kernel: &'static str, a: Slot, b: Slot, count: usize) -> Slot {
    let out = program.floats(count);
    program.each(kernel, count, arguments![a, b, out, count]);
    out
}

/// max(x, 0).
pub fn relu(program: &mut Program, x: Slot, count: usize) -> Slot {
    one(program, "relu_forward", x, count)
}

/// From what [`relu`] gave.
pub fn relu_back(program: &mut Program, out: Slot, gradient: Slot, count: usize) -> Slot {
    two(program, "relu_backward", out, gradient, count)
}

/// ReLU of a map plus a bias of one number a channel.
pub fn bias_relu(
    program: &mut Program,
    x: Slot,
    bias: Slot,
    count: usize,
    channels: usize,
) -> Slot {
    let out = program.floats(count);
    program.each(
        "bias_relu",
        count,
        arguments![x, bias, out, count, channels],
    );
    out
}

/// σ(x).
pub fn sigmoid(program: &mut Program, x: Slot, count: usize) -> Slot {
    one(program, "sigmoid_forward", x, count)
}

/// From what [`sigmoid`] gave.
pub fn sigmoid_back(program: &mut Program, out: Slot, gradient: Slot, count: usize) -> Slot {
    two(program, "sigmoid_backward", out, gradient, count)
}

/// x·σ(x).
pub fn silu(program: &mut Program, x: Slot, count: usize) -> Slot {
    one(program, "silu_forward", x, count)
}

/// From what [`silu`] was given.
pub fn silu_back(program: &mut Program, x: Slot, gradient: Slot, count: usize) -> Slot {
    two(program, "silu_backward", x, gradient, count)
}

/// x·`scale` where `kept` (u8) is 1, else x·0: there and back.
pub fn dropout(program: &mut Program, x: Slot, kept: Slot, count: usize, scale: f32) -> Slot {
    let out = program.floats(count);
    program.each(
        "dropout_apply",
        count,
        arguments![x, kept, out, count, scale],
    );
    out
}

/// a + b.
pub fn add(program: &mut Program, a: Slot, b: Slot, count: usize) -> Slot {
    two(program, "add", a, b, count)
}

/// x times the one number of `factor`.
pub fn scale_by(program: &mut Program, x: Slot, factor: Slot, count: usize) -> Slot {
    two(program, "scale_by", x, factor, count)
}

/// `count` times `value`.
pub fn fill(program: &mut Program, count: usize, value: f32) -> Slot {
    let out = program.floats(count);
    program.each("fill", count, arguments![out, count, value]);
    out
}
