//! What can be said by hand, or with the same operations put together otherwise.

use crate::operations::{apply, assert_close, flat, gradients, wave_var};
use crate::vectors::wave;
use ablate::nn::ops::{self, Activation, Link, Scale};
use candle_core::{Device, Result, Tensor, Var};

/// Oracle: the same convolutions as operations of their own, joined by candle.
#[test]
fn a_chain_is_its_links_one_after_the_other() {
    let x = |shape: &[usize], phase| wave_var(shape, phase, 1.0, 0.0);
    let inputs = [
        x(&[2, 5, 7, 3], 0.1),
        x(&[1, 1, 3, 6], 0.2),
        x(&[6], 0.3),
        x(&[3, 3, 6, 6], 0.4),
        x(&[6], 0.5),
        x(&[1, 1, 6, 3], 0.6),
        x(&[3], 0.7),
    ];
    let tensors: Vec<Tensor> = inputs.iter().map(|var| var.as_tensor().clone()).collect();
    let out = |op| flat(&apply(op, &tensors).expect("shapes that fit"));
    assert_eq!(out("chain"), out("composed chain"));
    let upstream = wave(&[2, 5, 7, 3], 0.5, 1.0, 0.0);
    let found = gradients("chain", &inputs, &upstream).expect("gradients");
    let right = gradients("composed chain", &inputs, &upstream).expect("gradients");
    for (at, (found, right)) in found.iter().zip(&right).enumerate() {
        let right: Vec<f64> = right.iter().copied().map(f64::from).collect();
        assert_close(&format!("gradient {at}"), found, &right, 1e-6);
    }
}

/// Oracle: the same as two operations.
#[test]
fn a_pooled_convolution_is_a_convolution_and_a_pool() {
    let x = |shape: &[usize], phase| wave_var(shape, phase, 1.0, 0.0);
    for (inputs, outputs) in [(1, 9), (5, 17), (6, 2)] {
        let inputs = [
            x(&[2, 6, 4, inputs], 0.1),
            x(&[3, 3, inputs, outputs], 0.2),
            x(&[outputs], 0.3),
        ];
        let tensors: Vec<Tensor> = inputs.iter().map(|var| var.as_tensor().clone()).collect();
        let out = |op| flat(&apply(op, &tensors).expect("shapes that fit"));
        assert_eq!(out("conv2d_relu_max_pool2"), out("composed pool"));
        let upstream = wave(&[2, 3, 2, outputs], 0.5, 1.0, 0.0);
        let gradients = |op| gradients(op, &inputs, &upstream).expect("gradients");
        assert_eq!(
            gradients("conv2d_relu_max_pool2"),
            gradients("composed pool")
        );
    }
}

/// Oracle: by hand. candle's own upsampling gives 4 here (0.11.1), forgetting the skip.
#[test]
fn a_map_used_by_an_upsampling_and_by_a_skip_gets_both_gradients() -> Result<()> {
    let x = Var::from_vec(vec![1.0f32, 2.0], (1, 1, 1, 2), &Device::Cpu)?;
    for skip_first in [true, false] {
        let up = ops::upsample2(&x)?.sum_all()?;
        let skip = x.affine(10.0, 0.0)?.sum_all()?;
        let total = if skip_first {
            (skip + up)?
        } else {
            (up + skip)?
        };
        let store = total.backward()?;
        assert_eq!(store.get(&x).map(flat), Some(vec![14.0, 14.0]));
    }
    Ok(())
}

/// Oracle: by hand.
#[test]
fn the_first_of_equal_values_takes_the_gradient_of_the_pool_and_relu_passes_none_at_zero()
-> Result<()> {
    let x = Var::from_vec(vec![0.0f32, 3.0, 3.0, 3.0], (1, 2, 2, 1), &Device::Cpu)?;
    let store = ops::max_pool2(&x)?.sum_all()?.backward()?;
    assert_eq!(store.get(&x).map(flat), Some(vec![0.0, 1.0, 0.0, 0.0]));
    let store = ops::relu(&x)?.sum_all()?.backward()?;
    assert_eq!(store.get(&x).map(flat), Some(vec![0.0, 1.0, 1.0, 1.0]));
    Ok(())
}

#[test]
fn input_images_targets_and_zeros_get_no_gradient() -> Result<()> {
    let image = Tensor::ones((1, 2, 2, 1), candle_core::DType::F32, &Device::Cpu)?;
    let weight = wave_var(&[3, 3, 1, 2], 0.1, 1.0, 0.0);
    let bias = wave_var(&[2], 0.2, 1.0, 0.0);
    let target = wave_var(&[1, 2, 2, 3], 0.3, 1.0, 0.0);
    let map = ops::concat(
        &ops::conv2d(&[(&image, Scale::Full)], &weight, &bias, Activation::Relu)?,
        &image,
    )?;
    let squares = ops::weighted_squares(&map, &target, &[1.0])?;
    let store = (ops::bce_with_logits(&map, &target)? + squares)?.backward()?;
    assert!(store.get(&weight).is_some() && store.get(&bias).is_some());
    assert!(store.get(&image).is_none() && store.get(&target).is_none());
    Ok(())
}

