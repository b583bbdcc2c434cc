//! Softmax and attention.

use super::{Kept, gpu, keep, kept, on_gpu, shaped};
use crate::nn::ops::cuda::device::Work;
use crate::nn::ops::cuda::plan::attention;
use crate::nn::ops::kernel::attention::Attend;
use candle_core::{CudaStorage, Layout, Result, Shape, Tensor};

/// Softmax of rows of this length.
pub(in crate::nn::ops) fn softmax(
    x: &CudaStorage,
    layout: &Layout,
    length: usize,
) -> Result<(CudaStorage, Shape)> {
    let rows = layout.shape().elem_count() / length;
    let mut work = Work::new("softmax_last", &x.device);
    let slot = work.storage(x, layout)?;
    let out = attention::softmax(&mut work.program, slot, rows, length);
    let [out] = work.run([out])?;
    Ok((out, layout.shape().clone()))
}

/// Its way back.
pub(in crate::nn::ops) fn softmax_back(
    out: &Tensor,
    gradient: &Tensor,
    length: usize,
) -> Result<Tensor> {
    let size = [out.elem_count() / length, length];
    let mut work = Work::new("softmax_last", gpu(out)?);
    let (y, g) = (work.tensor(out), work.tensor(gradient));
    let to = attention::softmax_back(&mut work.program, y, g, size, 1.0);
    let [to] = work.run([to])?;
    on_gpu(out, to)
}

/// Attention of queries, keys and values; keeps the weights.
pub(in crate::nn::ops) fn attend(
    attend: Attend,
    [q, k, v]: [(&CudaStorage, &Layout); 3],
    weights: &Kept,
) -> Result<(CudaStorage, Shape)> {
    let n = v.1.shape().dim(0)?;
    let mut work = Work::new("attention", &q.0.device);
    let slots = [
        work.storage(q.0, q.1)?,
        work.storage(k.0, k.1)?,
        work.storage(v.0, v.1)?,
    ];
    let found = attention::weights(&mut work.program, attend, n, slots[0], slots[1]);
    let out = attention::out(&mut work.program, attend, n, found, slots[2]);
    let [out, found] = work.run([out, found])?;
    keep(weights, "attention", vec![found])?;
    Ok((out, v.1.shape().clone()))
}

/// Its way back, to queries, keys and values.
pub(in crate::nn::ops) fn attend_back(
    attend: Attend,
    inputs: [&Tensor; 3],
    gradient: &Tensor,
    weights: &Kept,
) -> Result<[Tensor; 3]> {
    let n = gradient.dim(0)?;
    let mut work = Work::new("attention", gpu(gradient)?);
    let slots = inputs.map(|tensor| work.tensor(tensor));
    let weights = work.kept(&kept(weights, "attention")?[0])?;
    let gradient = work.tensor(gradient);
    let found = attention::back(&mut work.program, attend, n, slots, weights, gradient);
    let [to_q, to_k, to_v] = work.run(found)?;
    let [q, k, v] = inputs;
    Ok([on_gpu(q, to_q)?, on_gpu(k, to_k)?, on_gpu(v, to_v)?])
}

/// The weights alone, [n, positions, positions], without a gradient.
pub(in crate::nn::ops) fn attention_weights(
    attend: Attend,
    q: &Tensor,
    k: &Tensor,
) -> Result<Tensor> {
    let n = q.dim(0)?;
    let mut work = Work::new("attention_weights", gpu(q)?);
    let slots = [work.tensor(q), work.tensor(k)];
    let weights = attention::weights(&mut work.program, attend, n, slots[0], slots[1]);
    let [weights] = work.run([weights])?;
    let positions = attend.positions;
    shaped(q, weights, (n, positions, positions).into())
}
