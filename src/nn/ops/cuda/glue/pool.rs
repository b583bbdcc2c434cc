//! Max-pooling and upsampling.

use super::{Kept, gpu, keep, kept, on_gpu};
use crate::nn::ops::cuda::device::Work;
use crate::nn::ops::cuda::plan::pool;
use crate::nn::ops::maps::even_dims;
use candle_core::{CudaStorage, Layout, Result, Shape, Tensor, bail};

/// The pool; keeps the winners.
pub(in crate::nn::ops) fn max_pool2(
    x: &CudaStorage,
    layout: &Layout,
    winners: &Kept,
) -> Result<(CudaStorage, Shape)> {
    let dims = even_dims(layout)?;
    let mut work = Work::new("max_pool2", &x.device);
    let slot = work.storage(x, layout)?;
    let (out, winner) = pool::max_pool2(&mut work.program, slot, dims, false);
    let [out, winner] = work.run([out, winner])?;
    keep(winners, "max_pool2", vec![winner])?;
    let [n, height, width, channels] = dims;
    Ok((out, (n, height / 2, width / 2, channels).into()))
}

/// Its way back.
pub(in crate::nn::ops) fn max_pool2_back(
    x: &Tensor,
    gradient: &Tensor,
    winners: &Kept,
) -> Result<Tensor> {
    let mut work = Work::new("max_pool2", gpu(x)?);
    let slot = work.tensor(gradient);
    let winners = work.kept(&kept(winners, "max_pool2")?[0])?;
    let to = pool::max_pool2_back(&mut work.program, slot, winners, even_dims(x.layout())?);
    let [to] = work.run([to])?;
    on_gpu(x, to)
}

/// Every pixel four times.
pub(in crate::nn::ops) fn upsample2(
    x: &CudaStorage,
    layout: &Layout,
) -> Result<(CudaStorage, Shape)> {
    let (n, height, width, channels) = layout.shape().dims4()?;
    if width * channels == 0 {
        bail!(
            "upsample2: expected a map with pixels, found {:?}",
            layout.shape()
        );
    }
    let mut work = Work::new("upsample2", &x.device);
    let slot = work.storage(x, layout)?;
    let out = pool::upsample2(&mut work.program, slot, [n, height, width, channels]);
    let [out] = work.run([out])?;
    Ok((out, (n, 2 * height, 2 * width, channels).into()))
}

/// Its way back.
pub(in crate::nn::ops) fn upsample2_back(x: &Tensor, gradient: &Tensor) -> Result<Tensor> {
    let (n, height, width, channels) = x.dims4()?;
    let mut work = Work::new("upsample2", gpu(x)?);
    let slot = work.tensor(gradient);
    let to = pool::upsample2_back(&mut work.program, slot, [n, height, width, channels]);
    let [to] = work.run([to])?;
    on_gpu(x, to)
}
