//! The CPU's operations, as what is right.

use ablate::nn::ops::kernel::conv::Scale;
use candle_core::{Device, Result, Tensor, Var};

/// Numbers in [−1, 1] that do not repeat.
pub fn wave(count: usize, offset: f64) -> Vec<f32> {
    let number = |at: usize| (1.7 * at as f64 + offset).sin() as f32;
    (0..count).map(number).collect()
}

/// As [`wave`], rounded to quarters: with equal numbers, and zeros.
pub fn coarse(count: usize, offset: f64) -> Vec<f32> {
    let round = |x: f32| (4.0 * x).round() / 4.0;
    wave(count, offset).into_iter().map(round).collect()
}

/// What an operation gives, and the gradients of its inputs for a gradient of its result.
pub struct Twin {
    /// Its result.
    pub out: Vec<f32>,
    /// The gradient of that.
    pub upstream: Vec<f32>,
    /// Of the inputs.
    pub gradients: Vec<Vec<f32>>,
}

pub fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")
}

pub fn tensor(numbers: &[f32], shape: &[usize]) -> Tensor {
    Tensor::from_slice(numbers, shape, &Device::Cpu).expect("a shape that fits")
}

/// Runs it on inputs of these shapes, and back from numbers that do not repeat.
pub fn twin(
    inputs: &[(&[f32], &[usize])],
    operation: impl Fn(&[Tensor]) -> Result<Tensor>,
) -> Twin {
    twin_from(inputs, |out| wave(out.len(), 0.3), operation)
}

/// The same, back from the gradient that `upstream` makes of what it gives.
pub fn twin_from(
    inputs: &[(&[f32], &[usize])],
    upstream: impl Fn(&[f32]) -> Vec<f32>,
    operation: impl Fn(&[Tensor]) -> Result<Tensor>,
) -> Twin {
    let var = |(numbers, shape): &(&[f32], &[usize])| {
        Var::from_tensor(&tensor(numbers, shape)).expect("a variable")
    };
    let vars: Vec<Var> = inputs.iter().map(var).collect();
    let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    let out = operation(&tensors).expect("the CPU's operation");
    let upstream = upstream(&flat(&out));
    let weighted = out.mul(&tensor(&upstream, out.dims()));
    let store = weighted.and_then(|out| out.sum_all()?.backward());
    let store = store.expect("a way back");
    let gradient = |var: &Var| flat(store.get(var).expect("a gradient"));
    Twin {
        out: flat(&out),
        upstream,
        gradients: vars.iter().map(gradient).collect(),
    }
}

/// Height and width of a map at this scale below one of the given size.
pub fn below(scale: Scale, [height, width]: [usize; 2]) -> [usize; 2] {
    match scale {
        Scale::Full => [height, width],
        Scale::Upsampled => [height / 2, width / 2],
    }
}
