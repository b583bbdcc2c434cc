//! 3×3 convolution by F(2×2, 3×3): every 2×2 block of outputs costs 16 products for each pair of channels instead of
//! 36, and 9 where the input is an upsampled map, which is never built. The maps of a join stay apart too: each adds
//! its products to the same sums.
//!
//! Gradients go the same way back, through the adjoint of each step, so that nothing is multiplied in the large.

mod maps;
mod transform;
mod weights;

use super::conv::{Gradients, Problem, Scale, Source};
use super::lanes::{Simd, Work};
use super::tiles::{Multiply, Outer, Panels, Rows, Start, transposed, write};
use maps::{Factors, Map, Tiles, from_input, from_output, to_input, to_output};
use std::ops::Range;
use weights::{from_factors, to_factors};

/// Tiles that go through all steps together, so that their factors stay in cache; four times the largest
/// [`Simd::TILE`].
const BLOCK: usize = 56;

/// Of the 4×4 products of a tile, those of an upsampled map.
const UPSAMPLED: [usize; 9] = [0, 1, 3, 4, 5, 7, 12, 13, 15];

/// A source, what it is multiplied with, and where its products go.
struct Part<'a> {
    source: &'a Source<'a>,
    /// The first of its input channels.
    first: usize,
    /// For each of its factors the sum that it is part of.
    sums: Vec<usize>,
}

impl Part<'_> {
    fn map(&self) -> Map<'_> {
        Map {
            numbers: self.source.map,
            channels: self.source.channels,
        }
    }
}

/// The sources, and the number of sums of a tile: 9 if all of them are upsampled.
fn parts<'a>(problem: &'a Problem<'a>) -> (Vec<Part<'a>>, usize) {
    let upsampled = |source: &Source| source.scale == Scale::Upsampled;
    let sums = if problem.sources.iter().all(upsampled) {
        9
    } else {
        16
    };
    let mut first = 0;
    let part = |source: &'a Source<'a>| {
        let part = Part {
            source,
            first,
            sums: match source.scale {
                Scale::Upsampled if sums == 16 => UPSAMPLED.to_vec(),
                _ => (0..sums).collect(),
            },
        };
        first += source.channels;
        part
    };
    (problem.sources.iter().map(part).collect(), sums)
}

fn tiles(problem: &Problem) -> Tiles {
    Tiles {
        size: [problem.shape.height, problem.shape.width],
        n: problem.shape.n,
    }
}

fn blocks(total: usize) -> impl Iterator<Item = Range<usize>> {
    let starts = (0..total).step_by(BLOCK);
    starts.map(move |start| start..total.min(start + BLOCK))
}

/// `$f::<S, 4>` or `$f::<S, 3>`, as the scale of the source asks.
macro_rules! by_scale {
    ($scale:expr, $f:ident($($argument:expr),* $(,)?)) => {
        match $scale {
            Scale::Full => $f::<S, 4>($($argument),*),
            Scale::Upsampled => $f::<S, 3>($($argument),*),
        }
    };
}

/// `$f::<S, 4>` or `$f::<S, 3>`, as the number of sums asks.
macro_rules! by_sums {
    ($sums:expr, $f:ident($($argument:expr),* $(,)?)) => {
        match $sums {
            16 => $f::<S, 4>($($argument),*),
            _ => $f::<S, 3>($($argument),*),
        }
    };
}

/// The convolution.
pub struct Forward<'a>(pub &'a Problem<'a>);

impl Work for Forward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Vec<f32> {
        let problem = self.0;
        let (parts, sums) = parts(problem);
        let outputs = problem.shape.output;
        // One spare pixel, for what tiles have outside of the map.
        let mut out = vec![0.0; problem.outputs() + outputs];
        let tiles = tiles(problem);
        let block = tiles.total().min(BLOCK);
        let mut products = Factors::new::<S>(sums, block, outputs);
        let mut factors: Vec<Factors> = Vec::new();
        let mut weights: Vec<Vec<f32>> = Vec::new();
        for part in &parts {
            let channels = part.source.channels;
            factors.push(Factors::new::<S>(part.sums.len(), block, channels));
            let row = |tap, at| problem.weight_row(tap, part.first + at);
            weights.push(by_scale!(
                part.source.scale,
                to_factors(simd, channels, outputs, row)
            ));
        }
        for range in blocks(tiles.total()) {
            let count = range.len();
            for (part, factors) in parts.iter().zip(&mut factors) {
                by_scale!(
                    part.source.scale,
                    from_input(simd, tiles, range.clone(), part.map(), factors)
                );
            }
            let mut begun = [false; 16];
            for ((part, factors), weights) in parts.iter().zip(&factors).zip(&weights) {
                let size = weights.len() / part.sums.len();
                for (frequency, &sum) in part.sums.iter().enumerate() {
                    let start = if begun[sum] { Start::Out } else { Start::Zero };
                    begun[sum] = true;
                    simd.run(Multiply {
                        left: Rows {
                            numbers: factors.of(frequency, count),
                            stride: factors.stride,
                        },
                        rows: count,
                        right: Panels {
                            numbers: &weights[frequency * size..][..size],
                            depth: part.source.channels,
                            columns: outputs,
                        },
                        start,
                        stride: products.stride,
                        out: products.of_mut(sum, count),
                    });
                }
            }
            by_sums!(
                sums,
                to_output(
                    simd,
                    tiles,
                    range,
                    &products,
                    problem.bias,
                    problem.activation,
                    outputs,
                    &mut out,
                )
            );
        }
        out.truncate(problem.outputs());
        out
    }
}

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
    factors: Factors,
    /// Of the weights, [factor, channels, outputs rounded up to registers].
    sums: Vec<f32>,
    /// Weights turned around as panels, and the gradient that they give: where it is wanted.
    to_source: Option<(Vec<f32>, Vec<f32>)>,
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
                // One spare pixel, for what tiles have outside of the map.
                (weights, vec![0.0; part.source.map.len() + channels])
            });
            backs.push(Back {
                factors: Factors::new::<S>(frequencies, block, channels),
                sums: vec![0.0; frequencies * channels * products.stride],
                to_source,
                part,
            });
        }
        // The sum over a tile's outputs is the product at (1, 1).
        let all_outputs = if sums == 16 { 5 } else { 4 };
        let gradient = Map {
            numbers: self.gradient,
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
                    gradient,
                    self.out,
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
            let (_, mut gradient) = back.to_source?;
            gradient.truncate(back.part.source.map.len());
            Some(gradient)
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
                self.part.map(),
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
            if let Some((weights, _)) = &self.to_source {
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
        if let Some((_, gradient)) = &mut self.to_source {
            by_scale!(
                scale,
                to_input(simd, tiles, range, &self.factors, channels, gradient)
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
