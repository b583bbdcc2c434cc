//! x·σ(x) ("sigmoid linear unit", Elfwing et al. 2018), with the exponential of [`super::exponential`].

#[cfg(feature = "cuda")]
use super::cuda::glue;
#[cfg(feature = "cuda")]
use super::cuda::plan;
use super::kernel::lanes::{Simd, Work};
use super::kernel::level::{self, Level};
use super::kernel::normalised;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// x·σ(x), element by element.
///
/// # Errors
/// When `x` is not contiguous f32 on the CPU, or `ABLATE_SIMD` names a level that is not there.
pub fn silu(x: &Tensor) -> Result<Tensor> {
    let level = level::current().map_err(candle_core::Error::msg)?;
    x.apply_op1(Silu { level })
}

struct Silu {
    level: Level,
}

struct Forward<'a>(&'a [f32]);

impl Work for Forward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> Vec<f32> {
        let mut out = self.0.to_vec();
        normalised::silu(&mut out);
        out
    }
}

struct Backward<'a> {
    x: &'a [f32],
    gradient: &'a [f32],
}

impl Work for Backward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> Vec<f32> {
        let mut numbers = self.x.to_vec();
        normalised::silu_back(&mut numbers, self.gradient);
        numbers
    }
}

impl CustomOp1 for Silu {
    fn name(&self) -> &'static str {
        "silu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let out = self.level.run(Forward(slice(x, layout)?));
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, x: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        glue::each("silu", x, layout, plan::pointwise::silu)
    }

    fn bwd(&self, x: &Tensor, _out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::each_back("silu", x, gradient, plan::pointwise::silu_back).map(Some);
        }
        let numbers = with_slice(x, |x| {
            with_slice(gradient, |gradient| {
                self.level.run(Backward { x, gradient })
            })
        })??;
        tensor_like(x, numbers).map(Some)
    }
}
