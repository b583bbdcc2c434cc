//! Oracle: central finite differences of an operation's own forward pass.

use crate::operations::{apply, assert_close, flat, gradients, wave_var};
use crate::vectors::wave;
use candle_core::{Device, Tensor, Var};

/// Moves each input number by ±ε and compares the change of Σ out·upstream (summed in f64) with the gradient.
/// Steps of 1/64 are exact in f32; the inputs keep further than that from the kinks of relu and max-pool.
fn check_by_differences(op: &str, inputs: &[Var], tolerance: f64) {
    const STEP: f32 = 1.0 / 64.0;
    let upstream = {
        let tensors: Vec<Tensor> = inputs.iter().map(|var| var.as_tensor().clone()).collect();
        wave(
            apply(op, &tensors).expect("shapes that fit").dims(),
            0.5,
            1.0,
            0.0,
        )
    };
    let value = |moved: usize, numbers: Vec<f32>| -> f64 {
        let mut tensors: Vec<Tensor> = inputs.iter().map(|var| var.as_tensor().clone()).collect();
        tensors[moved] =
            Tensor::from_vec(numbers, inputs[moved].shape(), &Device::Cpu).expect("the same shape");
        let out = flat(&apply(op, &tensors).expect("shapes that fit"));
        out.iter()
            .zip(&upstream)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum()
    };
    let found = gradients(op, inputs, &upstream).expect("a gradient");
    for (at, (input, found)) in inputs.iter().zip(&found).enumerate() {
        if found.is_empty() {
            continue;
        }
        let start = flat(input);
        let slope = |i: usize| {
            let moved = |by: f32| {
                let mut numbers = start.clone();
                numbers[i] += by;
                value(at, numbers)
            };
            (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP)
        };
        let right: Vec<f64> = (0..start.len()).map(slope).collect();
        assert_close(&format!("{op}, gradient {at}"), found, &right, tolerance);
    }
}

#[test]
fn gradients_are_the_slopes_of_the_forward_pass() {
    let x = |shape: &[usize], phase| wave_var(shape, phase, 1.0, 0.0);
    let conv = |x_shape: &[usize], w_shape: &[usize]| {
        let outputs = w_shape[3];
        [x(x_shape, 0.1), x(w_shape, 0.2), x(&[outputs], 0.3)]
    };
    check_by_differences("conv2d", &conv(&[2, 3, 5, 3], &[3, 3, 3, 17]), 5e-4);
    check_by_differences("conv2d", &conv(&[1, 3, 3, 17], &[3, 3, 17, 1]), 5e-4);
    check_by_differences("conv2d", &conv(&[1, 3, 5, 3], &[1, 1, 3, 2]), 5e-4);
    let joined = |output: usize| {
        [
            x(&[2, 2, 3, 3], 0.1),
            x(&[2, 4, 6, 2], 0.4),
            x(&[3, 3, 5, output], 0.2),
            x(&[output], 0.3),
        ]
    };
    check_by_differences("conv2d_of_upsampled_and_skip", &joined(17), 5e-4);
    check_by_differences("conv2d_of_upsampled_and_skip", &joined(1), 5e-4);
    let upsampled = [x(&[1, 3, 2, 5], 0.1), x(&[3, 3, 5, 6], 0.2), x(&[6], 0.3)];
    check_by_differences("conv2d_of_upsampled", &upsampled, 5e-4);
    // Odd multiples of 1/8: never 0. Distinct values for the pool: a step never changes which is largest.
    let uneven: Vec<f32> = wave(&[105], 0.1, 1.0, 0.25)
        .iter()
        .map(|x| x + 0.125)
        .collect();
    let uneven = Var::from_vec(uneven, (1, 3, 5, 7), &Device::Cpu).expect("105 numbers");
    check_by_differences("relu", &[uneven], 1e-4);
    let distinct: Vec<f32> = (0..180).map(|i| (i * 77 % 180) as f32 / 8.0).collect();
    let distinct = Var::from_vec(distinct, (1, 6, 10, 3), &Device::Cpu).expect("180 numbers");
    check_by_differences("max_pool2", &[distinct], 1e-4);
    check_by_differences("upsample2", &[x(&[2, 3, 5, 3], 0.1)], 1e-4);
    check_by_differences("sigmoid", &[x(&[1, 3, 5, 7], 0.1)], 1e-3);
    let maps = [x(&[2, 3, 5, 3], 0.1), x(&[2, 3, 5, 2], 0.2)];
    check_by_differences("concat", &maps, 1e-4);
    check_by_differences(
        "bce_with_logits",
        &[x(&[1, 3, 5, 7], 0.1), x(&[1, 3, 5, 7], 0.2)],
        1e-3,
    );
    check_by_differences("cross_entropy", &[x(&[5, 10], 0.1)], 1e-3);
    check_by_differences("upsample2_and_skip", &[x(&[1, 3, 5, 2], 0.1)], 1e-4);
    // candle's own, which the gate and residual connections use.
    let same = [x(&[1, 3, 5, 2], 0.1), x(&[1, 3, 5, 2], 0.2)];
    check_by_differences("product", &same, 1e-4);
    check_by_differences("sum", &same, 1e-4);
}

#[test]
fn gradients_of_normalisations_attention_and_losses_are_slopes_too() {
    let x = |shape: &[usize], phase| wave_var(shape, phase, 1.0, 0.0);
    let normalised = [x(&[2, 3, 4, 6], 0.1), x(&[6], 0.2), x(&[6], 0.3)];
    for op in ["group_norm", "group_norm_silu", "batch_norm_silu"] {
        check_by_differences(op, &normalised, 1e-3);
    }
    let attending = [x(&[2, 4, 3], 0.1), x(&[2, 4, 3], 0.2), x(&[2, 4, 5], 0.3)];
    for op in [
        "attention",
        "attention_causal",
        "attention_sigmoid",
        "attention_sigmoid_causal",
        "attention_uniform_causal",
    ] {
        check_by_differences(op, &attending, 1e-3);
    }
    check_by_differences("silu", &[wave_var(&[2, 9], 0.1, 4.0, 0.0)], 1e-3);
    check_by_differences("softmax_last", &[x(&[3, 19], 0.1)], 1e-3);
    let strided = [x(&[2, 4, 6, 3], 0.1), x(&[3, 3, 3, 2], 0.2), x(&[2], 0.3)];
    check_by_differences("conv2d_stride2", &strided, 5e-4);
    check_by_differences(
        "add_per_image",
        &[x(&[2, 3, 2, 3], 0.1), x(&[2, 3], 0.2)],
        5e-4,
    );
    check_by_differences("crop", &[x(&[2, 4, 5, 2], 0.1)], 1e-4);
    check_by_differences("lookup", &[x(&[3, 4], 0.1)], 1e-4);
    check_by_differences(
        "weighted_squares",
        &[x(&[3, 2, 5], 0.1), x(&[3, 2, 5], 0.2)],
        1e-3,
    );
}
