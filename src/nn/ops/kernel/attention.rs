//! Attention on plain slices, image by image: weights from scores q·kᵀ, the values by them, and the gradients.

use super::lanes::{Simd, Work};
use super::level::Level;
use super::matrices::product;
use super::panels::transposed;
use super::pointwise::to_weights;
use super::softmax;
use super::tile::Rows;
use crate::nn::ops::exponential::logistic;

/// How scores become weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttentionWeights {
    /// e^score / Σ e^score over the positions that are seen.
    Softmax,
    /// σ(score), not normalised.
    Sigmoid,
    /// 1 / the number of positions that are seen, whatever the scores.
    Uniform,
}

/// Which positions a position sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttentionMask {
    /// All.
    None,
    /// Itself and those before it.
    Causal,
}

/// How an image attends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attend {
    /// How scores become weights.
    pub weights: AttentionWeights,
    /// Which positions a position sees.
    pub mask: AttentionMask,
    /// What scores are multiplied by.
    pub scale: f32,
    /// Positions.
    pub positions: usize,
    /// Numbers of a query and of a key.
    pub depth: usize,
    /// Numbers of a value.
    pub values: usize,
}

/// Gradients of queries, keys and values.
pub type Gradients = [Vec<f32>; 3];

impl Attend {
    /// The positions that this one sees are those before the number given.
    fn seen(self, position: usize) -> usize {
        match self.mask {
            AttentionMask::None => self.positions,
            AttentionMask::Causal => position + 1,
        }
    }

    /// [positions, positions]: a row for each position that looks.
    #[inline(always)]
    fn weights<S: Simd>(self, simd: S, q: &[f32], k: &[f32]) -> Vec<f32> {
        let mut rows = match self.weights {
            AttentionWeights::Uniform => vec![0.0; self.positions * self.positions],
            AttentionWeights::Softmax | AttentionWeights::Sigmoid => {
                let turned = transposed(k, self.depth);
                product(simd, q, self.depth, &turned, self.positions)
            }
        };
        for (position, row) in rows.chunks_exact_mut(self.positions).enumerate() {
            let (seen, hidden) = row.split_at_mut(self.seen(position));
            hidden.fill(0.0);
            match self.weights {
                AttentionWeights::Uniform => seen.fill(1.0 / seen.len() as f32),
                AttentionWeights::Sigmoid => {
                    for score in seen {
                        *score = logistic(self.scale * *score);
                    }
                }
                AttentionWeights::Softmax => {
                    for score in &mut *seen {
                        *score *= self.scale;
                    }
                    softmax::softmax(seen);
                }
            }
        }
        rows
    }

    /// The values by their weights: [positions, values].
    #[inline(always)]
    fn out<S: Simd>(self, simd: S, weights: &[f32], v: &[f32]) -> Vec<f32> {
        product(simd, weights, self.positions, v, self.values)
    }

    /// leftᵀ · right, where both have a row for every position.
    #[inline(always)]
    fn outer<S: Simd>(
        self,
        simd: S,
        (left, length): (&[f32], usize),
        right: &[f32],
        columns: usize,
    ) -> Vec<f32> {
        let left = Rows {
            numbers: left,
            stride: length,
        };
        to_weights(simd, left, length, right, columns)
    }

    /// The gradients, given the weights and the gradient of what [`Attend::out`] gave.
    #[inline(always)]
    fn back<S: Simd>(
        self,
        simd: S,
        [q, k, v]: [&[f32]; 3],
        weights: &[f32],
        gradient: &[f32],
    ) -> Gradients {
        let to_v = self.outer(simd, (weights, self.positions), gradient, self.values);
        if self.weights == AttentionWeights::Uniform {
            return [vec![0.0; q.len()], vec![0.0; k.len()], to_v];
        }
        let turned = transposed(v, self.values);
        let mut to_scores = product(simd, gradient, self.values, &turned, self.positions);
        let rows = weights.chunks_exact(self.positions);
        // Hidden positions have weight 0, and so no gradient.
        for (weights, to) in rows.zip(to_scores.chunks_exact_mut(self.positions)) {
            match self.weights {
                AttentionWeights::Softmax => softmax::back(weights, to),
                _ => {
                    for (to, w) in to.iter_mut().zip(weights) {
                        *to *= w * (1.0 - w);
                    }
                }
            }
            for to in to {
                *to *= self.scale;
            }
        }
        let to_q = product(simd, &to_scores, self.positions, k, self.depth);
        let to_k = self.outer(simd, (&to_scores, self.positions), q, self.depth);
        [to_q, to_k, to_v]
    }
}

/// The weights of all images, [n, positions, positions], of queries and keys [n, positions, depth].
pub fn weights(level: Level, attend: Attend, q: &[f32], k: &[f32]) -> Vec<f32> {
    level.run(Look { attend, q, k })
}

/// The values [n, positions, values] by their weights.
pub fn out(level: Level, attend: Attend, weights: &[f32], v: &[f32]) -> Vec<f32> {
    level.run(Take { attend, weights, v })
}

/// The gradients of queries, keys and values, given the weights and the gradient of what [`out`] gave.
pub fn back(
    level: Level,
    attend: Attend,
    inputs: [&[f32]; 3],
    weights: &[f32],
    gradient: &[f32],
) -> Gradients {
    level.run(Back {
        attend,
        inputs,
        weights,
        gradient,
    })
}

struct Look<'a> {
    attend: Attend,
    q: &'a [f32],
    k: &'a [f32],
}

impl Work for Look<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Vec<f32> {
        let size = self.attend.positions * self.attend.depth;
        let mut all = Vec::with_capacity(self.q.len() / self.attend.depth * self.attend.positions);
        // No closures: they would be compiled without the instruction set.
        for (q, k) in self.q.chunks_exact(size).zip(self.k.chunks_exact(size)) {
            all.extend_from_slice(&self.attend.weights(simd, q, k));
        }
        all
    }
}

struct Take<'a> {
    attend: Attend,
    weights: &'a [f32],
    v: &'a [f32],
}

impl Work for Take<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Vec<f32> {
        let Attend {
            positions, values, ..
        } = self.attend;
        let weights = self.weights.chunks_exact(positions * positions);
        let mut all = Vec::with_capacity(self.v.len());
        for (weights, v) in weights.zip(self.v.chunks_exact(positions * values)) {
            all.extend_from_slice(&self.attend.out(simd, weights, v));
        }
        all
    }
}

struct Back<'a> {
    attend: Attend,
    inputs: [&'a [f32]; 3],
    weights: &'a [f32],
    gradient: &'a [f32],
}

impl<'a> Work for Back<'a> {
    type Output = Gradients;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Gradients {
        let Attend {
            positions,
            depth,
            values,
            ..
        } = self.attend;
        let [q, k, v] = self.inputs;
        let mut all = Gradients::default();
        for (image, weights) in self.weights.chunks_exact(positions * positions).enumerate() {
            let of = |numbers: &'a [f32], size: usize| &numbers[image * size..][..size];
            let inputs = [
                of(q, positions * depth),
                of(k, positions * depth),
                of(v, positions * values),
            ];
            let gradient = of(self.gradient, positions * values);
            let found = self.attend.back(simd, inputs, weights, gradient);
            for (all, found) in all.iter_mut().zip(found) {
                all.extend_from_slice(&found);
            }
        }
        all
    }
}
