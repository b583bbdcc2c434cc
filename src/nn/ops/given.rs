//! A loss that the caller has worked out by formula, with its derivative, as a node of the graph.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::maps::tensor_like;
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

/// A scalar with this value whose gradient to `input` is `gradient`, a number for each of its numbers, row-major.
///
/// # Errors
/// When there are not as many numbers.
pub fn given(input: &Tensor, value: f64, gradient: Vec<f32>) -> Result<Tensor> {
    if gradient.len() != input.elem_count() {
        bail!(
            "given: {} slopes do not fit an input {:?}",
            gradient.len(),
            input.shape()
        );
    }
    input.apply_op1(Given { value, gradient })
}

struct Given {
    value: f64,
    gradient: Vec<f32>,
}

impl CustomOp1 for Given {
    fn name(&self) -> &'static str {
        "given"
    }

    fn cpu_fwd(&self, _input: &CpuStorage, _layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(vec![self.value as f32]), ().into()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, input: &CudaStorage, _layout: &Layout) -> Result<(CudaStorage, Shape)> {
        glue::scalar(input, self.value as f32)
    }

    fn bwd(&self, input: &Tensor, _out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::scaled(input, &self.gradient, gradient).map(Some);
        }
        let scale = gradient.to_scalar::<f32>()?;
        let numbers = self.gradient.iter().map(|slope| scale * slope).collect();
        tensor_like(input, numbers).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    /// Oracle: by hand, the loss x·y of (3, 4) as formula, tripled by the graph.
    #[test]
    fn value_and_gradient_are_as_given() -> Result<()> {
        let input = Var::from_vec(vec![3.0f32, 4.0], (1, 2), &Device::Cpu)?;
        let loss = given(&input, 12.0, vec![4.0, 3.0])?;
        assert_eq!(loss.to_scalar::<f32>()?, 12.0);
        let store = loss.affine(3.0, 0.0)?.backward()?;
        let found = store.get(&input).map(Tensor::to_vec2::<f32>).transpose()?;
        assert_eq!(found, Some(vec![vec![12.0, 9.0]]));
        assert!(given(&input, 12.0, vec![4.0]).is_err());
        Ok(())
    }
}
