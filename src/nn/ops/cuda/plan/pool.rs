//! Max-pooling and upsampling by 2.

use crate::nn::ops::cuda::program::{Element, Program, Slot, arguments};

/// The pool of the map `x`, with even height and width, and its winners; with `relu` as if that had come before.
pub fn max_pool2(program: &mut Program, x: Slot, dims: [usize; 4], relu: bool) -> (Slot, Slot) {
    let [n, height, width, channels] = dims;
    let count = n * (height / 2) * (width / 2) * channels;
    let out = program.floats(count);
    let winners = program.made(Element::U8, count);
    program.each(
        "max_pool2_forward",
        count,
        arguments![x, out, winners, count, width / 2, channels, relu],
    );
    (out, winners)
}

/// The gradient of the map, whose dimensions are given, from the pool's.
pub fn max_pool2_back(
    program: &mut Program,
    gradient: Slot,
    winners: Slot,
    dims: [usize; 4],
) -> Slot {
    let [n, height, width, channels] = dims;
    let count = n * (height / 2) * (width / 2) * channels;
    let to = program.floats(4 * count);
    program.each(
        "max_pool2_backward",
        count,
        arguments![gradient, winners, to, count, width / 2, channels],
    );
    to
}

/// Every pixel of the map `x` four times.
pub fn upsample2(program: &mut Program, x: Slot, dims: [usize; 4]) -> Slot {
    let [_, _, width, channels] = dims;
    let count: usize = dims.iter().product();
    let out = program.floats(4 * count);
    program.each(
        "upsample2_forward",
        count,
        arguments![x, out, count, width, channels],
    );
    out
}

/// The gradient of the map, whose dimensions are given.
pub fn upsample2_back(program: &mut Program, gradient: Slot, dims: [usize; 4]) -> Slot {
    let [_, _, width, channels] = dims;
    let count: usize = dims.iter().product();
    let to = program.floats(count);
    program.each(
        "upsample2_backward",
        count,
        arguments![gradient, to, count, width, channels],
    );
    to
}
