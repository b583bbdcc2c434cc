//! Losses: a sum over all numbers, and its gradient. `scale` is the gradient of that sum, a buffer of one number.

use crate::nn::ops::cuda::program::{Element, Program, Slot, THREADS, arguments};

/// Numbers that a thread sums before its block does.
const EACH: usize = 4;
/// Blocks of a sum at most: they fill any GPU.
const BLOCKS: usize = 512;

/// Blocks that sum so many numbers.
pub(super) fn blocks(count: usize) -> usize {
    count.div_ceil(EACH * THREADS).clamp(1, BLOCKS)
}

/// Adds the sums of `count` blocks: one f32.
fn total(program: &mut Program, sums: Slot, count: usize) -> Slot {
    let out = program.floats(1);
    program.launch("sum_blocks", [1, 1, 1], arguments![sums, out, count]);
    out
}

/// Binary cross-entropy of `count` logits.
pub fn bce(program: &mut Program, logits: Slot, targets: Slot, count: usize) -> Slot {
    let blocks = blocks(count);
    let sums = program.made(Element::F64, blocks);
    program.launch(
        "bce_forward",
        [blocks, 1, 1],
        arguments![logits, targets, sums, count],
    );
    total(program, sums, blocks)
}

/// The gradient of the logits.
pub fn bce_back(
    program: &mut Program,
    logits: Slot,
    targets: Slot,
    scale: Slot,
    count: usize,
) -> Slot {
    let to = program.floats(count);
    program.each(
        "bce_backward",
        count,
        arguments![logits, targets, scale, to, count],
    );
    to
}

/// Squared errors of `count` numbers, `size` an image, weighted by image.
pub fn weighted_squares(
    program: &mut Program,
    prediction: Slot,
    target: Slot,
    weights: Slot,
    count: usize,
    size: usize,
) -> Slot {
    let blocks = blocks(count);
    let sums = program.made(Element::F64, blocks);
    program.launch(
        "weighted_squares_forward",
        [blocks, 1, 1],
        arguments![prediction, target, weights, sums, count, size],
    );
    total(program, sums, blocks)
}

/// The gradient of the prediction.
pub fn weighted_squares_back(
    program: &mut Program,
    [prediction, target, weights, scale]: [Slot; 4],
    count: usize,
    size: usize,
) -> Slot {
    let to = program.floats(count);
    program.each(
        "weighted_squares_backward",
        count,
        arguments![prediction, target, weights, scale, to, count, size],
    );
    to
}

/// Cross-entropy of rows of logits against the right classes (u8).
pub fn cross_entropy(
    program: &mut Program,
    logits: Slot,
    right: Slot,
    rows: usize,
    classes: usize,
) -> Slot {
    let sums = program.made(Element::F64, rows);
    program.each(
        "cross_entropy_forward",
        rows,
        arguments![logits, right, sums, rows, classes],
    );
    total(program, sums, rows)
}

/// The gradient of the logits.
pub fn cross_entropy_back(
    program: &mut Program,
    [logits, right, scale]: [Slot; 3],
    rows: usize,
    classes: usize,
) -> Slot {
    let to = program.floats(rows * classes);
    program.each(
        "cross_entropy_backward",
        rows,
        arguments![logits, right, scale, to, rows, classes],
    );
    to
}
