//! 2×2 max-pooling on plain slices, with the winners kept. Plain loops, compiled for each instruction set.

use super::lanes::{Simd, Work};
use super::level::Level;

/// The maxima of maps [.., width, channels] with an even number of rows, and which pixel of its block, in reading
/// order, each came from: the first of equal ones, the last NaN.
pub fn forward(level: Level, x: &[f32], width: usize, channels: usize) -> (Vec<f32>, Vec<u8>) {
    level.run(Forward { x, width, channels })
}

/// The winner of a block that passes no gradient on.
pub const NOBODY: u8 = 4;

/// The gradient of the maps: each winner takes that of its block.
pub fn backward(
    level: Level,
    gradient: &[f32],
    winners: &[u8],
    width: usize,
    channels: usize,
) -> Vec<f32> {
    level.run(Backward {
        gradient,
        winners,
        width,
        channels,
    })
}

struct Forward<'a> {
    x: &'a [f32],
    width: usize,
    channels: usize,
}

impl Work for Forward<'_> {
    type Output = (Vec<f32>, Vec<u8>);

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> (Vec<f32>, Vec<u8>) {
        let channels = self.channels;
        let row = self.width * channels;
        let mut out = vec![0.0; self.x.len() / 4];
        let mut winners = vec![0; self.x.len() / 4];
        let pooled = out
            .chunks_exact_mut(row / 2)
            .zip(winners.chunks_exact_mut(row / 2));
        for (lines, (out, winners)) in self.x.chunks_exact(2 * row).zip(pooled) {
            let (upper, lower) = lines.split_at(row);
            let above = upper.chunks_exact(2 * channels);
            let below = lower.chunks_exact(2 * channels);
            let blocks = out
                .chunks_exact_mut(channels)
                .zip(winners.chunks_exact_mut(channels));
            for ((above, below), (out, winners)) in above.zip(below).zip(blocks) {
                let (a, b) = above.split_at(channels);
                let (c, d) = below.split_at(channels);
                for at in 0..channels {
                    let mut best = a[at];
                    let mut winner = 0;
                    for (number, x) in [(1, b[at]), (2, c[at]), (3, d[at])] {
                        let larger = x > best || x.is_nan();
                        best = if larger { x } else { best };
                        winner = if larger { number } else { winner };
                    }
                    out[at] = best;
                    winners[at] = winner;
                }
            }
        }
        (out, winners)
    }
}

struct Backward<'a> {
    gradient: &'a [f32],
    winners: &'a [u8],
    width: usize,
    channels: usize,
}

impl Work for Backward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> Vec<f32> {
        let channels = self.channels;
        let row = self.width * channels;
        let mut to = vec![0.0; 4 * self.gradient.len()];
        let pooled = self
            .gradient
            .chunks_exact(row / 2)
            .zip(self.winners.chunks_exact(row / 2));
        for (lines, (gradient, winners)) in to.chunks_exact_mut(2 * row).zip(pooled) {
            let (upper, lower) = lines.split_at_mut(row);
            let above = upper.chunks_exact_mut(2 * channels);
            let below = lower.chunks_exact_mut(2 * channels);
            let blocks = gradient
                .chunks_exact(channels)
                .zip(winners.chunks_exact(channels));
            for ((above, below), (gradient, winners)) in above.zip(below).zip(blocks) {
                let (a, b) = above.split_at_mut(channels);
                let (c, d) = below.split_at_mut(channels);
                for (number, to) in [a, b, c, d].into_iter().enumerate() {
                    for ((to, &g), &winner) in to.iter_mut().zip(gradient).zip(winners) {
                        *to = if winner == number as u8 { g } else { 0.0 };
                    }
                }
            }
        }
        to
    }
}
