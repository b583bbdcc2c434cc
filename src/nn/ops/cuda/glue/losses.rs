//! Losses. The gradient of the sum stays on the GPU, so that nobody waits for it.

use super::{gpu, on_gpu};
use crate::nn::ops::cuda::device::Work;
use crate::nn::ops::cuda::plan::losses;
use candle_core::{CudaStorage, Layout, Result, Shape, Tensor};

/// Binary cross-entropy.
pub(in crate::nn::ops) fn bce(
    logits: (&CudaStorage, &Layout),
    targets: (&CudaStorage, &Layout),
) -> Result<(CudaStorage, Shape)> {
    let count = logits.1.shape().elem_count();
    let mut work = Work::new("bce_with_logits", &logits.0.device);
    let logits = work.storage(logits.0, logits.1)?;
    let targets = work.storage(targets.0, targets.1)?;
    let sum = losses::bce(&mut work.program, logits, targets, count);
    let [sum] = work.run([sum])?;
    Ok((sum, ().into()))
}

/// Its way back.
pub(in crate::nn::ops) fn bce_back(
    logits: &Tensor,
    targets: &Tensor,
    gradient: &Tensor,
) -> Result<Tensor> {
    let mut work = Work::new("bce_with_logits", gpu(logits)?);
    let [z, y, scale] = [logits, targets, gradient].map(|tensor| work.tensor(tensor));
    let to = losses::bce_back(&mut work.program, z, y, scale, logits.elem_count());
    let [to] = work.run([to])?;
    on_gpu(logits, to)
}

/// Weighted squared errors.
pub(in crate::nn::ops) fn weighted_squares(
    prediction: (&CudaStorage, &Layout),
    target: (&CudaStorage, &Layout),
    weights: &[f32],
) -> Result<(CudaStorage, Shape)> {
    let count = prediction.1.shape().elem_count();
    let mut work = Work::new("weighted_squares", &prediction.0.device);
    let prediction = work.storage(prediction.0, prediction.1)?;
    let target = work.storage(target.0, target.1)?;
    let size = (count / weights.len().max(1)).max(1);
    let weights = work.floats(weights)?;
    let program = &mut work.program;
    let sum = losses::weighted_squares(program, prediction, target, weights, count, size);
    let [sum] = work.run([sum])?;
    Ok((sum, ().into()))
}

/// Its way back.
pub(in crate::nn::ops) fn weighted_squares_back(
    prediction: &Tensor,
    target: &Tensor,
    weights: &[f32],
    gradient: &Tensor,
) -> Result<Tensor> {
    let count = prediction.elem_count();
    let mut work = Work::new("weighted_squares", gpu(prediction)?);
    let [a, b, scale] = [prediction, target, gradient].map(|tensor| work.tensor(tensor));
    let size = (count / weights.len().max(1)).max(1);
    let slots = [a, b, work.floats(weights)?, scale];
    let to = losses::weighted_squares_back(&mut work.program, slots, count, size);
    let [to] = work.run([to])?;
    on_gpu(prediction, to)
}

/// Cross-entropy of rows of so many classes.
pub(in crate::nn::ops) fn cross_entropy(
    logits: &CudaStorage,
    layout: &Layout,
    right: &[u8],
    classes: usize,
) -> Result<(CudaStorage, Shape)> {
    let mut work = Work::new("cross_entropy", &logits.device);
    let slot = work.storage(logits, layout)?;
    let of_rows = work.bytes(right)?;
    let sum = losses::cross_entropy(&mut work.program, slot, of_rows, right.len(), classes);
    let [sum] = work.run([sum])?;
    Ok((sum, ().into()))
}

/// Its way back.
pub(in crate::nn::ops) fn cross_entropy_back(
    logits: &Tensor,
    gradient: &Tensor,
    right: &[u8],
    classes: usize,
) -> Result<Tensor> {
    let mut work = Work::new("cross_entropy", gpu(logits)?);
    let (z, scale) = (work.tensor(logits), work.tensor(gradient));
    let slots = [z, work.bytes(right)?, scale];
    let to = losses::cross_entropy_back(&mut work.program, slots, right.len(), classes);
    let [to] = work.run([to])?;
    on_gpu(logits, to)
}