#[test]
fn nan_reaches_the_end_so_that_divergence_is_seen() -> Result<()> {
    for at in 0..4 {
        let mut numbers = vec![1.0f32, 2.0, 3.0, 4.0];
        numbers[at] = f32::NAN;
        let x = Tensor::from_vec(numbers, (1, 2, 2, 1), &Device::Cpu)?;
        assert!(
            flat(&ops::relu(&ops::max_pool2(&x)?)?)[0].is_nan(),
            "NaN at {at}"
        );
        assert!(
            ops::bce_with_logits(&x, &x.zeros_like()?)?
                .to_scalar::<f32>()?
                .is_nan()
        );
        let row = x.reshape((1, 4))?;
        let all = flat(&ops::softmax_last(&row)?);
        assert!(all.iter().all(|x| x.is_nan()), "NaN at {at}");
        let loss = ops::weighted_squares(&x, &x.zeros_like()?, &[1.0])?;
        assert!(loss.to_scalar::<f32>()?.is_nan(), "NaN at {at}");
        let loss = ops::cross_entropy(&row, &[1])?;
        assert!(loss.to_scalar::<f32>()?.is_nan(), "NaN at {at}");
    }
    Ok(())
}

/// Oracle: by hand. A difference of logits of 200 leaves e^−200 of the other class, which f32 does not hold.
#[test]
fn sure_answers_have_a_finite_cross_entropy_and_gradient() -> Result<()> {
    for (right, loss, slopes) in [(0, 0.0, [0.0, 0.0]), (1, 200.0, [1.0, -1.0])] {
        let z = Var::from_vec(vec![150.0f32, -50.0], (1, 2), &Device::Cpu)?;
        let found = ops::cross_entropy(&z, &[right])?;
        assert_eq!(found.to_scalar::<f32>()?, loss);
        assert_eq!(found.backward()?.get(&z).map(flat), Some(slopes.to_vec()));
    }
    Ok(())
}

#[test]
fn shapes_that_do_not_fit_are_errors_that_show_them() {
    let map = |shape: &[usize]| wave_var(shape, 0.1, 1.0, 0.0).as_tensor().clone();
    let problem = |result: Result<Tensor>| result.expect_err("shapes that do not fit").to_string();
    let conv = |maps: &[(&Tensor, Scale)], weight: &[usize]| {
        ops::conv2d(maps, &map(weight), &map(&[5]), Activation::None)
    };
    let x = map(&[1, 4, 4, 2]);
    let text = problem(conv(&[(&x, Scale::Full)], &[3, 3, 3, 5]));
    assert!(text.contains("[3, 3, 3, 5]"), "{text}");
    let text = problem(conv(
        &[(&x, Scale::Full), (&x, Scale::Upsampled)],
        &[3, 3, 4, 5],
    ));
    assert!(text.contains("one size"), "{text}");
    let text = problem(conv(&[(&x, Scale::Upsampled)], &[1, 1, 2, 5]));
    assert!(text.contains("1×1"), "{text}");
    let (weight, bias) = (map(&[1, 1, 2, 5]), map(&[5]));
    let link = Link {
        weight: &weight,
        bias: &bias,
        shortcut: Some(0),
    };
    let text = problem(ops::chain(&x, &[link]));
    assert!(text.contains("link 1 does not fit"), "{text}");
    let text = problem(ops::max_pool2(&map(&[1, 4, 5, 2])));
    assert!(text.contains("4×5"), "{text}");
    let text = problem(ops::concat(&map(&[1, 4, 4, 2]), &map(&[1, 2, 4, 2])));
    assert!(text.contains("channels"), "{text}");
    for right in [&[0, 1][..], &[0, 1, 4]] {
        let text = problem(ops::cross_entropy(&map(&[3, 4]), right));
        assert!(text.contains("[3, 4]"), "{text}");
    }
    let even = map(&[1, 4, 4, 2]);
    for (result, shown) in [
        (ops::patches_stride2(&map(&[1, 4, 5, 2])), "4×5"),
        (ops::crop(&map(&[1, 2, 4, 2])), "2×4"),
        (ops::add_per_image(&even, &map(&[2, 2])), "[2, 2]"),
        (ops::lookup(&map(&[3, 2]), &[0, 3]), "no row 3"),
        (ops::weighted_squares(&even, &even, &[1.0; 2]), "2 weights"),
        (
            ops::weighted_squares(&even, &map(&[1, 4, 2, 4]), &[1.0]),
            "[1, 4, 2, 4]",
        ),
        (ops::softmax_last(&map(&[2, 0])), "[2, 0]"),
    ] {
        let text = problem(result);
        assert!(text.contains(shown), "{text}");
    }
    let strided = map(&[1, 4, 4, 2]).transpose(1, 2).expect("four dimensions");
    assert!(problem(ops::relu(&strided)).contains("contiguous"));
}
