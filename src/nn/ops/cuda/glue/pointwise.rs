//! What is done to every number by itself.

use super::{gpu, on_gpu};
use crate::nn::ops::cuda::device::Work;
use crate::nn::ops::cuda::plan::pointwise;
use crate::nn::ops::cuda::program::{Program, Slot};
use candle_core::{CudaStorage, Layout, Result, Shape, Tensor};

/// Of one argument.
pub(in crate::nn::ops) fn each(
    operation: &'static str,
    x: &CudaStorage,
    layout: &Layout,
    plan: fn(&mut Program, Slot, usize) -> Slot,
) -> Result<(CudaStorage, Shape)> {
    let mut work = Work::new(operation, &x.device);
    let slot = work.storage(x, layout)?;
    let out = plan(&mut work.program, slot, layout.shape().elem_count());
    let [out] = work.run([out])?;
    Ok((out, layout.shape().clone()))
}

/// The way back, from what went in or came out.
pub(in crate::nn::ops) fn each_back(
    operation: &'static str,
    from: &Tensor,
    gradient: &Tensor,
    plan: fn(&mut Program, Slot, Slot, usize) -> Slot,
) -> Result<Tensor> {
    let mut work = Work::new(operation, gpu(from)?);
    let slots = [work.tensor(from), work.tensor(gradient)];
    let to = plan(&mut work.program, slots[0], slots[1], from.elem_count());
    let [to] = work.run([to])?;
    on_gpu(from, to)
}

/// Dropout of an argument.
pub(in crate::nn::ops) fn dropout(
    x: &CudaStorage,
    layout: &Layout,
    kept: &[bool],
    scale: f32,
) -> Result<(CudaStorage, Shape)> {
    let mut work = Work::new("dropout", &x.device);
    let slot = work.storage(x, layout)?;
    let mask = work.bytes(&bytes(kept))?;
    let out = pointwise::dropout(&mut work.program, slot, mask, kept.len(), scale);
    let [out] = work.run([out])?;
    Ok((out, layout.shape().clone()))
}

/// Its way back.
pub(in crate::nn::ops) fn dropout_back(
    gradient: &Tensor,
    kept: &[bool],
    scale: f32,
) -> Result<Tensor> {
    let mut work = Work::new("dropout", gpu(gradient)?);
    let slot = work.tensor(gradient);
    let mask = work.bytes(&bytes(kept))?;
    let to = pointwise::dropout(&mut work.program, slot, mask, kept.len(), scale);
    let [to] = work.run([to])?;
    on_gpu(gradient, to)
}

fn bytes(kept: &[bool]) -> Vec<u8> {
    kept.iter().map(|&kept| kept.into()).collect()
}

/// A scalar of the host.
pub(in crate::nn::ops) fn scalar(beside: &CudaStorage, value: f32) -> Result<(CudaStorage, Shape)> {
    let mut work = Work::new("given", &beside.device);
    let out = pointwise::fill(&mut work.program, 1, value);
    let [out] = work.run([out])?;
    Ok((out, ().into()))
}

/// Slopes of the host times the gradient of a scalar.
pub(in crate::nn::ops) fn scaled(
    input: &Tensor,
    slopes: &[f32],
    gradient: &Tensor,
) -> Result<Tensor> {
    let mut work = Work::new("given", gpu(input)?);
    let (slots, factor) = (work.floats(slopes)?, work.tensor(gradient));
    let to = pointwise::scale_by(&mut work.program, slots, factor, slopes.len());
    let [to] = work.run([to])?;
    on_gpu(input, to)
}
