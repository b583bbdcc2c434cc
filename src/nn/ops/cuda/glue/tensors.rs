//! Storages of the GPU as tensors, and what operations keep for their way back.

use candle_core::{
    CpuStorage, CudaDevice, CudaStorage, CustomOp1, Device, Layout, Result, Shape, Tensor, bail,
};
use std::sync::{Mutex, OnceLock, PoisonError};

/// What an operation keeps on the GPU between its way there and its way back.
pub(in crate::nn::ops) type Kept = OnceLock<Vec<CudaStorage>>;

/// Keeps it.
///
/// # Errors
/// When the operation is applied a second time.
pub(in crate::nn::ops) fn keep(
    kept: &Kept,
    operation: &str,
    storages: Vec<CudaStorage>,
) -> Result<()> {
    if kept.set(storages).is_err() {
        bail!("{operation}: an operation is applied once");
    }
    Ok(())
}

/// What was kept.
///
/// # Errors
/// Before the way there.
pub(in crate::nn::ops) fn kept<'a>(kept: &'a Kept, operation: &str) -> Result<&'a [CudaStorage]> {
    match kept.get() {
        Some(storages) => Ok(storages),
        None => bail!("{operation}: there is no way back before the way there"),
    }
}

/// The GPU that a tensor is on.
///
/// # Errors
/// When it is not on one.
pub(in crate::nn::ops) fn gpu(tensor: &Tensor) -> Result<&CudaDevice> {
    match tensor.device() {
        Device::Cuda(device) => Ok(device),
        _ => bail!(
            "expected a tensor on the GPU, found one on {:?}",
            tensor.device()
        ),
    }
}

/// A tensor of the same shape as `like`, which is on the same GPU.
///
/// # Errors
/// When it does not fit.
pub(in crate::nn::ops) fn on_gpu(like: &Tensor, storage: CudaStorage) -> Result<Tensor> {
    shaped(like, storage, like.shape().clone())
}

/// A tensor of this shape on the GPU of `beside`.
///
/// # Errors
/// When it does not fit.
pub(in crate::nn::ops) fn shaped(
    beside: &Tensor,
    storage: CudaStorage,
    shape: Shape,
) -> Result<Tensor> {
    let shape_and_storage = Mutex::new(Some((storage, shape)));
    beside.apply_op1_no_bwd(&Ready(shape_and_storage))
}

/// candle makes tensors of a GPU's storage only as results of operations: this one gives what is there already.
struct Ready(Mutex<Option<(CudaStorage, Shape)>>);

impl CustomOp1 for Ready {
    fn name(&self) -> &'static str {
        "ready"
    }

    fn cpu_fwd(&self, _beside: &CpuStorage, _layout: &Layout) -> Result<(CpuStorage, Shape)> {
        bail!("a result of the GPU beside a tensor that is not on it")
    }

    fn cuda_fwd(&self, _beside: &CudaStorage, _layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match place.take() {
            Some(ready) => Ok(ready),
            None => bail!("a result is taken once"),
        }
    }
}
