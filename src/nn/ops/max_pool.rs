//! The largest of each 2×2 block. Not candle's, whose gradient is a quarter of the right one. Of equal values the
//! first (in reading order) takes the gradient, as in PyTorch.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::kernel::level::{self, Level};
use super::kernel::pool;
use super::maps::{even_dims, slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use std::sync::OnceLock;

/// Max-pools [n, h, w, c] by 2: [n, h/2, w/2, c]. NaN wins.
///
/// # Errors
/// When height or width is odd, or `x` is not contiguous f32 on the CPU.
pub fn max_pool2(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(MaxPool2 {
        level: level::current().map_err(candle_core::Error::msg)?,
        winners: OnceLock::new(),
        #[cfg(feature = "cuda")]
        on_gpu: glue::Kept::new(),
    })
}

struct MaxPool2 {
    level: Level,
    /// Which of its four pixels each output came from: what the way back needs, in a byte instead of five floats.
    winners: OnceLock<Vec<u8>>,
    /// The same on the GPU.
    #[cfg(feature = "cuda")]
    on_gpu: glue::Kept,
}

impl CustomOp1 for MaxPool2 {
    fn name(&self) -> &'static str {
        "max_pool2"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let [n, height, width, channels] = even_dims(layout)?;
        let (out, winners) = pool::forward(self.level, slice(x, layout)?, width, channels);
        if self.winners.set(winners).is_err() {
            bail!("max_pool2: an operation is applied once");
        }
        Ok((
            CpuStorage::F32(out),
            (n, height / 2, width / 2, channels).into(),
        ))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, x: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        glue::max_pool2(x, layout, &self.on_gpu)
    }

    fn bwd(&self, x: &Tensor, _out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::max_pool2_back(x, gradient, &self.on_gpu).map(Some);
        }
        let [_, _, width, channels] = even_dims(x.layout())?;
        let Some(winners) = self.winners.get() else {
            bail!("max_pool2: there is no way back before the way there");
        };
        let numbers = with_slice(gradient, |g| {
            pool::backward(self.level, g, winners, width, channels)
        })?;
        tensor_like(x, numbers).map(Some)
    }
}
