//! Every operation on a GPU against the same one on the processor, there and back.

use crate::gpu::gpu;
use ablate::nn::ops::{self, Activation, AttentionMask, AttentionWeights, Normalised, Scale};
use ablate::seed::Key;
use candle_core::{Device, Result, Tensor, Var};

pub fn wave(count: usize, offset: f64) -> Vec<f32> {
    let number = |at: usize| (1.7 * at as f64 + offset).sin() as f32;
    (0..count).map(number).collect()
}

pub fn flat(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}

type Operation<'a> = &'a dyn Fn(&[Tensor]) -> Result<Tensor>;

/// What the operation gives on a device, and the gradients that it gives its inputs.
fn on(device: &Device, shapes: &[&[usize]], operation: Operation<'_>) -> Result<Vec<Vec<f32>>> {
    let mut vars = Vec::new();
    for (at, shape) in shapes.iter().enumerate() {
        let numbers = wave(shape.iter().product(), at as f64);
        vars.push(Var::from_vec(numbers, *shape, device)?);
    }
    let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    let out = operation(&tensors)?;
    let upstream = Tensor::from_vec(wave(out.elem_count(), 0.3), out.shape(), device)?;
    let store = out.mul(&upstream)?.sum_all()?.backward()?;
    let mut all = vec![flat(&out)?];
    for var in &vars {
        if let Some(gradient) = store.get(var) {
            all.push(flat(gradient)?);
        }
    }
    Ok(all)
}

/// Off by at most `tolerance` of the largest number, or of 1.
fn compare(name: &str, tolerance: f32, shapes: &[&[usize]], operation: Operation<'_>) {
    let Some(gpu) = gpu() else { return };
    let right = on(&Device::Cpu, shapes, operation).expect("the processor's");
    let found = on(gpu, shapes, operation).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(found.len(), right.len(), "{name}: as many gradients");
    for (part, (found, right)) in found.iter().zip(&right).enumerate() {
        let largest = right.iter().fold(1.0f32, |most, x| most.max(x.abs()));
        assert_eq!(found.len(), right.len(), "{name}");
        for (at, (found, right)) in found.iter().zip(right).enumerate() {
            let close = (found - right).abs() <= tolerance * largest;
            assert!(
                close,
                "{name}, {part}, number {at}: {found} instead of {right}"
            );
        }
    }
    // The same bits each time.
    let again = on(gpu, shapes, operation).expect("as before");
    assert!(again == found, "{name}: other bits the second time");
}

#[test]
fn pointwise_operations_and_moves() {
    let map: &[usize] = &[16, 28, 28, 33];
    compare("relu", 0.0, &[map], &|x| ops::relu(&x[0]));
    compare("sigmoid", 1e-6, &[map], &|x| ops::sigmoid(&x[0]));
    compare("silu", 1e-6, &[map], &|x| ops::silu(&x[0]));
    compare("max_pool2", 0.0, &[map], &|x| ops::max_pool2(&x[0]));
    compare("upsample2", 1e-6, &[map], &|x| ops::upsample2(&x[0]));
    compare("crop", 0.0, &[map], &|x| ops::crop(&x[0]));
    compare("patches", 1e-6, &[map], &|x| ops::patches_stride2(&x[0]));
    compare("concat", 0.0, &[map, &[16, 28, 28, 7]], &|x| {
        ops::concat(&x[0], &x[1])
    });
    compare("add_per_image", 1e-6, &[map, &[16, 33]], &|x| {
        ops::add_per_image(&x[0], &x[1])
    });
    compare("lookup", 1e-6, &[&[10, 65]], &|x| {
        ops::lookup(&x[0], &[3, 9, 3, 0, 3])
    });
    let keys: Vec<Key> = (0..16)
        .map(|image| Key::new(1, "dropout").number(image))
        .collect();
    compare("dropout", 1e-6, &[map], &|x| {
        ops::dropout(&x[0], &keys, 0.25)
    });
}

#[test]
fn losses_and_softmax() {
    let map: &[usize] = &[128, 28, 28, 1];
    compare("bce", 1e-6, &[map, map], &|x| {
        ops::bce_with_logits(&x[0], &x[1].sqr()?)
    });
    let weights = wave(128, 0.0);
    compare("weighted squares", 1e-6, &[map, map], &|x| {
        ops::weighted_squares(&x[0], &x[1], &weights)
    });
    let right: Vec<u8> = (0..128).map(|row| row % 10).collect();
    compare("cross-entropy", 1e-6, &[&[128, 10]], &|x| {
        ops::cross_entropy(&x[0], &right)
    });
    let slopes = wave(1280, 1.0);
    compare("given", 1e-6, &[&[128, 10]], &|x| {
        ops::given(&x[0], 2.5, slopes.clone())
    });
    compare("softmax", 1e-6, &[&[64, 301]], &|x| {
        ops::softmax_last(&x[0])
    });
    for weights in [
        AttentionWeights::Softmax,
        AttentionWeights::Sigmoid,
        AttentionWeights::Uniform,
    ] {
        for mask in [AttentionMask::None, AttentionMask::Causal] {
            let inputs: [&[usize]; 3] = [&[8, 49, 32], &[8, 49, 32], &[8, 49, 20]];
            compare("attention", 1e-5, &inputs, &|x| {
                ops::attention(&x[0], &x[1], &x[2], weights, mask, 0.2)
            });
        }
    }
}

