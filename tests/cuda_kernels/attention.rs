//! Softmax and attention.

use crate::emulator::{Case, check};
use crate::twin::{twin, wave};
use ablate::nn::ops;
use ablate::nn::ops::cuda::plan::attention;
use ablate::nn::ops::kernel::attention::{Attend, AttentionMask, AttentionWeights};

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [(1, 1), (5, 37), (3, 700)].map(softmax).into();
    for weights in [
        AttentionWeights::Softmax,
        AttentionWeights::Sigmoid,
        AttentionWeights::Uniform,
    ] {
        for mask in [AttentionMask::None, AttentionMask::Causal] {
            for (positions, depth, values) in [(7, 5, 3), (49, 18, 20)] {
                cases.push(attended(Attend {
                    weights,
                    mask,
                    scale: 0.7,
                    positions,
                    depth,
                    values,
                }));
            }
        }
    }
    cases
}

fn softmax((rows, length): (usize, usize)) -> Case {
    let shape = [rows, length];
    let x: Vec<f32> = wave(rows * length, 0.0).iter().map(|x| 20.0 * x).collect();
    let right = twin(&[(&x, &shape)], |x| ops::softmax_last(&x[0]));
    let mut case = Case::new(format!("softmax of {shape:?}"));
    let (x, gradient) = (case.floats(&x), case.floats(&right.upstream));
    let out = attention::softmax(&mut case.program, x, rows, length);
    let to = attention::softmax_back(&mut case.program, out, gradient, shape, 1.0);
    case.expect(out, right.out, 1e-6);
    case.expect(to, right.gradients[0].clone(), 1e-6);
    case
}

fn attended(attend: Attend) -> Case {
    const IMAGES: usize = 2;
    let shape = [IMAGES, attend.positions, attend.depth];
    let of_values = [IMAGES, attend.positions, attend.values];
    let count: usize = shape.iter().product();
    let [q, k] = [0.0, 1.0].map(|offset| wave(count, offset));
    let v = wave(of_values.iter().product(), 2.0);
    let inputs: [(&[f32], &[usize]); 3] = [(&q, &shape), (&k, &shape), (&v, &of_values)];
    let right = twin(&inputs, |x| {
        let [q, k, v] = [&x[0], &x[1], &x[2]];
        ops::attention(q, k, v, attend.weights, attend.mask, attend.scale)
    });
    let mut case = Case::new(format!("{attend:?}"));
    let inputs = [&q, &k, &v].map(|numbers| case.floats(numbers));
    let gradient = case.floats(&right.upstream);
    let [q, k, v] = inputs;
    let program = &mut case.program;
    let weights = attention::weights(program, attend, IMAGES, q, k);
    let out = attention::out(program, attend, IMAGES, weights, v);
    let found = attention::back(program, attend, IMAGES, inputs, weights, gradient);
    case.expect(out, right.out, 1e-5);
    for (slot, right) in found.into_iter().zip(right.gradients) {
        case.expect(slot, right, 1e-5);
    }
    case
}

/// Oracle: the CPU's operations.
#[test]
fn softmax_and_attention_agree_with_the_cpu() {
    check(&cases());
}
