//! Convolution on plain slices, forward and both gradients: stride 1, odd square kernels, zero padding that keeps
//! the size. Maps are [n, height, width, channels], weights [k, k, in, out].
//!
//! Every image is copied once into a zero-padded buffer, so that tiles need no edges. Nothing here uses threads:
//! the trainer gives each thread images of its own.

use super::lanes::{Simd, Work};
use super::level::Level;
use super::tiles::{Walk, Window, outer_product, pixels_by_channels, pixels_by_one};

/// The sizes of one convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Images.
    pub n: usize,
    /// Height of input and output.
    pub height: usize,
    /// Width of input and output.
    pub width: usize,
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub output: usize,
    /// Side of the kernel, odd.
    pub kernel: usize,
}

impl Shape {
    fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// The convolution that carries gradients from the output back to the input.
    fn reversed(self) -> Self {
        Self {
            input: self.output,
            output: self.input,
            ..self
        }
    }

    fn check(&self, input: &[f32], weights: usize) {
        assert_eq!(input.len(), self.n * self.pixels() * self.input);
        assert_eq!(
            weights,
            self.kernel * self.kernel * self.input * self.output
        );
        assert!(self.kernel % 2 == 1 && self.pixels() * self.input * self.output > 0);
    }
}

/// input ∗ weights + bias.
///
/// # Panics
/// When lengths do not fit the shape.
pub fn forward(
    level: Level,
    shape: Shape,
    input: &[f32],
    weights: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    shape.check(input, weights.len());
    assert_eq!(bias.len(), shape.output);
    level.run(Forward {
        shape,
        input,
        weight: |tap: [usize; 2], i: usize, o: usize| {
            weights[((tap[0] * shape.kernel + tap[1]) * shape.input + i) * shape.output + o]
        },
        bias,
    })
}

/// The gradient of the input, given that of the output: a convolution with the kernel turned around.
///
/// # Panics
/// When lengths do not fit the shape.
pub fn input_gradient(level: Level, shape: Shape, gradient: &[f32], weights: &[f32]) -> Vec<f32> {
    let last = shape.kernel - 1;
    shape.reversed().check(gradient, weights.len());
    level.run(Forward {
        shape: shape.reversed(),
        input: gradient,
        weight: |tap: [usize; 2], o: usize, i: usize| {
            let tap = [last - tap[0], last - tap[1]];
            weights[((tap[0] * shape.kernel + tap[1]) * shape.input + i) * shape.output + o]
        },
        bias: &vec![0.0; shape.input],
    })
}

/// The gradient of the weights, given the input and the gradient of the output.
///
/// # Panics
/// When lengths do not fit the shape.
pub fn weight_gradient(level: Level, shape: Shape, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    shape.check(
        input,
        shape.kernel * shape.kernel * shape.input * shape.output,
    );
    assert_eq!(gradient.len(), shape.n * shape.pixels() * shape.output);
    level.run(WeightGradient {
        shape,
        input,
        gradient,
    })
}

/// The gradient of the bias, given that of the output: its sum over all pixels, image by image.
pub fn bias_gradient(shape: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut total = vec![0.0; shape.output];
    for image in gradient.chunks_exact(shape.pixels() * shape.output) {
        let mut sum = vec![0.0; shape.output];
        for pixel in image.chunks_exact(shape.output) {
            sum.iter_mut().zip(pixel).for_each(|(sum, x)| *sum += x);
        }
        total
            .iter_mut()
            .zip(&sum)
            .for_each(|(total, sum)| *total += sum);
    }
    total
}

/// One image with a border of zeros, and at the end as many zeros as a vector may read too far.
struct Padded {
    map: Vec<f32>,
    /// Numbers from one row to the next.
    row: usize,
    border: usize,
    channels: usize,
}

impl Padded {
    fn new(shape: Shape, slack: usize) -> Self {
        let border = shape.kernel / 2;
        let row = (shape.width + 2 * border) * shape.input;
        Self {
            map: vec![0.0; (shape.height + 2 * border) * row + slack],
            row,
            border,
            channels: shape.input,
        }
    }

    fn fill(&mut self, width: usize, image: &[f32]) {
        for (y, line) in image.chunks_exact(width * self.channels).enumerate() {
            let at = (y + self.border) * self.row + self.border * self.channels;
            self.map[at..at + line.len()].copy_from_slice(line);
        }
    }
}

/// Cuts 0..total into the fewest pieces of at most `largest`, as even as can be: (start, length) of each.
#[inline(always)]
fn pieces(total: usize, largest: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = total.div_ceil(largest);
    let (length, longer) = (total / count, total % count);
    (0..count).map(move |at| {
        (
            at * length + at.min(longer),
            length + usize::from(at < longer),
        )
    })
}

