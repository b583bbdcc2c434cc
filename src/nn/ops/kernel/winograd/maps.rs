//! Between maps and factors: 2×2 blocks of outputs ("tiles") and the inputs that they look at.

use super::factors::Factors;
use super::frame::Frame;
use super::transform::{both, outputs, outputs_adjoint, values, values_adjoint};
use crate::nn::ops::kernel::conv::{Activation, Scale, Source};
use crate::nn::ops::kernel::lanes::Simd;
use crate::nn::ops::kernel::squares::{Places, add, load, store};
use crate::nn::ops::kernel::vectors::read;
use std::ops::Range;

/// The tiles of a batch of maps, image by image and row by row. Those of odd maps hang over the edge.
#[derive(Clone, Copy)]
pub struct Tiles {
    /// Height and width of the output.
    pub size: [usize; 2],
    /// Images.
    pub n: usize,
}

impl Tiles {
    /// Tiles from top to bottom and from left to right.
    fn counts(self) -> [usize; 2] {
        self.size.map(|side| side.div_ceil(2))
    }

    /// Of all images.
    pub fn total(self) -> usize {
        let [down, across] = self.counts();
        self.n * down * across
    }

    /// A frame for outputs.
    pub fn output_frame(self, channels: usize) -> Frame {
        Frame::new(self.size, 0, self.counts().map(|count| 2 * count), channels)
    }

    /// A frame for inputs: tiles look at 4×4 pixels two apart, or at 3×3 next to each other of a map of half the size.
    pub fn input_frame(self, scale: Scale, channels: usize) -> Frame {
        let step = match scale {
            Scale::Full => 2,
            Scale::Upsampled => 1,
        };
        let size = self.size.map(|side| side * step / 2);
        Frame::new(
            size,
            1,
            self.counts().map(|count| step * count + 2),
            channels,
        )
    }

    /// The parts of a range of tiles that lie in one image: its number, the first of them in the range, and those of
    /// the image.
    fn images(self, range: Range<usize>) -> impl Iterator<Item = (usize, usize, Range<usize>)> {
        let [down, across] = self.counts();
        let count = down * across;
        (range.start / count..range.end.div_ceil(count)).map(move |image| {
            let start = range.start.max(image * count);
            let end = range.end.min((image + 1) * count);
            (
                image,
                start - range.start,
                start - image * count..end - image * count,
            )
        })
    }

    /// Where a tile of an image begins in a frame in which tiles are `step` pixels apart.
    #[inline(always)]
    fn corner(self, tile: usize, step: usize, row: usize, channels: usize) -> usize {
        let across = self.size[1].div_ceil(2);
        step * (tile / across * row + tile % across * channels)
    }
}

/// The factors of a source's map.
#[inline(always)]
pub fn from_input<S: Simd, const N: usize>(
    simd: S,
    tiles: Tiles,
    range: Range<usize>,
    source: &Source,
    frame: &mut Frame,
    factors: &mut Factors,
) {
    let (count, row, channels) = (range.len(), frame.row, source.channels);
    for (image, first, inside) in tiles.images(range) {
        let view = frame.view(source.map, image);
        for (at, tile) in inside.enumerate() {
            let corner = tiles.corner(tile, N - 2, row, channels);
            for channel in (0..channels).step_by(S::LANES) {
                let places = Places::of_channels(corner, row, channels, channel);
                let d = load::<S, N>(simd, view, places);
                let v = both(simd, d, values::<S, N>);
                factors.store(simd, [first + at, count], channel, v);
            }
        }
    }
}

/// Adds what gradients of factors mean for the source's map to the image in the making; those that are done go to `to`.
#[inline(always)]
pub fn to_input<S: Simd, const N: usize>(
    simd: S,
    tiles: Tiles,
    range: Range<usize>,
    factors: &Factors,
    channels: usize,
    (frame, to): (&mut Frame, &mut Vec<f32>),
) {
    let (count, row) = (range.len(), frame.row);
    for (image, first, inside) in tiles.images(range) {
        let made = frame.make(image, to, |numbers| numbers.fill(0.0));
        for (at, tile) in inside.enumerate() {
            let corner = tiles.corner(tile, N - 2, row, channels);
            for channel in (0..channels).step_by(S::LANES) {
                let places = Places::of_channels(corner, row, channels, channel);
                let factors = factors.load::<S, N>(simd, [first + at, count], channel);
                add(
                    simd,
                    made,
                    places,
                    both(simd, factors, values_adjoint::<S, N>),
                );
            }
        }
    }
}

/// Outputs from products, bias and activation last; images that are done go to `out`.
#[inline(always)]
pub fn to_output<S: Simd, const N: usize>(
    simd: S,
    tiles: Tiles,
    range: Range<usize>,
    products: &Factors,
    (bias, activation): (&[f32], Activation),
    (frame, out): (&mut Frame, &mut Vec<f32>),
) {
    let (count, row, channels) = (range.len(), frame.row, bias.len());
    for (image, first, inside) in tiles.images(range) {
        // Every pixel is in a tile.
        let made = frame.make(image, out, |_| {});
        for (at, tile) in inside.enumerate() {
            let corner = tiles.corner(tile, 2, row, channels);
            for channel in (0..channels).step_by(S::LANES) {
                let products = products.load::<S, N>(simd, [first + at, count], channel);
                let mut y = both(simd, products, outputs::<S, N>);
                let bias = read(simd, bias, channel);
                for y in y.iter_mut().flatten() {
                    *y = simd.add(*y, bias);
                    if activation == Activation::Relu {
                        *y = simd.relu(*y);
                    }
                }
                let places = Places::of_channels(corner, row, channels, channel);
                store(simd, made, places, y);
            }
        }
    }
}

/// What a convolution gave and the gradient of that, seen through frames.
pub struct Outputs<'a> {
    /// [n, height, width, channels].
    pub out: &'a [f32],
    /// Of the same shape.
    pub gradient: &'a [f32],
    /// For `out` and for `gradient`.
    pub frames: [Frame; 2],
    /// Of both.
    pub channels: usize,
}

/// The gradients of products, given that of the output and, for its activation, the output.
#[inline(always)]
pub fn from_output<S: Simd, const N: usize>(
    simd: S,
    tiles: Tiles,
    range: Range<usize>,
    given: &mut Outputs,
    activation: Activation,
    products: &mut Factors,
) {
    let (count, channels) = (range.len(), given.channels);
    let row = given.frames[0].row;
    for (image, first, inside) in tiles.images(range) {
        let [out, gradient] = &mut given.frames;
        let out = out.view(given.out, image);
        let gradient = gradient.view(given.gradient, image);
        for (at, tile) in inside.enumerate() {
            let corner = tiles.corner(tile, 2, row, channels);
            for channel in (0..channels).step_by(S::LANES) {
                let places = Places::of_channels(corner, row, channels, channel);
                let mut y = load::<S, 2>(simd, gradient, places);
                if activation == Activation::Relu {
                    let out = load::<S, 2>(simd, out, places);
                    for (y, out) in y.iter_mut().flatten().zip(out.iter().flatten()) {
                        *y = simd.relu_gradient(*y, *out);
                    }
                }
                let m = both(simd, y, outputs_adjoint::<S, N>);
                products.store(simd, [first + at, count], channel, m);
            }
        }
    }
}
