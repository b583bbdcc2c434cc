//! The convolution itself; turned around it also carries gradients back to the input.

use super::conv::Shape;
use super::lanes::{Simd, Work};
use super::padded::{Padded, pieces, with_size};
use super::tiles::{Window, pixels_by_channels, pixels_by_one};

/// The convolution of a batch.
pub struct Forward<'a, W> {
    /// Its sizes.
    pub shape: Shape,
    /// [n, height, width, input].
    pub input: &'a [f32],
    /// (tap, input channel, output channel) -> weight.
    pub weight: W,
    /// [output].
    pub bias: &'a [f32],
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
