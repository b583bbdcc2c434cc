//! The logistic function σ(x) = 1/(1+e^−x). Not candle's, whose e^x is the platform's.

#[cfg(feature = "cuda")]
use super::cuda::glue;
#[cfg(feature = "cuda")]
use super::cuda::plan;
use super::exponential::logistic;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// σ(x), element by element.
///
/// # Errors
/// When `x` is not contiguous f32 on the CPU.
pub fn sigmoid(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(Sigmoid)
}

struct Sigmoid;

impl CustomOp1 for Sigmoid {
    fn name(&self) -> &'static str {
        "sigmoid"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let out = slice(x, layout)?.iter().map(|&x| logistic(x)).collect();
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, x: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        glue::each("sigmoid", x, layout, plan::pointwise::sigmoid)
    }

    /// σ′ = σ(1 − σ).
    fn bwd(&self, _x: &Tensor, out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::each_back("sigmoid", out, gradient, plan::pointwise::sigmoid_back)
                .map(Some);
        }
        let numbers = with_slice(out, |s| {
            with_slice(gradient, |g| {
                s.iter().zip(g).map(|(s, g)| g * s * (1.0 - s)).collect()
            })
        })??;
        tensor_like(out, numbers).map(Some)
    }
}
