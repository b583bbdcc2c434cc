//! Convolutions by tensor cores against the processor's of numbers that were rounded before, there and back. What a
//! process multiplies is one setting of it, so tests here take turns (scripts/cuda.sh).

use crate::gpu::gpu;
use crate::operations::{flat, wave};
use crate::rounding::rounded;
use ablate::config::Precision;
use ablate::nn::ops::{self, Activation, Scale};
use ablate::nn::use_precision;
use candle_core::{Device, Result, Tensor, Var};

/// A convolution of these numbers, and its way back from that gradient: what it gives, to the map, to the weights.
fn convolved(
    device: &Device,
    shapes: [&[usize]; 3],
    numbers: [&[f32]; 3],
    upstream: &[f32],
) -> Result<[Vec<f32>; 3]> {
    let var = |at: usize| Var::from_vec(numbers[at].to_vec(), shapes[at], device);
    let (map, weight, bias) = (var(0)?, var(1)?, var(2)?);
    let out = ops::conv2d(&[(&map, Scale::Full)], &weight, &bias, Activation::None)?;
    let upstream = Tensor::from_vec(upstream.to_vec(), out.shape(), device)?;
    let store = out.mul(&upstream)?.sum_all()?.backward()?;
    let gradient = |var: &Var| flat(store.get(var).expect("a gradient"));
    Ok([flat(&out)?, gradient(&map)?, gradient(&weight)?])
}

/// Other tests multiply f32, also when one here fails.
struct Back;

impl Drop for Back {
    fn drop(&mut self) {
        let _ = use_precision(Precision::F32);
    }
}

/// Oracle: the processor's convolution of rounded numbers.
#[test]
fn tensor_cores_multiply_rounded_numbers() {
    let Some(gpu) = gpu() else { return };
    let _back = Back;
    let shapes: [&[usize]; 3] = [&[8, 14, 14, 40], &[3, 3, 40, 72], &[72]];
    let numbers = shapes.map(|shape| wave(shape.iter().product(), shape.len() as f64));
    for precision in [Precision::Tf32, Precision::Bf16, Precision::F16] {
        if let Err(why) = use_precision(precision) {
            crate::common::note_skipped("tensor cores", &why.to_string());
            continue;
        }
        // f16 knows neither of the second and third.
        for size in [1.0, 2f32.powi(-40), 2f32.powi(30)] {
            if size != 1.0 && precision != Precision::F16 {
                continue;
            }
            let upstream: Vec<f32> = wave(8 * 14 * 14 * 72, 0.3);
            let round = |x: &Vec<f32>| x.iter().map(|&x| rounded(precision, x)).collect();
            let of_rounded: [Vec<f32>; 3] =
                [round(&numbers[0]), round(&numbers[1]), numbers[2].clone()];
            let multiplied: Vec<f32> = round(&upstream);
            let right = convolved(
                &Device::Cpu,
                shapes,
                of_rounded.each_ref().map(Vec::as_slice),
                &multiplied,
            )
            .expect("the processor's");
            let upstream: Vec<f32> = upstream.iter().map(|x| x * size).collect();
            let found = convolved(
                gpu,
                shapes,
                numbers.each_ref().map(Vec::as_slice),
                &upstream,
            )
            .expect("the GPU's");
            let scales = [1.0, size, size];
            for (part, (found, right)) in found.iter().zip(&right).enumerate() {
                let largest = right.iter().fold(1.0f32, |most, x| most.max(x.abs()));
                for (at, (found, right)) in found.iter().zip(right).enumerate() {
                    let found = found / scales[part];
                    assert!(
                        (found - right).abs() <= 1e-4 * largest,
                        "{precision:?}, gradients of about {size}, {part}, number {at}: {found} instead of {right}"
                    );
                }
            }
        }
    }
}
