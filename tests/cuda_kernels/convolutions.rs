//! Convolutions: alone, of joined and upsampled maps, before a pool, and in chains. The CPU's go by another
//! algorithm (Winograd's), so both have rounding of their own.

use crate::emulator::{Case, check};
use crate::twin::{Twin, below, twin, wave};
use ablate::nn::ops;
use ablate::nn::ops::cuda::plan::chain::{Chain, Link};
use ablate::nn::ops::cuda::plan::conv::{Conv, Source};
use ablate::nn::ops::cuda::plan::pool;
use ablate::nn::ops::cuda::program::Slot;
use ablate::nn::ops::kernel::conv::{Activation, Scale, Shape};
use candle_core::Tensor;

/// Of the largest number: sums of up to a few hundred products.
const TOLERANCE: f32 = 2e-5;

type Sources<'a> = &'a [(usize, Scale)];

pub fn cases() -> Vec<Case> {
    use Activation::{None, Relu};
    use Scale::{Full, Upsampled};
    vec![
        convolved([2, 7, 9], &[(1, Full)], 5, 3, Relu),
        convolved([1, 9, 7], &[(20, Full)], 17, 3, Relu),
        convolved([2, 6, 8], &[(7, Upsampled), (6, Full)], 9, 3, Relu),
        convolved([2, 6, 10], &[(5, Upsampled), (3, Upsampled)], 6, 3, None),
        convolved([3, 4, 6], &[(5, Upsampled)], 3, 3, None),
        convolved([2, 14, 14], &[(3, Full)], 70, 3, Relu),
        convolved([3, 5, 7], &[(11, Full)], 70, 1, None),
        convolved([1, 4, 5], &[(70, Full)], 66, 3, Relu),
        convolved([1, 1, 1], &[(1, Full)], 5, 3, None),
        convolved([5, 12, 12], &[(4, Full)], 1, 1, Relu),
        convolved([3, 14, 14], &[(9, Upsampled), (21, Full)], 1, 3, None),
        convolved([1, 3, 5], &[(300, Full)], 4, 1, Relu),
        pooled(),
        chained(true),
        chained(false),
    ]
}

fn shape([n, height, width]: [usize; 3], output: usize, kernel: usize) -> Shape {
    Shape {
        n,
        height,
        width,
        output,
        kernel,
    }
}

/// Expects the result and the gradients.
fn expect(case: &mut Case, right: Twin, out: Slot, gradients: &[Slot]) {
    case.expect(out, right.out, TOLERANCE);
    for (slot, right) in gradients.iter().zip(right.gradients) {
        case.expect(*slot, right, TOLERANCE);
    }
}

fn convolved(
    size: [usize; 3],
    sources: Sources<'_>,
    outputs: usize,
    kernel: usize,
    activation: Activation,
) -> Case {
    let [n, height, width] = size;
    let shapes = sources.iter().map(|&(channels, scale)| {
        let [height, width] = below(scale, [height, width]);
        [n, height, width, channels]
    });
    let shapes: Vec<[usize; 4]> = shapes.collect();
    let numbered = shapes.iter().enumerate();
    let maps = numbered.map(|(at, shape)| wave(shape.iter().product(), at as f64));
    let maps: Vec<Vec<f32>> = maps.collect();
    let inputs: usize = sources.iter().map(|(channels, _)| channels).sum();
    let of_weights = [kernel, kernel, inputs, outputs];
    let (weights, bias) = (wave(of_weights.iter().product(), 4.0), wave(outputs, 5.0));
    let of_bias = [outputs];
    let mut all: Vec<(&[f32], &[usize])> = Vec::new();
    for (map, shape) in maps.iter().zip(&shapes) {
        all.push((map, shape));
    }
    all.push((&weights, &of_weights));
    all.push((&bias, &of_bias));
    let right = twin(&all, |x| {
        let (maps, parameters) = x.split_at(sources.len());
        let pairs = maps
            .iter()
            .zip(sources)
            .map(|(map, (_, scale))| (map, *scale));
        let pairs: Vec<(&Tensor, Scale)> = pairs.collect();
        ops::conv2d(&pairs, &parameters[0], &parameters[1], activation)
    });

    let mut case = Case::new(format!("{size:?} {sources:?} to {outputs} by {kernel}"));
    let slots: Vec<Slot> = maps.iter().map(|map| case.floats(map)).collect();
    let (weights, bias) = (case.floats(&weights), case.floats(&bias));
    let gradient = case.floats(&right.upstream);
    let pairs = slots.iter().zip(sources);
    let conv = Conv {
        shape: shape(size, outputs, kernel),
        sources: &pairs
            .map(|(&map, &(channels, scale))| Source {
                map,
                channels,
                scale,
            })
            .collect::<Vec<_>>(),
        weights,
        bias,
        activation,
    };
    let program = &mut case.program;
    let out = conv.forward(program);
    let packed = program.floats(conv.weight_count() + outputs);
    let to = [packed, packed.at(conv.weight_count())];
    let wanted = vec![true; sources.len()];
    let found = conv.back(program, out, gradient, &wanted, to);
    let mut gradients: Vec<Slot> = found.into_iter().flatten().collect();
    gradients.extend(to);
    expect(&mut case, right, out, &gradients);
    case
}

