//! Convolutions whose numbers are rounded before they are multiplied. What is right: the CPU's convolution, in f32, of
//! numbers that were rounded before, there and back.

use crate::emulator::{Case, check};
use crate::rounding::rounded;
use crate::twin::{Twin, below, twin_from, wave};
use ablate::config::Precision;
use ablate::nn::ops;
use ablate::nn::ops::cuda::plan::conv::{Conv, Source};
use ablate::nn::ops::cuda::program::{Argument, Slot};
use ablate::nn::ops::kernel::conv::{Activation, Scale, Shape};
use candle_core::{Result, Tensor};

/// Of the largest number: what is multiplied is the same on both sides, so that it is as for f32.
const TOLERANCE: f32 = 2e-5;

/// Sizes of a convolution.
#[derive(Clone, Copy)]
struct Sizes<'a> {
    size: [usize; 3],
    sources: &'a [(usize, Scale)],
    outputs: usize,
    kernel: usize,
    activation: Activation,
}

pub fn cases() -> Vec<Case> {
    use Activation::{None, Relu};
    use Scale::{Full, Upsampled};
    let sizes = |size, sources, outputs, kernel, activation| Sizes {
        size,
        sources,
        outputs,
        kernel,
        activation,
    };
    let rounding = [Precision::Tf32, Precision::Bf16, Precision::F16];
    let mut cases = Vec::new();
    for precision in rounding {
        for sizes in [
            sizes([2, 6, 8], &[(7, Upsampled), (6, Full)][..], 9, 3, Relu),
            sizes([1, 9, 7], &[(20, Full)], 17, 3, Relu),
            sizes([3, 5, 7], &[(11, Full)], 70, 1, None),
            sizes([1, 4, 5], &[(70, Full)], 66, 3, Relu),
            sizes([3, 6, 6], &[(9, Full)], 1, 3, None),
        ] {
            cases.push(convolved(precision, sizes, 1.0));
        }
    }
    // Of all these f16 has only zeros and infinities.
    for far in [2f32.powi(-40), 2f32.powi(30)] {
        let sizes = sizes([2, 6, 6], &[(9, Full)], 17, 3, Relu);
        cases.push(convolved(Precision::F16, sizes, far));
    }
    cases
}

/// Back from a gradient of this size; its results are compared at size one.
fn convolved(precision: Precision, sizes: Sizes<'_>, of_gradient: f32) -> Case {
    let Sizes {
        size: [n, height, width],
        sources,
        outputs,
        kernel,
        activation,
    } = sizes;
    let inputs: usize = sources.iter().map(|(channels, _)| channels).sum();
    let mut shapes = Vec::new();
    for &(channels, scale) in sources {
        let [height, width] = below(scale, [height, width]);
        shapes.push(vec![n, height, width, channels]);
    }
    shapes.push(vec![kernel, kernel, inputs, outputs]);
    shapes.push(vec![outputs]);
    let numbers = shapes.iter().zip(0..);
    let numbers = numbers.map(|(shape, at)| wave(shape.iter().product(), f64::from(at)));
    let numbers: Vec<Vec<f32>> = numbers.collect();

    // Few outputs stay f32, but for the gradient of what is convolved.
    let thin = outputs <= 4;
    let round = |x: &Vec<f32>| x.iter().map(|&x| rounded(precision, x)).collect();
    let multiplied: Vec<Vec<f32>> = numbers.iter().map(round).collect();
    let bias = numbers.len() - 1;
    let with = |multiplied: &[Vec<f32>], activation, upstream: &dyn Fn(&[f32]) -> Vec<f32>| {
        let mut all: Vec<(&[f32], &[usize])> = Vec::new();
        for (at, shape) in shapes.iter().enumerate() {
            let numbers = [&multiplied[at], &numbers[at]];
            all.push((numbers[usize::from(at == bias)], shape));
        }
        let operation = |x: &[Tensor]| -> Result<Tensor> {
            let (maps, parameters) = x.split_at(sources.len());
            let pairs = maps.iter().zip(sources);
            let pairs: Vec<_> = pairs.map(|(map, (_, scale))| (map, *scale)).collect();
            ops::conv2d(&pairs, &parameters[0], &parameters[1], activation)
        };
        twin_from(&all, upstream, operation)
    };
    let there = if thin { &numbers } else { &multiplied };
    let Twin { out, upstream, .. } = with(there, activation, &|out| wave(out.len(), 0.3));
    // Before the activation, in f32.
    let passed = |(gradient, out): (&f32, &f32)| match activation {
        Activation::Relu if *out <= 0.0 => 0.0,
        _ => *gradient,
    };
    let before: Vec<f32> = upstream.iter().zip(&out).map(passed).collect();
    let multiplied_back: Vec<f32> = round(&before);
    let in_f32 = with(&numbers, Activation::None, &|_| before.clone()).gradients;
    let mut right = with(&multiplied, Activation::None, &|_| multiplied_back.clone()).gradients;
    right[bias].clone_from(&in_f32[bias]);
    if thin {
        right[bias - 1].clone_from(&in_f32[bias - 1]);
    }

    let name =
        format!("{precision:?}, {n} of {height} by {width}, {sources:?} to {outputs} by {kernel}");
    let mut case = Case::new(format!("{name}, gradients of about {of_gradient}"));
    case.program.precision = precision;
    let slots: Vec<Slot> = numbers.iter().map(|numbers| case.floats(numbers)).collect();
    let upstream: Vec<f32> = upstream.iter().map(|x| x * of_gradient).collect();
    let gradient = case.floats(&upstream);
    let unscale = case.floats(&[1.0 / of_gradient]);
    let maps = slots.iter().zip(sources);
    let maps = maps.map(|(&map, &(channels, scale))| Source {
        map,
        channels,
        scale,
    });
    let conv = Conv {
        shape: Shape {
            n,
            height,
            width,
            output: outputs,
            kernel,
        },
        sources: &maps.collect::<Vec<_>>(),
        weights: slots[bias - 1],
        bias: slots[bias],
        activation,
    };
    let program = &mut case.program;
    let found = conv.forward(program);
    let to = [conv.weight_count(), outputs].map(|count| program.floats(count));
    let wanted = vec![true; sources.len()];
    let to_maps = conv.back(program, found, gradient, &wanted, to);
    let gradients: Vec<Slot> = to_maps.into_iter().flatten().chain(to).collect();
    case.expect(found, out, TOLERANCE);
    for (slot, right) in gradients.into_iter().zip(right) {
        let compared = case.program.floats(right.len());
        let arguments = [
            slot.into(),
            unscale.into(),
            compared.into(),
            right.len().into(),
        ];
        let arguments: [Argument; 4] = arguments;
        case.program.each("scale_by", right.len(), &arguments);
        case.expect(compared, right, TOLERANCE);
    }
    case
}

/// Oracle: the CPU's convolution of rounded numbers.
#[test]
fn rounded_products_agree_with_the_cpu() {
    check(&cases());
}

/// Rounding moves the numbers of the cases by more than they allow of their sums.
#[test]
fn another_precision_is_noticed() {
    let x = wave(1000, 0.0);
    for precision in [Precision::Tf32, Precision::Bf16, Precision::F16] {
        let off = |x: &f32| (x - rounded(precision, *x)).abs();
        assert!(x.iter().map(off).fold(0.0, f32::max) > 5.0 * TOLERANCE);
    }
}
