//! e^x / Σe^x over the last dimension. Not candle's, which has no gradient and the platform's exponential.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::kernel::lanes::{Simd, Work};
use super::kernel::level::{self, Level};
use super::kernel::softmax;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, D, Layout, Result, Shape, Tensor, bail};

/// Softmax over the last dimension.
///
/// # Errors
/// When that is empty, `x` is not contiguous f32 on the CPU, or `ABLATE_SIMD` names a level that is not there.
pub fn softmax_last(x: &Tensor) -> Result<Tensor> {
    if x.dim(D::Minus1)? == 0 {
        bail!(
            "softmax_last: expected numbers along the last dimension, found {:?}",
            x.shape()
        );
    }
    let level = level::current().map_err(candle_core::Error::msg)?;
    x.apply_op1(SoftmaxLast { level })
}

struct SoftmaxLast {
    level: Level,
}

struct Forward<'a> {
    x: &'a [f32],
    row: usize,
}

impl Work for Forward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> Vec<f32> {
        let mut out = self.x.to_vec();
        for row in out.chunks_exact_mut(self.row) {
            softmax::softmax(row);
        }
        out
    }
}

struct Backward<'a> {
    out: &'a [f32],
    gradient: &'a [f32],
    row: usize,
}

impl Work for Backward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> Vec<f32> {
        let mut numbers = self.gradient.to_vec();
        let rows = self.out.chunks_exact(self.row);
        for (out, gradient) in rows.zip(numbers.chunks_exact_mut(self.row)) {
            softmax::back(out, gradient);
        }
        numbers
    }
}

impl CustomOp1 for SoftmaxLast {
    fn name(&self) -> &'static str {
        "softmax_last"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let row = layout.shape().dim(D::Minus1)?;
        let x = slice(x, layout)?;
        let out = self.level.run(Forward { x, row });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, x: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        glue::softmax(x, layout, layout.shape().dim(D::Minus1)?)
    }

    fn bwd(&self, _x: &Tensor, out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::softmax_back(out, gradient, out.dim(D::Minus1)?).map(Some);
        }
        let row = out.dim(D::Minus1)?;
        let numbers = with_slice(out, |out| {
            with_slice(gradient, |gradient| {
                self.level.run(Backward { out, gradient, row })
            })
        })??;
        tensor_like(out, numbers).map(Some)
    }
}
