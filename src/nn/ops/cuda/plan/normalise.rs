//! Group and batch normalisation, with what follows.

use super::channels::{self, Pixels};
use crate::nn::ops::cuda::program::{Element, Program, Slot, arguments};
use crate::nn::ops::kernel::normalise::Shape;
use crate::nn::ops::kernel::normalised::Normalised;

/// As in common.cuh.
fn number(after: Normalised) -> usize {
    match after {
        Normalised::Plain => 0,
        Normalised::Relu => 1,
        Normalised::Silu => 2,
    }
}

fn pixels(shape: Shape) -> Pixels {
    Pixels {
        images: shape.images,
        pixels: shape.pixels,
        channels: shape.channels,
    }
}

/// Mean and scale / deviation of every image and channel.
fn line(program: &mut Program, shape: Shape, moments: Slot, scale: Slot) -> Slot {
    let count = shape.images * shape.channels;
    let line = program.floats(2 * count);
    program.each(
        "normalise_line",
        count,
        arguments![moments, scale, line, count, shape.channels, shape.groups],
    );
    line
}

fn apply(
    program: &mut Program,
    [x, line, shift]: [Slot; 3],
    count: usize,
    image: usize,
    channels: usize,
    after: Normalised,
) -> Slot {
    let out = program.floats(count);
    program.each(
        "normalise_forward",
        count,
        arguments![x, line, shift, out, count, image, channels, number(after)],
    );
    out
}

/// Moves running averages of so many channels by the moments of a batch, in place.
pub fn move_running(
    program: &mut Program,
    [moments, mean, variance]: [Slot; 3],
    channels: usize,
    unbiased: f64,
    momentum: f64,
) {
    program.each(
        "move_running",
        channels,
        arguments![moments, mean, variance, channels, unbiased, momentum],
    );
}

/// Normalises `x` by its own moments; gives the result and the moments, f64 [images, groups, 2], mean and variance.
pub fn forward(
    program: &mut Program,
    shape: Shape,
    [x, scale, shift]: [Slot; 3],
    after: Normalised,
) -> (Slot, Slot) {
    let sums = channels::partial(program, x, pixels(shape));
    let count = shape.images * shape.groups;
    let moments = program.made(Element::F64, 2 * count);
    program.each(
        "normalise_moments",
        count,
        arguments![
            sums,
            moments,
            count,
            shape.pixels,
            shape.channels,
            shape.groups,
            pixels(shape).parts()
        ],
    );
    let line = line(program, shape, moments, scale);
    let image = shape.pixels * shape.channels;
    let slots = [x, line, shift];
    let out = apply(
        program,
        slots,
        shape.images * image,
        image,
        shape.channels,
        after,
    );
    (out, moments)
}

/// Normalises `count` numbers by the given mean and variance, one a channel each.
pub fn by(
    program: &mut Program,
    [x, mean, variance, scale, shift]: [Slot; 5],
    count: usize,
    channels: usize,
    after: Normalised,
) -> Slot {
    let line = program.floats(2 * channels);
    program.each(
        "normalise_line_by",
        channels,
        arguments![mean, variance, scale, line, channels],
    );
    // One line for all: as if all pixels were one image's.
    apply(program, [x, line, shift], count, count, channels, after)
}

/// The gradients of x, scale and shift.
pub fn back(
    program: &mut Program,
    shape: Shape,
    [x, scale, shift, moments, gradient]: [Slot; 5],
    after: Normalised,
) -> [Slot; 3] {
    let of = pixels(shape);
    let line = line(program, shape, moments, scale);
    let image = shape.pixels * shape.channels;
    let count = shape.images * image;
    let before = program.floats(count);
    let sums = of.sums(program);
    program.launch(
        "normalise_backward_sums",
        of.grid(),
        arguments![
            x,
            line,
            shift,
            gradient,
            before,
            sums,
            shape.pixels,
            shape.channels,
            number(after)
        ],
    );
    let groups = shape.images * shape.groups;
    let means = program.floats(2 * groups);
    let shares = program.made(Element::F64, 2 * shape.images * shape.channels);
    program.each(
        "normalise_backward_means",
        groups,
        arguments![
            sums,
            moments,
            scale,
            means,
            shares,
            groups,
            shape.pixels,
            shape.channels,
            shape.groups,
            of.parts()
        ],
    );
    let to = program.floats(count);
    program.each(
        "normalise_backward",
        count,
        arguments![
            x,
            line,
            before,
            means,
            to,
            count,
            image,
            shape.channels,
            shape.groups
        ],
    );
    let to_scale = program.floats(shape.channels);
    let to_shift = program.floats(shape.channels);
    program.each(
        "normalise_parameters",
        shape.channels,
        arguments![shares, to_scale, to_shift, shape.images, shape.channels],
    );
    [to, to_scale, to_shift]
}
