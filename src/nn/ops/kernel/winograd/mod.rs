//! 3×3 convolution by F(2×2, 3×3): every 2×2 block of outputs costs 16 products for each pair of channels instead of
//! 36, and 9 where the input is an upsampled map, which is never built. The maps of a join stay apart too: each adds
//! its products to the same sums.
//!
//! Gradients go the same way back, through the adjoint of each step, so that nothing is multiplied in the large.

mod backward;
mod factors;
mod forward;
mod frame;
mod maps;
mod transform;
mod weights;

pub use backward::Backward;
pub use forward::Forward;

use super::conv::{Problem, Scale, Source};
use maps::Tiles;
use std::ops::Range;

/// Tiles that go through all steps together, so that their factors stay in cache; four times the largest
/// `TILE`.
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
use {by_scale, by_sums};
