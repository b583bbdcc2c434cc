//! max(x, 0). Not candle's, whose gradient at 0 is 1; here it is 0, as in PyTorch. NaN stays NaN, so that a net
//! that diverges is seen to.

#[cfg(feature = "cuda")]
use super::cuda::glue;
#[cfg(feature = "cuda")]
use super::cuda::plan;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// max(x, 0), element by element.
///
/// # Errors
/// When `x` is not contiguous f32 on the CPU.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(Relu)
}

struct Relu;

impl CustomOp1 for Relu {
    fn name(&self) -> &'static str {
        "relu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let rectified = |&x: &f32| if x < 0.0 { 0.0 } else { x };
        let out = slice(x, layout)?.iter().map(rectified).collect();
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, x: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        glue::each("relu", x, layout, plan::pointwise::relu)
    }

    fn bwd(&self, _x: &Tensor, out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::each_back("relu", out, gradient, plan::pointwise::relu_back).map(Some);
        }
        let passed = |(&y, &g): (&f32, &f32)| if y <= 0.0 { 0.0 } else { g };
        let numbers = with_slice(out, |y| {
            with_slice(gradient, |g| y.iter().zip(g).map(passed).collect())
        })??;
        tensor_like(out, numbers).map(Some)
    }
}
