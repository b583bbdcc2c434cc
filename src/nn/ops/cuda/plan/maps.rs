//! Moving numbers between maps.

use super::channels::{self, Pixels};
use crate::nn::ops::cuda::program::{Program, Slot, arguments};

/// Two maps of so many pixels side by side along channels.
pub fn concat(
    program: &mut Program,
    [first, second]: [Slot; 2],
    pixels: usize,
    [a, b]: [usize; 2],
) -> Slot {
    let count = pixels * (a + b);
    let out = program.floats(count);
    program.each(
        "concat_forward",
        count,
        arguments![first, second, out, count, a, b],
    );
    out
}

/// `part` channels from `start` on of a map with so many pixels and channels: the way back of [`concat`].
pub fn take_channels(
    program: &mut Program,
    x: Slot,
    [pixels, channels]: [usize; 2],
    start: usize,
    part: usize,
) -> Slot {
    let count = pixels * part;
    let out = program.floats(count);
    program.each(
        "take_channels",
        count,
        arguments![x, out, count, part, start, channels],
    );
    out
}

/// The map without its border.
pub fn crop(program: &mut Program, x: Slot, [n, height, width, channels]: [usize; 4]) -> Slot {
    let count = n * (height - 2) * (width - 2) * channels;
    let out = program.floats(count);
    program.each(
        "crop_forward",
        count,
        arguments![x, out, count, height, width, channels],
    );
    out
}

/// The gradient of the map, whose dimensions are given.
pub fn crop_back(program: &mut Program, gradient: Slot, dims: [usize; 4]) -> Slot {
    let [_, height, width, channels] = dims;
    let count: usize = dims.iter().product();
    let to = program.floats(count);
    program.each(
        "crop_backward",
        count,
        arguments![gradient, to, count, height, width, channels],
    );
    to
}

/// A vector for each image added to all of its pixels. Its gradient is [`channel_sums`].
pub fn add_per_image(
    program: &mut Program,
    map: Slot,
    vectors: Slot,
    [n, height, width, channels]: [usize; 4],
) -> Slot {
    let image = height * width * channels;
    let out = program.floats(n * image);
    program.each(
        "add_per_image",
        n * image,
        arguments![map, vectors, out, n * image, image, channels],
    );
    out
}

/// The sum over each image's pixels, [n, channels].
pub fn channel_sums(program: &mut Program, x: Slot, dims: [usize; 4]) -> Slot {
    let [images, height, width, channels] = dims;
    let to = program.floats(images * channels);
    let of = Pixels {
        images,
        pixels: height * width,
        channels,
    };
    channels::sums(program, x, of, to);
    to
}

/// `taken` rows of a table by their numbers (i32).
pub fn lookup(
    program: &mut Program,
    table: Slot,
    indices: Slot,
    taken: usize,
    width: usize,
) -> Slot {
    let count = taken * width;
    let out = program.floats(count);
    program.each(
        "lookup_forward",
        count,
        arguments![table, indices, out, count, width],
    );
    out
}

/// The gradient of the table of so many rows.
pub fn lookup_back(
    program: &mut Program,
    gradient: Slot,
    indices: Slot,
    [rows, width]: [usize; 2],
    taken: usize,
) -> Slot {
    let count = rows * width;
    let to = program.floats(count);
    program.each(
        "lookup_backward",
        count,
        arguments![gradient, indices, to, count, width, taken],
    );
    to
}

/// The 3×3 neighbourhoods of every other pixel.
pub fn patches(program: &mut Program, x: Slot, [n, height, width, channels]: [usize; 4]) -> Slot {
    let count = n * (height / 2) * (width / 2) * 9 * channels;
    let out = program.floats(count);
    program.each(
        "patches_stride2_forward",
        count,
        arguments![x, out, count, height, width, channels],
    );
    out
}

/// The gradient of the map, whose dimensions are given.
pub fn patches_back(program: &mut Program, gradient: Slot, dims: [usize; 4]) -> Slot {
    let [_, height, width, channels] = dims;
    let count: usize = dims.iter().product();
    let to = program.floats(count);
    program.each(
        "patches_stride2_backward",
        count,
        arguments![gradient, to, count, height, width, channels],
    );
    to
}
