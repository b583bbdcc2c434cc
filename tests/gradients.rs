//! Every operation of `nn::ops` against two oracles: central finite differences of its own forward pass, and
//! PyTorch 2.15.0 (tests/vectors/ops.json, made by make_ops.py).

mod vectors;

use ablate::nn::ops::{self, Activation, Link, Scale};
use candle_core::{Device, Result, Tensor, Var};
use serde_json::Value;
use vectors::{load, numbers, sizes, wave};

/// A wave as a tensor that gets a gradient.
fn wave_var(shape: &[usize], phase: f64, scale: f64, step: f64) -> Var {
    Var::from_vec(wave(shape, phase, scale, step), shape, &Device::Cpu).expect("a shape that fits")
}

/// An operation by the name that ops.json gives it.
fn apply(op: &str, inputs: &[Tensor]) -> Result<Tensor> {
    match (op, inputs) {
        ("conv2d", [x, w, b]) => ops::conv2d(&[(x, Scale::Full)], w, b, Activation::None),
        ("conv2d_relu", [x, w, b]) => ops::conv2d(&[(x, Scale::Full)], w, b, Activation::Relu),
        ("conv2d_of_upsampled", [x, w, b]) => {
            ops::conv2d(&[(x, Scale::Upsampled)], w, b, Activation::None)
        }
        ("conv2d_of_upsampled_and_skip", [x, y, w, b]) => {
            let maps = [(x, Scale::Upsampled), (y, Scale::Full)];
            ops::conv2d(&maps, w, b, Activation::None)
        }
        ("conv2d_relu_max_pool2", [x, w, b]) => ops::conv2d_relu_max_pool2(x, w, b),
        ("composed pool", [x, w, b]) => {
            let maps = [(x, Scale::Full)];
            ops::max_pool2(&ops::conv2d(&maps, w, b, Activation::Relu)?)
        }
        ("chain", [x, w1, b1, w2, b2, w3, b3]) => {
            let link = |weight, bias, shortcut| Link {
                weight,
                bias,
                shortcut,
            };
            let links = [
                link(w1, b1, None),
                link(w2, b2, Some(1)),
                link(w3, b3, Some(0)),
            ];
            ops::chain(x, &links)
        }
        ("composed chain", [x, w1, b1, w2, b2, w3, b3]) => {
            let conv = |x: &Tensor, w, b| ops::conv2d(&[(x, Scale::Full)], w, b, Activation::Relu);
            let first = conv(x, w1, b1)?;
            let second = (conv(&first, w2, b2)? + &first)?;
            conv(&second, w3, b3)? + x
        }
        ("relu", [x]) => ops::relu(x),
        ("max_pool2", [x]) => ops::max_pool2(x),
        ("upsample2", [x]) => ops::upsample2(x),
        ("sigmoid", [x]) => ops::sigmoid(x),
        ("concat", [a, b]) => ops::concat(a, b),
        ("bce_with_logits", [z, y]) => ops::bce_with_logits(z, y),
        ("cross_entropy", [z]) => {
            let (n, classes) = z.dims2()?;
            let right: Vec<u8> = (0..n).map(|row| (3 * row % classes) as u8).collect();
            ops::cross_entropy(z, &right)
        }
        ("upsample2_and_skip", [x]) => {
            let skip = ops::upsample2(&x.affine(2.5, 0.0)?)?;
            ops::concat(&ops::upsample2(x)?, &skip)
        }
        ("product", [a, b]) => a * b,
        ("sum", [a, b]) => a + b,
        other => panic!("no operation {other:?}"),
    }
}

fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")
}

/// The gradients of Σ out·upstream by the operation's backward pass; empty where there is none.
fn gradients(op: &str, inputs: &[Var], upstream: &[f32]) -> Result<Vec<Vec<f32>>> {
    let tensors: Vec<Tensor> = inputs.iter().map(|var| var.as_tensor().clone()).collect();
    let out = apply(op, &tensors)?;
    let upstream = Tensor::from_slice(upstream, out.shape(), &Device::Cpu)?;
    let store = (out * upstream)?.sum_all()?.backward()?;
    Ok(tensors
        .iter()
        .map(|x| store.get(x).map(flat).unwrap_or_default())
        .collect())
}

/// Errors count relative to the largest number, or to 1 where all are smaller.
fn assert_close(what: &str, found: &[f32], right: &[f64], tolerance: f64) {
    assert_eq!(found.len(), right.len(), "{what}");
    let scale = right.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
    for (at, (&found, right)) in found.iter().zip(right).enumerate() {
        let error = (f64::from(found) - right).abs() / scale;
        assert!(
            error < tolerance,
            "{what} at {at}: {found} instead of {right}"
        );
    }
}

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    let file = load("ops.json");
    let cases = file["cases"].as_array().expect("a list");
    assert_eq!(cases.len(), 16);
    for case in cases {
        let op = case["op"].as_str().expect("a name");
        let given = |input: &Value| {
            let number = |key: &str| input[key].as_f64().expect("a number");
            wave_var(
                &sizes(&input["shape"]),
                number("phase"),
                number("scale"),
                number("step"),
            )
        };
        let inputs: Vec<Var> = case["inputs"]
            .as_array()
            .expect("a list")
            .iter()
            .map(given)
            .collect();
        let tensors: Vec<Tensor> = inputs.iter().map(|var| var.as_tensor().clone()).collect();
        let out = apply(op, &tensors).expect("shapes that fit");
        assert_close(op, &flat(&out), &numbers(&case["out"]), 5e-6);
        let upstream = wave(out.dims(), 0.5, 1.0, 0.0);
        let found = gradients(op, &inputs, &upstream).expect("a gradient");
        for (at, (found, right)) in found
            .iter()
            .zip(case["gradients"].as_array().expect("a list"))
            .enumerate()
        {
            assert_close(
                &format!("{op}, gradient {at}"),
                found,
                &numbers(right),
                5e-6,
            );
        }
    }
}

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
    let store = ops::bce_with_logits(&map, &target)?.backward()?;
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
    let strided = map(&[1, 4, 4, 2]).transpose(1, 2).expect("four dimensions");
    assert!(problem(ops::relu(&strided)).contains("contiguous"));
}
