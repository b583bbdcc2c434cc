//! The way back: gradients of products, and what they mean for weights and maps.

use super::factors::Factors;
use super::frame::Frame;
use super::maps::{Outputs, Tiles, from_input, from_output, to_input};
use super::weights::{from_factors, to_factors};
use super::{BLOCK, Part, blocks, by_scale, by_sums, parts, tiles};
use crate::nn::ops::kernel::conv::{Gradients, Problem, Scale};
use crate::nn::ops::kernel::lanes::{Simd, Work};
use crate::nn::ops::kernel::multiply::{Multiply, Start};
use crate::nn::ops::kernel::outer::Outer;
use crate::nn::ops::kernel::panels::{Panels, transposed};
use crate::nn::ops::kernel::tile::Rows;
use crate::nn::ops::kernel::vectors::write;
use std::ops::Range;

/// Its gradients.
pub struct Backward<'a> {
    /// The convolution.
    pub problem: &'a Problem<'a>,
    /// What it gave.
    pub out: &'a [f32],
    /// The gradient of that.
    pub gradient: &'a [f32],
    /// Whether the gradient of each source is wanted.
    pub wanted: &'a [bool],
}

/// A source on the way back.
struct Back<'a> {
    part: Part<'a>,
    frame: Frame,
    factors: Factors,
    /// Of the weights, [factor, channels, outputs rounded up to registers].
    sums: Vec<f32>,
    /// Where its gradient is wanted.
    to_source: Option<ToSource>,
}

struct ToSource {
    /// Turned around, as panels.
    weights: Vec<f32>,
    frame: Frame,
    gradient: Vec<f32>,
}

impl Work for Backward<'_> {
    type Output = Gradients;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Gradients {
        let problem = self.problem;
        let (parts, sums) = parts(problem);
        let outputs = problem.shape.output;
        let tiles = tiles(problem);
        let block = tiles.total().min(BLOCK);
        let mut products = Factors::new::<S>(sums, block, outputs);
        let mut bias = vec![0.0; products.stride];
        let mut backs: Vec<Back> = Vec::new();
        for (part, &wanted) in parts.into_iter().zip(self.wanted) {
            let (channels, scale) = (part.source.channels, part.source.scale);
            let frequencies = part.sums.len();
            let to_source = wanted.then(|| {
                let turned = turned(problem, part.first, channels);
                let row =
                    |tap: usize, at: usize| &turned[(tap * outputs + at) * channels..][..channels];
                let weights = by_scale!(scale, to_factors(simd, outputs, channels, row));
                ToSource {
                    weights,
                    frame: tiles.input_frame(scale, channels),
                    gradient: Vec::with_capacity(part.source.map.len()),
                }
            });
            backs.push(Back {
                frame: tiles.input_frame(scale, channels),
                factors: Factors::new::<S>(frequencies, block, channels),
                sums: vec![0.0; frequencies * channels * products.stride],
                to_source,
                part,
            });
        }
        // The sum over a tile's outputs is the product at (1, 1).
        let all_outputs = if sums == 16 { 5 } else { 4 };
        let mut given = Outputs {
            out: self.out,
            gradient: self.gradient,
            frames: [tiles.output_frame(outputs), tiles.output_frame(outputs)],
            channels: outputs,
        };
        for range in blocks(tiles.total()) {
            let count = range.len();
            by_sums!(
                sums,
                from_output(
                    simd,
                    tiles,
                    range.clone(),
                    &mut given,
                    problem.activation,
                    &mut products,
                )
            );
            for tile in products
                .of(all_outputs, count)
                .chunks_exact(products.stride)
            {
                bias.iter_mut().zip(tile).for_each(|(sum, x)| *sum += x);
            }
            for back in &mut backs {
                back.block(simd, tiles, range.clone(), &products, outputs);
            }
        }
        let inputs = problem.inputs();
        let mut packed = vec![0.0; 9 * inputs * outputs];
        for back in &backs {
            let first = back.part.first;
            let write_row = |row: usize, column: usize, taps: [[S::Vector; 3]; 3]| {
                for (tap, x) in taps.iter().flatten().enumerate() {
                    let to = &mut packed[(tap * inputs + first + row) * outputs..][..outputs];
                    write(simd, to, column, *x);
                }
            };
            let channels = back.part.source.channels;
            by_scale!(
                back.part.source.scale,
                from_factors(simd, &back.sums, channels, outputs, write_row)
            );
        }
        packed.extend_from_slice(&bias[..outputs]);
        let to_source = |back: Back| {
            let mut to = back.to_source?;
            to.frame.finish(&mut to.gradient);
            Some(to.gradient)
        };
        Gradients {
            sources: backs.into_iter().map(to_source).collect(),
            packed,
        }
    }
}

impl Back<'_> {
    /// Adds what the gradients of the products of some tiles mean for weights and source.
    #[inline(always)]
    fn block<S: Simd>(
        &mut self,
        simd: S,
        tiles: Tiles,
        range: Range<usize>,
        products: &Factors,
        outputs: usize,
    ) {
        let (count, channels) = (range.len(), self.part.source.channels);
        let scale = self.part.source.scale;
        by_scale!(
            scale,
            from_input(
                simd,
                tiles,
                range.clone(),
                self.part.source,
                &mut self.frame,
                &mut self.factors
            )
        );
        for (frequency, &sum) in self.part.sums.iter().enumerate() {
            let product = Rows {
                numbers: products.of(sum, count),
                stride: products.stride,
            };
            simd.run(Outer {
                left: Rows {
                    numbers: self.factors.of(frequency, count),
                    stride: self.factors.stride,
                },
                right: product,
                depth: count,
                rows: channels,
                columns: outputs,
                out: &mut self.sums[frequency * channels * products.stride..]
                    [..channels * products.stride],
                stride: products.stride,
            });
            // The factors have done their part: their gradients take their place.
            if let Some(ToSource { weights, .. }) = &self.to_source {
                let size = weights.len() / self.part.sums.len();
                simd.run(Multiply {
                    left: product,
                    rows: count,
                    right: Panels {
                        numbers: &weights[frequency * size..][..size],
                        depth: outputs,
                        columns: channels,
                    },
                    start: Start::Zero,
                    stride: self.factors.stride,
                    out: self.factors.of_mut(frequency, count),
                });
            }
        }
        if let Some(to) = &mut self.to_source {
            let made = (&mut to.frame, &mut to.gradient);
            by_scale!(
                scale,
                to_input(simd, tiles, range, &self.factors, channels, made)
            );
        }
    }
}

/// The weights of some input channels with in and out exchanged, [3, 3, out, in].
#[inline(always)]
fn turned(problem: &Problem, first: usize, channels: usize) -> Vec<f32> {
    let (inputs, outputs) = (problem.inputs(), problem.shape.output);
    let mut turned = Vec::with_capacity(9 * channels * outputs);
    for tap in problem.weights.chunks_exact(inputs * outputs) {
        let rows = &tap[first * outputs..(first + channels) * outputs];
        turned.extend(transposed(rows, outputs));
    }
    turned
}
