//! Softmax over rows, and attention: products of small matrices, with their weights kept for the way back.

use super::pointwise;
use crate::nn::ops::cuda::program::{Program, Slot, arguments};
use crate::nn::ops::kernel::attention::{Attend, AttentionMask, AttentionWeights};

/// Side of a tile of a product.
const SIDE: usize = 16;

/// Softmax of each of `rows` rows.
pub fn softmax(program: &mut Program, x: Slot, rows: usize, length: usize) -> Slot {
    let out = program.floats(rows * length);
    program.launch("softmax_forward", [rows, 1, 1], arguments![x, out, length]);
    out
}

/// From what [`softmax`] gave; times `factor`.
pub fn softmax_back(
    program: &mut Program,
    out: Slot,
    gradient: Slot,
    [rows, length]: [usize; 2],
    factor: f32,
) -> Slot {
    let to = program.floats(rows * length);
    program.launch(
        "softmax_backward",
        [rows, 1, 1],
        arguments![out, gradient, to, length, factor],
    );
    to
}

/// A matrix for each image, stored [n, rows, columns], as it is or turned.
#[derive(Clone, Copy)]
struct Matrix {
    numbers: Slot,
    stored: [usize; 2],
    turned: bool,
}

impl Matrix {
    fn new(numbers: Slot, rows: usize, columns: usize) -> Self {
        Self {
            numbers,
            stored: [rows, columns],
            turned: false,
        }
    }

    fn turned(self) -> Self {
        Self {
            turned: !self.turned,
            ..self
        }
    }

    fn size(self) -> [usize; 2] {
        let [rows, columns] = self.stored;
        match self.turned {
            false => [rows, columns],
            true => [columns, rows],
        }
    }

    /// Numbers from one image, row and column to the next.
    fn steps(self) -> [usize; 3] {
        let [rows, columns] = self.stored;
        match self.turned {
            false => [rows * columns, columns, 1],
            true => [rows * columns, 1, columns],
        }
    }
}

/// a·b for each of `n` images.
fn product(program: &mut Program, n: usize, a: Matrix, b: Matrix) -> Slot {
    let ([rows, length], [_, columns]) = (a.size(), b.size());
    let out = program.floats(n * rows * columns);
    let ([a_image, a_row, a_column], [b_image, b_row, b_column]) = (a.steps(), b.steps());
    program.launch(
        "batched_product",
        [columns.div_ceil(SIDE), rows.div_ceil(SIDE), n],
        arguments![
            a.numbers, b.numbers, out, rows, columns, length, a_image, a_row, a_column, b_image,
            b_row, b_column
        ],
    );
    out
}

/// The weights of `n` images, [n, positions, positions].
pub fn weights(program: &mut Program, attend: Attend, n: usize, q: Slot, k: Slot) -> Slot {
    let Attend {
        positions, depth, ..
    } = attend;
    let (kind, scores) = match attend.weights {
        AttentionWeights::Softmax => (0, None),
        AttentionWeights::Sigmoid => (1, None),
        // Nobody asks for the scores; the kernel does not look at them.
        AttentionWeights::Uniform => (2usize, Some(q)),
    };
    let scores = scores.unwrap_or_else(|| {
        let (q, k) = (
            Matrix::new(q, positions, depth),
            Matrix::new(k, positions, depth),
        );
        product(program, n, q, k.turned())
    });
    let weights = program.floats(n * positions * positions);
    let causal = attend.mask == AttentionMask::Causal;
    program.launch(
        "attention_weights",
        [n * positions, 1, 1],
        arguments![scores, weights, positions, kind, causal, attend.scale],
    );
    weights
}

/// The values by their weights.
pub fn out(program: &mut Program, attend: Attend, n: usize, weights: Slot, v: Slot) -> Slot {
    let weights = Matrix::new(weights, attend.positions, attend.positions);
    product(
        program,
        n,
        weights,
        Matrix::new(v, attend.positions, attend.values),
    )
}

/// The gradients of queries, keys and values, given the weights and the gradient of what [`out`] gave.
pub fn back(
    program: &mut Program,
    attend: Attend,
    n: usize,
    [q, k, v]: [Slot; 3],
    weights: Slot,
    gradient: Slot,
) -> [Slot; 3] {
    let Attend {
        positions,
        depth,
        values,
        ..
    } = attend;
    let square = Matrix::new(weights, positions, positions);
    let of_out = Matrix::new(gradient, positions, values);
    let to_v = product(program, n, square.turned(), of_out);
    if attend.weights == AttentionWeights::Uniform {
        let count = n * positions * depth;
        let zeros = [0; 2].map(|_| pointwise::fill(program, count, 0.0));
        return [zeros[0], zeros[1], to_v];
    }
    let v = Matrix::new(v, positions, values);
    let to_weights = product(program, n, of_out, v.turned());
    let rows = [n * positions, positions];
    let to_scores = match attend.weights {
        AttentionWeights::Softmax => softmax_back(program, weights, to_weights, rows, attend.scale),
        _ => {
            let count = n * positions * positions;
            let to = program.floats(count);
            program.each(
                "attention_sigmoid_backward",
                count,
                arguments![weights, to_weights, to, count, attend.scale],
            );
            to
        }
    };
    let to_scores = Matrix::new(to_scores, positions, positions);
    let to_q = product(program, n, to_scores, Matrix::new(k, positions, depth));
    let of_q = Matrix::new(q, positions, depth);
    let to_k = product(program, n, to_scores.turned(), of_q);
    [to_q, to_k, to_v]
}
