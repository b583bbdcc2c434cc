//! The gradient of the weights: for every tap row the outer products of input and gradient, summed over pixels.

use super::conv::Shape;
use super::lanes::{Simd, Work};
use super::padded::{Padded, pieces, with_size};
use super::tiles::{Walk, outer_product};

/// The gradient of a batch's weights.
pub struct WeightGradient<'a> {
    /// The sizes of the convolution.
    pub shape: Shape,
    /// [n, height, width, input].
    pub input: &'a [f32],
    /// Of the output, [n, height, width, output].
    pub gradient: &'a [f32],
}

impl Work for WeightGradient<'_> {
    type Output = Vec<f32>;

    /// Sums of one image stay in registers and are then added to the total: long sums in f32 stay exact enough.
    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Vec<f32> {
        let shape = self.shape;
        let length = shape.kernel * shape.input;
        let mut total = vec![0.0; shape.kernel * length * shape.output];
        let mut padded = Padded::new(shape, S::LANES);
        let thin = 2 * shape.output < S::LANES;
        let images = self.input.chunks_exact(shape.pixels() * shape.input);
        let gradients = self.gradient.chunks_exact(shape.pixels() * shape.output);
        if thin {
            // Sums lie as [output, tap row, tap column · input] until the end.
            for (image, gradient) in images.zip(gradients) {
                padded.fill(shape.width, image);
                for (o, total) in total.chunks_exact_mut(shape.kernel * length).enumerate() {
                    one_output(simd, shape, &padded, &gradient[o..], total);
                }
            }
            return transposed(&total, shape.output);
        }
        let channels = shape.output.next_multiple_of(S::LANES);
        let mut widened = vec![0.0; shape.pixels() * channels];
        for (image, gradient) in images.zip(gradients) {
            padded.fill(shape.width, image);
            let gradient = if channels == shape.output {
                gradient
            } else {
                let pixels = gradient.chunks_exact(shape.output);
                for (wide, pixel) in widened.chunks_exact_mut(channels).zip(pixels) {
                    wide[..shape.output].copy_from_slice(pixel);
                }
                &widened
            };
            for (tap, total) in total.chunks_exact_mut(length * shape.output).enumerate() {
                all_outputs(
                    simd,
                    shape,
                    &padded.map[tap * padded.row..],
                    padded.row,
                    gradient,
                    channels,
                    total,
                );
            }
        }
        total
    }
}

/// Adds one tap row of the gradient of all output channels, [tap column · input, output].
#[inline(always)]
fn all_outputs<S: Simd>(
    simd: S,
    shape: Shape,
    map: &[f32],
    row: usize,
    gradient: &[f32],
    channels: usize,
    total: &mut [f32],
) {
    let size = [shape.height, shape.width];
    for first in (0..channels).step_by(2 * S::LANES) {
        let registers = ((channels - first) / S::LANES).min(2);
        let live = (shape.output - first).min(registers * S::LANES);
        let right = Walk {
            map: &gradient[first..],
            row: shape.width * channels,
            pixel: channels,
        };
        for (at, rows) in pieces(shape.kernel * shape.input, S::TILE) {
            let left = Walk {
                map: &map[at..],
                row,
                pixel: shape.input,
            };
            let out = &mut total[at * shape.output + first..];
            if registers == 2 {
                with_size!(rows, S::TILE, |M| outer_product::<S, M, 2>(simd, size, left, right, out, shape.output, live),
                    1 2 3 4 5 6 7 8 9 10 11 12 13 14)
            } else {
                with_size!(rows, S::TILE, |M| outer_product::<S, M, 1>(simd, size, left, right, out, shape.output, live),
                    1 2 3 4 5 6 7 8 9 10 11 12 13 14)
            }
        }
    }
}

/// Adds the gradient of one output channel, [tap row, tap column · input]; `gradient` begins at that channel.
#[inline(always)]
fn one_output<S: Simd>(
    simd: S,
    shape: Shape,
    padded: &Padded,
    gradient: &[f32],
    total: &mut [f32],
) {
    let size = [shape.height, shape.width];
    let length = shape.kernel * shape.input;
    let left = Walk {
        map: gradient,
        row: shape.width * shape.output,
        pixel: shape.output,
    };
    for (tap, total) in total.chunks_exact_mut(length).enumerate() {
        for (first, registers) in pieces(length.div_ceil(S::LANES), 8) {
            let at = first * S::LANES;
            let live = (length - at).min(registers * S::LANES);
            let right = Walk {
                map: &padded.map[tap * padded.row + at..],
                row: padded.row,
                pixel: shape.input,
            };
            let out = &mut total[at..];
            with_size!(registers, 8, |V| outer_product::<S, 1, V>(simd, size, left, right, out, length, live),
                1 2 3 4 5 6 7 8)
        }
    }
}

/// [rows, columns] -> [columns, rows].
fn transposed(from: &[f32], rows: usize) -> Vec<f32> {
    let columns = from.len() / rows;
    (0..from.len())
        .map(|at| from[at % rows * columns + at / rows])
        .collect()
}