#[test]
fn normalisation() {
    let map: &[usize] = &[16, 14, 14, 64];
    for after in [Normalised::Plain, Normalised::Relu, Normalised::Silu] {
        compare("group_norm", 1e-5, &[map, &[64], &[64]], &|x| {
            ops::group_norm(&x[0], &x[1], &x[2], 8, after)
        });
        compare("batch_norm", 1e-5, &[map, &[64], &[64]], &|x| {
            Ok(ops::batch_norm(&x[0], &x[1], &x[2], after)?.0)
        });
    }
}

/// Of the nets of science.md §1, at their sizes.
#[test]
fn convolutions() {
    let relu = Activation::Relu;
    for (map, outputs, kernel) in [
        ([16, 28, 28, 1], 64, 3),
        ([16, 14, 14, 64], 128, 3),
        ([16, 7, 7, 128], 16, 3),
        ([16, 28, 28, 64], 1, 3),
        ([16, 14, 14, 64], 16, 1),
    ] {
        let weight = [kernel, kernel, map[3], outputs];
        compare("conv2d", 5e-5, &[&map, &weight, &[outputs]], &|x| {
            ops::conv2d(&[(&x[0], Scale::Full)], &x[1], &x[2], relu)
        });
        if kernel == 3 {
            compare(
                "conv_pool",
                5e-5,
                &[&map, &weight, &[outputs]],
                &|x| match map[1] % 2 {
                    0 => ops::conv2d_relu_max_pool2(&x[0], &x[1], &x[2]),
                    _ => ops::conv2d(&[(&x[0], Scale::Full)], &x[1], &x[2], relu),
                },
            );
        }
    }
    let joined: [&[usize]; 4] = [
        &[16, 7, 7, 128],
        &[16, 14, 14, 128],
        &[3, 3, 256, 64],
        &[64],
    ];
    compare("joined conv2d", 5e-5, &joined, &|x| {
        let maps = [(&x[0], Scale::Upsampled), (&x[1], Scale::Full)];
        ops::conv2d(&maps, &x[2], &x[3], relu)
    });
    let block: [&[usize]; 7] = [
        &[16, 14, 14, 64],
        &[1, 1, 64, 16],
        &[16],
        &[3, 3, 16, 16],
        &[16],
        &[1, 1, 16, 64],
        &[64],
    ];
    compare("chain", 5e-5, &block, &|x| {
        let link = |at: usize, shortcut| ops::Link {
            weight: &x[at],
            bias: &x[at + 1],
            shortcut,
        };
        ops::chain(&x[0], &[link(1, None), link(3, None), link(5, Some(0))])
    });
}

/// Running averages of a batch normalisation move as on the processor.
#[test]
fn running_averages() {
    let Some(gpu) = gpu() else { return };
    let moved = |device: &Device| -> Result<[Vec<f32>; 2]> {
        let tensor = |count: usize, offset| Tensor::from_vec(wave(count, offset), count, device);
        let map = tensor(16 * 14 * 14 * 64, 0.0)?.reshape((16, 14, 14, 64))?;
        let [mean, variance] = [1.0, 2.0].map(|offset| Var::from_tensor(&tensor(64, offset)?));
        let (mean, variance) = (mean?, variance?);
        let (scale, shift) = (tensor(64, 3.0)?, tensor(64, 4.0)?);
        let (_, batch) = ops::batch_norm(&map, &scale, &shift, Normalised::Plain)?;
        batch.move_averages(&mean, &variance, 0.1)?;
        Ok([mean.to_vec1()?, variance.to_vec1()?])
    };
    let right = moved(&Device::Cpu).expect("the processor's").concat();
    let found = moved(gpu).expect("the GPU's").concat();
    for (found, right) in found.iter().zip(&right) {
        assert!((found - right).abs() < 1e-6, "{found} instead of {right}");
    }
}

#[test]
fn what_the_gpu_has_no_room_for_is_an_error_that_tells_its_size() {
    let Some(gpu) = gpu() else { return };
    let map = |side: usize| Tensor::zeros((1, side, side, 1), candle_core::DType::F32, gpu);
    // Of 2 GiB each: no GPU holds a hundred.
    let mut held = Vec::new();
    let problem = loop {
        let found = map(11_584).and_then(|x| ops::upsample2(&x));
        match found {
            Ok(out) => held.push(out),
            Err(error) => break error.to_string(),
        }
        assert!(held.len() < 200, "never out of memory");
    };
    assert!(
        problem.contains("bytes") || problem.contains("OUT_OF_MEMORY"),
        "{problem}"
    );
    drop(held);
    ops::relu(&map(100).expect("there is room again")).expect("the device still works");
}
