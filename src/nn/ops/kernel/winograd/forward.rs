//! The way there: factors of maps and weights, their products, outputs.

use super::factors::Factors;
use super::frame::Frame;
use super::maps::{from_input, to_output};
use super::weights::to_factors;
use super::{BLOCK, blocks, by_scale, by_sums, parts, tiles};
use crate::nn::ops::kernel::conv::{Problem, Scale};
use crate::nn::ops::kernel::lanes::{Simd, Work};
use crate::nn::ops::kernel::multiply::{Multiply, Start};
use crate::nn::ops::kernel::panels::Panels;
use crate::nn::ops::kernel::tile::Rows;

/// The convolution.
pub struct Forward<'a>(pub &'a Problem<'a>);

impl Work for Forward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Vec<f32> {
        let problem = self.0;
        let (parts, sums) = parts(problem);
        let outputs = problem.shape.output;
        let tiles = tiles(problem);
        let mut out = Vec::with_capacity(problem.outputs());
        let mut made = tiles.output_frame(outputs);
        let block = tiles.total().min(BLOCK);
        let mut products = Factors::new::<S>(sums, block, outputs);
        let mut factors: Vec<(Frame, Factors)> = Vec::new();
        let mut weights: Vec<Vec<f32>> = Vec::new();
        for part in &parts {
            let channels = part.source.channels;
            factors.push((
                tiles.input_frame(part.source.scale, channels),
                Factors::new::<S>(part.sums.len(), block, channels),
            ));
            let row = |tap, at| problem.weight_row(tap, part.first + at);
            weights.push(by_scale!(
                part.source.scale,
                to_factors(simd, channels, outputs, row)
            ));
        }
        for range in blocks(tiles.total()) {
            let count = range.len();
            for (part, (frame, factors)) in parts.iter().zip(&mut factors) {
                by_scale!(
                    part.source.scale,
                    from_input(simd, tiles, range.clone(), part.source, frame, factors)
                );
            }
            let mut begun = [false; 16];
            for ((part, (_, factors)), weights) in parts.iter().zip(&factors).zip(&weights) {
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
                    (problem.bias, problem.activation),
                    (&mut made, &mut out),
                )
            );
        }
        made.finish(&mut out);
        out
    }
}
