//! Group and batch normalisation.

use crate::emulator::{Case, check};
use crate::twin::{flat, tensor, twin, wave};
use ablate::nn::ops;
use ablate::nn::ops::Normalised;
use ablate::nn::ops::cuda::plan::normalise;
use ablate::nn::ops::kernel::normalise::Shape;
use candle_core::Var;

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for after in [Normalised::Plain, Normalised::Relu, Normalised::Silu] {
        cases.push(grouped([2, 5, 7, 12], Some(3), after));
        cases.push(grouped([3, 14, 14, 36], Some(1), after));
        cases.push(grouped([5, 9, 11, 7], None, after));
        cases.push(given(after));
    }
    cases.push(averaged());
    cases
}

/// By groups of channels of each image; without groups, by channels of all.
fn grouped(dims: [usize; 4], groups: Option<usize>, after: Normalised) -> Case {
    let [n, height, width, channels] = dims;
    // A mean that is not zero, so that the variance is not only a sum of squares.
    let x: Vec<f32> = wave(dims.iter().product(), 0.0)
        .iter()
        .map(|x| 2.0 + x)
        .collect();
    let (scale, shift) = (wave(channels, 0.5), wave(channels, 1.5));
    let of_channels = [channels];
    let inputs: [(&[f32], &[usize]); 3] =
        [(&x, &dims), (&scale, &of_channels), (&shift, &of_channels)];
    let right = twin(&inputs, |x| match groups {
        Some(groups) => ops::group_norm(&x[0], &x[1], &x[2], groups, after),
        None => Ok(ops::batch_norm(&x[0], &x[1], &x[2], after)?.0),
    });
    let shape = match groups {
        Some(groups) => Shape {
            images: n,
            pixels: height * width,
            channels,
            groups,
        },
        None => Shape {
            images: 1,
            pixels: n * height * width,
            channels,
            groups: channels,
        },
    };
    let mut case = Case::new(format!("{groups:?} groups of {dims:?}, {after:?}"));
    let inputs = [&x, &scale, &shift].map(|numbers| case.floats(numbers));
    let gradient = case.floats(&right.upstream);
    let (out, moments) = normalise::forward(&mut case.program, shape, inputs, after);
    let [x, scale, shift] = inputs;
    let slots = [x, scale, shift, moments, gradient];
    let found = normalise::back(&mut case.program, shape, slots, after);
    case.expect(out, right.out, 2e-6);
    for (slot, right) in found.into_iter().zip(right.gradients) {
        case.expect(slot, right, 5e-6);
    }
    case
}

/// By running averages.
fn given(after: Normalised) -> Case {
    let dims: [usize; 4] = [3, 5, 6, 7];
    let count: usize = dims.iter().product();
    let x = wave(count, 0.0);
    let variance: Vec<f32> = wave(7, 0.7).iter().map(|x| x * x).collect();
    let others = [wave(7, 0.3), variance, wave(7, 1.3), wave(7, 2.3)];
    let [mean, variance, scale, shift] = others.each_ref().map(|numbers| tensor(numbers, &[7]));
    let map = tensor(&x, &dims);
    let right = ops::normalise_by(&map, &mean, &variance, &scale, &shift, after);
    let mut case = Case::new(format!("normalised by given moments, {after:?}"));
    let x = case.floats(&x);
    let [mean, variance, scale, shift] = others.each_ref().map(|numbers| case.floats(numbers));
    let slots = [x, mean, variance, scale, shift];
    let out = normalise::by(&mut case.program, slots, count, 7, after);
    case.expect(out, flat(&right.expect("shapes that fit")), 2e-6);
    case
}

/// Running averages, moved by what a batch had.
fn averaged() -> Case {
    let dims: [usize; 4] = [3, 5, 6, 7];
    let [pixels, channels] = [90, 7];
    let (x, ones, zeros) = (wave(pixels * channels, 0.4), [1.0; 7], [0.0; 7]);
    let old = [wave(channels, 0.3), wave(channels, 0.9)];
    let averages = old.each_ref().map(|numbers| {
        let numbers = tensor(numbers, &[channels]);
        Var::from_tensor(&numbers).expect("a variable")
    });
    let (map, scale, shift) = (tensor(&x, &dims), tensor(&ones, &[7]), tensor(&zeros, &[7]));
    let batch = ops::batch_norm(&map, &scale, &shift, Normalised::Plain);
    let [mean, variance] = &averages;
    let moved = batch.and_then(|(_, batch)| batch.move_averages(mean, variance, 0.1));
    moved.expect("shapes that fit");
    let mut case = Case::new("running averages");
    let inputs = [&x[..], &ones, &zeros].map(|numbers| case.floats(numbers));
    let shape = Shape {
        images: 1,
        pixels,
        channels,
        groups: channels,
    };
    let program = &mut case.program;
    let (_, moments) = normalise::forward(program, shape, inputs, Normalised::Plain);
    let [mean, variance] = old.each_ref().map(|numbers| case.floats(numbers));
    let slots = [moments, mean, variance];
    normalise::move_running(&mut case.program, slots, channels, 90.0 / 89.0, 0.1);
    for (slot, average) in [mean, variance].into_iter().zip(&averages) {
        case.expect(slot, flat(average), 1e-6);
    }
    case
}

/// Oracle: the CPU's operations.
#[test]
fn normalisation_agrees_with_the_cpu() {
    check(&cases());
}