/// With ReLU and a pool behind it, as one operation.
fn pooled() -> Case {
    let (size, outputs) = ([2, 8, 6], 10);
    let (dims, of_weights) = ([2, 8, 6, 5], [3, 3, 5, outputs]);
    let (x, weights, bias) = (wave(480, 0.0), wave(450, 1.0), wave(outputs, 2.0));
    let of_bias = [outputs];
    let inputs: [(&[f32], &[usize]); 3] = [(&x, &dims), (&weights, &of_weights), (&bias, &of_bias)];
    let right = twin(&inputs, |x| ops::conv2d_relu_max_pool2(&x[0], &x[1], &x[2]));
    let mut case = Case::new("a convolution before a pool");
    let [map, weights, bias] = [&x, &weights, &bias].map(|numbers| case.floats(numbers));
    let gradient = case.floats(&right.upstream);
    let sources = [Source {
        map,
        channels: 5,
        scale: Scale::Full,
    }];
    let conv = Conv {
        shape: shape(size, outputs, 3),
        sources: &sources,
        weights,
        bias,
        activation: Activation::None,
    };
    let program = &mut case.program;
    let dims = [2, 8, 6, outputs];
    let before = conv.forward(program);
    let (out, winners) = pool::max_pool2(program, before, dims, true);
    let to_before = pool::max_pool2_back(program, gradient, winners, dims);
    let to = [program.floats(450), program.floats(outputs)];
    let found = conv.back(program, before, to_before, &[true], to);
    let gradients = [found[0].expect("wanted"), to[0], to[1]];
    expect(&mut case, right, out, &gradients);
    case
}

/// A residual block: three links, with shortcuts from the input and from the first link; or no shortcut at all.
fn chained(shortcuts: bool) -> Case {
    let size = [2, 5, 7];
    let dims: [usize; 4] = [2, 5, 7, 6];
    let link = |kernel, shortcut: Option<usize>| Link {
        kernel,
        inputs: 6,
        outputs: 6,
        shortcut: shortcut.filter(|_| shortcuts),
    };
    let links = [link(3, Some(0)), link(1, None), link(3, Some(1))];
    let x = wave(dims.iter().product(), 0.0);
    let shapes = links.map(|link| [link.kernel, link.kernel, 6, 6]);
    let numbered = shapes.iter().enumerate();
    let weights = numbered.map(|(at, shape)| wave(shape.iter().product(), at as f64));
    let weights: Vec<Vec<f32>> = weights.collect();
    let biases = [3.0, 4.0, 5.0].map(|offset| wave(6, offset));
    let of_bias = [6];
    let mut inputs = vec![(&x[..], &dims[..])];
    for ((weight, shape), bias) in weights.iter().zip(&shapes).zip(&biases) {
        inputs.push((weight, shape));
        inputs.push((bias, &of_bias));
    }
    let right = twin(&inputs, |x| {
        let parameters = x[1..].chunks_exact(2).zip(&links);
        let of = |(parameters, link): (&'_ [Tensor], &Link)| (parameters.to_vec(), link.shortcut);
        let parts: Vec<(Vec<Tensor>, Option<usize>)> = parameters.map(of).collect();
        let links = parts.iter().map(|(parameters, shortcut)| ops::Link {
            weight: &parameters[0],
            bias: &parameters[1],
            shortcut: *shortcut,
        });
        ops::chain(&x[0], &links.collect::<Vec<_>>())
    });
    let packed: Vec<f32> = inputs[1..]
        .iter()
        .flat_map(|(numbers, _)| numbers.to_vec())
        .collect();
    let to_packed = right.gradients[1..].concat();
    let mut case = Case::new(format!("a chain, with shortcuts: {shortcuts}"));
    let (x, parameters) = (case.floats(&x), case.floats(&packed));
    let gradient = case.floats(&right.upstream);
    let chain = Chain {
        size,
        links: &links,
        x,
        parameters,
    };
    let kept = chain.forward(&mut case.program);
    let (to_x, to_parameters) = chain.back(&mut case.program, &kept, gradient, true);
    case.expect(kept[2].sum, right.out, TOLERANCE);
    case.expect(to_x.expect("wanted"), right.gradients[0].clone(), TOLERANCE);
    case.expect(to_parameters, to_packed, TOLERANCE);
    case
}

/// Oracle: the CPU's operations.
#[test]
fn convolutions_agree_with_the_cpu() {
    check(&cases());
}
