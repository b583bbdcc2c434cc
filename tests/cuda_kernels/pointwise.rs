//! What is done to every number by itself.

use crate::emulator::{Case, check};
use crate::twin::{coarse, twin, wave};
use ablate::nn::ops;
use ablate::nn::ops::cuda::plan::pointwise;
use ablate::nn::ops::cuda::program::{Program, Slot};
use candle_core::{Result, Tensor};

const COUNT: usize = 517;

/// An operation, its way back, and whether that is from what it gave (or was given).
type Way = (
    &'static str,
    fn(&Tensor) -> Result<Tensor>,
    fn(&mut Program, Slot, usize) -> Slot,
    fn(&mut Program, Slot, Slot, usize) -> Slot,
    bool,
);

pub fn cases() -> Vec<Case> {
    let ways: [Way; 3] = [
        (
            "relu",
            ops::relu,
            pointwise::relu,
            pointwise::relu_back,
            true,
        ),
        (
            "sigmoid",
            ops::sigmoid,
            pointwise::sigmoid,
            pointwise::sigmoid_back,
            true,
        ),
        (
            "silu",
            ops::silu,
            pointwise::silu,
            pointwise::silu_back,
            false,
        ),
    ];
    let mut cases = Vec::new();
    for (name, operation, there, back, from_out) in ways {
        let mut x: Vec<f32> = coarse(COUNT, 0.0).iter().map(|x| 30.0 * x).collect();
        x[7] = f32::NAN;
        let right = twin(&[(&x, &[COUNT])], |x| operation(&x[0]));
        let mut case = Case::new(name);
        let (x, gradient) = (case.floats(&x), case.floats(&right.upstream));
        let out = there(&mut case.program, x, COUNT);
        let from = if from_out { out } else { x };
        let to = back(&mut case.program, from, gradient, COUNT);
        case.expect(out, right.out, 1e-6);
        case.expect(to, right.gradients[0].clone(), 1e-6);
        cases.push(case);
    }
    cases.push(arithmetic());
    cases.push(dropped());
    cases
}

/// Sums, products and constants, one after the other.
fn arithmetic() -> Case {
    let (a, b) = (wave(COUNT, 0.0), wave(COUNT, 1.0));
    let bias = wave(11, 2.0);
    let mut case = Case::new("arithmetic");
    let slots = [&a, &b, &bias].map(|numbers| case.floats(numbers));
    let factor = case.floats(&[-1.5]);
    let program = &mut case.program;
    let sum = pointwise::add(program, slots[0], slots[1], COUNT);
    let scaled = pointwise::scale_by(program, slots[0], factor, COUNT);
    let rectified = pointwise::bias_relu(program, slots[0], slots[2], COUNT, 11);
    let filled = pointwise::fill(program, COUNT, 0.25);
    let with_bias = a.iter().zip(bias.iter().cycle());
    let right = [
        a.iter().zip(&b).map(|(a, b)| a + b).collect(),
        a.iter().map(|a| -1.5 * a).collect(),
        with_bias.map(|(a, b)| (a + b).max(0.0)).collect(),
        vec![0.25; COUNT],
    ];
    for (slot, right) in [sum, scaled, rectified, filled].into_iter().zip(right) {
        case.expect(slot, right, 0.0);
    }
    case
}

fn dropped() -> Case {
    let x = wave(COUNT, 0.0);
    let kept: Vec<u8> = (0..COUNT).map(|at| u8::from(at % 3 > 0)).collect();
    let mut case = Case::new("dropout");
    let (slot, mask) = (case.floats(&x), case.bytes(&kept));
    let out = pointwise::dropout(&mut case.program, slot, mask, COUNT, 1.5);
    let pairs = x.iter().zip(&kept);
    let right = pairs.map(|(x, &kept)| x * if kept > 0 { 1.5 } else { 0.0 });
    case.expect(out, right.collect(), 0.0);
    case
}

/// Oracle: the CPU's operations; sums and products by their definition.
#[test]
fn pointwise_kernels_agree_with_the_cpu() {
    check(&cases());
}
