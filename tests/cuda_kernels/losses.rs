//! Losses. Their upstream gradient is one number, on the device.

use crate::emulator::{Case, check};
use crate::twin::{Twin, tensor, twin, wave};
use ablate::nn::ops;
use ablate::nn::ops::cuda::plan::losses;
use ablate::nn::ops::cuda::program::Slot;

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [1, 517, 40_000].map(bce).into();
    cases.extend([
        squares(1, 5),
        squares(7, 413),
        classes(1, 2),
        classes(301, 10),
    ]);
    cases
}

fn scaled(numbers: Vec<f32>, factor: f32) -> Vec<f32> {
    numbers.into_iter().map(|x| factor * x).collect()
}

/// Expects the sum and the gradient. Sums are exact to f32's last digits, of a size of their own.
fn expect(case: &mut Case, right: Twin, [sum, to]: [Slot; 2]) {
    case.expect(sum, right.out, 1e-6);
    case.expect(to, right.gradients[0].clone(), 1e-6);
}

fn bce(count: usize) -> Case {
    let logits = scaled(wave(count, 0.5), 12.0);
    let targets: Vec<f32> = wave(count, 2.0).iter().map(|x| x.abs()).collect();
    let fixed = tensor(&targets, &[count]);
    let right = twin(&[(&logits, &[count])], |z| {
        ops::bce_with_logits(&z[0], &fixed)
    });
    let mut case = Case::new(format!("bce of {count}"));
    let [logits, targets] = [&logits, &targets].map(|numbers| case.floats(numbers));
    let scale = case.floats(&right.upstream);
    let sum = losses::bce(&mut case.program, logits, targets, count);
    let to = losses::bce_back(&mut case.program, logits, targets, scale, count);
    expect(&mut case, right, [sum, to]);
    case
}

fn squares(images: usize, size: usize) -> Case {
    let count = images * size;
    let shape = [images, size];
    let (prediction, target) = (wave(count, 0.0), wave(count, 1.0));
    let weights = wave(images, 2.0);
    let fixed = tensor(&target, &shape);
    let right = twin(&[(&prediction, &shape)], |x| {
        ops::weighted_squares(&x[0], &fixed, &weights)
    });
    let mut case = Case::new(format!("weighted squares of {shape:?}"));
    let [prediction, target, weights] =
        [&prediction, &target, &weights].map(|numbers| case.floats(numbers));
    let scale = case.floats(&right.upstream);
    let program = &mut case.program;
    let sum = losses::weighted_squares(program, prediction, target, weights, count, size);
    let slots = [prediction, target, weights, scale];
    let to = losses::weighted_squares_back(program, slots, count, size);
    expect(&mut case, right, [sum, to]);
    case
}

fn classes(rows: usize, classes: usize) -> Case {
    let shape = [rows, classes];
    let logits = scaled(wave(rows * classes, 0.0), 9.0);
    let of_rows: Vec<u8> = (0..rows).map(|row| (row * 7 % classes) as u8).collect();
    let right = twin(&[(&logits, &shape)], |z| {
        ops::cross_entropy(&z[0], &of_rows)
    });
    let mut case = Case::new(format!("cross-entropy of {shape:?}"));
    let (logits, classes_slot) = (case.floats(&logits), case.bytes(&of_rows));
    let scale = case.floats(&right.upstream);
    let program = &mut case.program;
    let sum = losses::cross_entropy(program, logits, classes_slot, rows, classes);
    let slots = [logits, classes_slot, scale];
    let to = losses::cross_entropy_back(program, slots, rows, classes);
    expect(&mut case, right, [sum, to]);
    case
}

/// Oracle: the CPU's operations.
#[test]
fn losses_agree_with_the_cpu() {
    check(&cases());
}