/// Calls a tile with the constant size that `$size` has at run time. Sizes above the limit never occur.
macro_rules! with_size {
    ($size:expr, $limit:expr, |$P:ident| $call:expr, $($n:literal)+) => {
        match $size {
            $($n if $n <= $limit => { const $P: usize = $n; $call })+
            size => unreachable!("no tile of size {size}"),
        }
    };
}

struct Forward<'a, W> {
    shape: Shape,
    input: &'a [f32],
    /// (tap, input channel, output channel) -> weight.
    weight: W,
    bias: &'a [f32],
}

impl<W: Fn([usize; 2], usize, usize) -> f32> Work for Forward<'_, W> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Vec<f32> {
        let shape = self.shape;
        let mut out = vec![0.0; shape.n * shape.pixels() * shape.output];
        let mut padded = Padded::new(shape, S::LANES);
        // Fewer output channels than this would leave most lanes of the wide tile empty.
        let thin = 2 * shape.output < S::LANES;
        let blocks = if thin {
            thin_blocks::<S>(&self)
        } else {
            wide_blocks::<S>(&self)
        };
        let images = self.input.chunks_exact(shape.pixels() * shape.input);
        for (image, out) in images.zip(out.chunks_exact_mut(shape.pixels() * shape.output)) {
            padded.fill(shape.width, image);
            for block in &blocks {
                for y in 0..shape.height {
                    for (x, pixels) in pieces(shape.width, S::TILE) {
                        let window = Window {
                            map: &padded.map[y * padded.row + x * shape.input..],
                            rows: shape.kernel,
                            row: padded.row,
                            length: shape.kernel * shape.input,
                            pixel: shape.input,
                        };
                        let out = &mut out[(y * shape.width + x) * shape.output + block.first..];
                        block.compute(simd, window, pixels, out, shape.output, thin);
                    }
                }
            }
        }
        out
    }
}

/// Output channels that are computed together, with their weights as the tile wants them.
struct Block {
    first: usize,
    live: usize,
    registers: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

fn wide_blocks<S: Simd>(of: &Forward<impl Fn([usize; 2], usize, usize) -> f32>) -> Vec<Block> {
    let shape = of.shape;
    let mut blocks = Vec::new();
    let mut first = 0;
    while first < shape.output {
        let left = shape.output - first;
        let registers = if left > S::LANES { 2 } else { 1 };
        let width = registers * S::LANES;
        let live = left.min(width);
        let mut weights = vec![0.0; shape.kernel * shape.kernel * shape.input * width];
        for (at, row) in weights.chunks_exact_mut(width).enumerate() {
            let (tap, i) = (at / shape.input, at % shape.input);
            for (o, slot) in row[..live].iter_mut().enumerate() {
                *slot = (of.weight)([tap / shape.kernel, tap % shape.kernel], i, first + o);
            }
        }
        let mut bias = of.bias[first..first + live].to_vec();
        bias.resize(width, 0.0);
        blocks.push(Block {
            first,
            live,
            registers,
            weights,
            bias,
        });
        first += live;
    }
    blocks
}

fn thin_blocks<S: Simd>(of: &Forward<impl Fn([usize; 2], usize, usize) -> f32>) -> Vec<Block> {
    let shape = of.shape;
    let length = (shape.kernel * shape.input).next_multiple_of(S::LANES);
    let block = |o| {
        let mut weights = vec![0.0; shape.kernel * length];
        for (y, row) in weights.chunks_exact_mut(length).enumerate() {
            for (at, slot) in row[..shape.kernel * shape.input].iter_mut().enumerate() {
                *slot = (of.weight)([y, at / shape.input], at % shape.input, o);
            }
        }
        Block {
            first: o,
            live: 1,
            registers: 1,
            weights,
            bias: vec![of.bias[o]],
        }
    };
    (0..shape.output).map(block).collect()
}

impl Block {
    #[inline(always)]
    fn compute<S: Simd>(
        &self,
        simd: S,
        window: Window,
        pixels: usize,
        out: &mut [f32],
        channels: usize,
        thin: bool,
    ) {
        let (weights, bias, live) = (&self.weights[..], &self.bias[..], self.live);
        if thin {
            with_size!(pixels, S::TILE, |P| pixels_by_one::<S, P>(simd, window, weights, bias[0], out, channels),
                1 2 3 4 5 6 7 8 9 10 11 12 13 14)
        } else if self.registers == 2 {
            with_size!(pixels, S::TILE, |P| pixels_by_channels::<S, P, 2>(simd, window, weights, bias, out, channels, live),
                1 2 3 4 5 6 7 8 9 10 11 12 13 14)
        } else {
            with_size!(pixels, S::TILE, |P| pixels_by_channels::<S, P, 1>(simd, window, weights, bias, out, channels, live),
                1 2 3 4 5 6 7 8 9 10 11 12 13 14)
        }
    }
}

struct WeightGradient<'a> {
    shape: Shape,
    input: &'a [f32],
    gradient: &'a [f32],
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
