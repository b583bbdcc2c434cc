//! 1×1 convolution: one matrix product over all pixels.

use super::conv::{Activation, Gradients, Problem};
use super::lanes::{Simd, Work};
use super::matrices;
use super::multiply::{Multiply, Start};
use super::outer::Outer;
use super::panels::{Panels, pack, transposed};
use super::tile::Rows;
use super::vectors::{read, write};
use std::borrow::Cow;

/// Pixels that are summed over at a time, so that both maps stay in cache.
const BLOCK: usize = 112;

/// The convolution.
pub struct Forward<'a>(pub &'a Problem<'a>);

impl Work for Forward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Vec<f32> {
        let problem = self.0;
        let source = &problem.sources[0];
        let mut out = vec![0.0; problem.outputs()];
        product(
            simd,
            Rows {
                numbers: source.map,
                stride: source.channels,
            },
            problem,
            &mut out,
        );
        out
    }
}

/// out = activation(rows · weights + bias), where a row has as many numbers as the weights have rows.
#[inline(always)]
pub fn product<S: Simd>(simd: S, rows: Rows, problem: &Problem, out: &mut [f32]) {
    let outputs = problem.shape.output;
    let mut bias = problem.bias.to_vec();
    bias.resize(outputs.next_multiple_of(S::LANES), 0.0);
    simd.run(Multiply {
        left: rows,
        rows: out.len() / outputs,
        right: Panels {
            numbers: &pack(simd, problem.weights, outputs),
            depth: problem.weights.len() / outputs,
            columns: outputs,
        },
        start: Start::Bias(&bias),
        stride: outputs,
        out: &mut *out,
    });
    activate(simd, problem.activation, out);
}

/// Applies the activation to every number.
#[inline(always)]
pub fn activate<S: Simd>(simd: S, activation: Activation, out: &mut [f32]) {
    if activation == Activation::Relu {
        for at in (0..out.len()).step_by(S::LANES) {
            let y = simd.relu(read(simd, out, at));
            write(simd, out, at, y);
        }
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
    /// Whether the gradient of the source is wanted.
    pub wanted: bool,
}

impl Work for Backward<'_> {
    type Output = Gradients;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Gradients {
        let problem = self.problem;
        let (source, outputs) = (&problem.sources[0], problem.shape.output);
        let gradient = before_activation(simd, problem, self.out, self.gradient);
        let to_source = self
            .wanted
            .then(|| to_source(simd, problem, &gradient, source.channels));
        let rows = Rows {
            numbers: source.map,
            stride: source.channels,
        };
        let mut packed = to_weights(simd, rows, source.channels, &gradient, outputs);
        packed.extend(to_bias(&gradient, outputs));
        Gradients {
            sources: vec![to_source],
            packed,
        }
    }
}

/// gradient · weightsᵀ. What is transposed is the smaller of weights and result: a dense layer has few rows.
#[inline(always)]
fn to_source<S: Simd>(simd: S, problem: &Problem, gradient: &[f32], channels: usize) -> Vec<f32> {
    let outputs = problem.shape.output;
    let rows = gradient.len() / outputs;
    if rows < outputs {
        let turned = matrices::product(
            simd,
            problem.weights,
            outputs,
            &transposed(gradient, outputs),
            rows,
        );
        transposed(&turned, rows)
    } else {
        matrices::product(
            simd,
            gradient,
            outputs,
            &transposed(problem.weights, outputs),
            channels,
        )
    }
}

/// The gradient before the activation, given those after it.
#[inline(always)]
pub fn before_activation<'a, S: Simd>(
    simd: S,
    problem: &Problem,
    out: &[f32],
    gradient: &'a [f32],
) -> Cow<'a, [f32]> {
    match problem.activation {
        Activation::None => Cow::Borrowed(gradient),
        Activation::Relu => {
            let mut passed = vec![0.0; gradient.len()];
            for at in (0..gradient.len()).step_by(S::LANES) {
                let x = simd.relu_gradient(read(simd, gradient, at), read(simd, out, at));
                write(simd, &mut passed, at, x);
            }
            Cow::Owned(passed)
        }
    }
}

/// The gradient of the bias: that of the output, summed over pixels.
#[inline(always)]
pub fn to_bias(gradient: &[f32], outputs: usize) -> Vec<f32> {
    let mut bias = vec![0.0; outputs];
    for block in gradient.chunks(BLOCK * outputs) {
        add_pixels(&mut bias, block);
    }
    bias
}

/// Adds the sum over the pixels of a block, taken by itself first, so that long sums stay exact enough.
#[inline(always)]
pub fn add_pixels(total: &mut [f32], block: &[f32]) {
    let mut sum = vec![0.0; total.len()];
    for pixel in block.chunks_exact(total.len()) {
        sum.iter_mut().zip(pixel).for_each(|(sum, x)| *sum += x);
    }
    for (total, sum) in total.iter_mut().zip(sum) {
        *total += sum;
    }
}

/// The gradient of the weights: rowsᵀ · gradient, [length of a row, outputs].
#[inline(always)]
pub fn to_weights<S: Simd>(
    simd: S,
    rows: Rows,
    length: usize,
    gradient: &[f32],
    outputs: usize,
) -> Vec<f32> {
    let stride = outputs.next_multiple_of(S::LANES);
    let mut weights = vec![0.0; length * outputs];
    let mut wide = vec![0.0; if stride == outputs { 0 } else { BLOCK * stride }];
    for (at, block) in gradient.chunks(BLOCK * outputs).enumerate() {
        let right = if stride == outputs {
            block
        } else {
            for (wide, pixel) in wide
                .chunks_exact_mut(stride)
                .zip(block.chunks_exact(outputs))
            {
                wide[..outputs].copy_from_slice(pixel);
            }
            &wide
        };
        simd.run(Outer {
            left: Rows {
                numbers: &rows.numbers[at * BLOCK * rows.stride..],
                ..rows
            },
            right: Rows {
                numbers: right,
                stride,
            },
            depth: block.len() / outputs,
            rows: length,
            columns: outputs,
            out: &mut weights,
            stride: outputs,
        });
    }
    weights
}
