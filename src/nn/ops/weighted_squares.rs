//! Squared errors, weighted by image: what diffusion networks are trained by.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

/// Σ_i w_i Σ_j (prediction_ij − target_ij)² over the images i of two tensors [n, ..] and their numbers j. A sum:
/// callers divide, also over micro-batches. Only `prediction` gets a gradient, 2·w_i·(prediction − target).
///
/// # Errors
/// When shapes differ, there is not one weight an image, or tensors are not contiguous f32 on the CPU.
pub fn weighted_squares(prediction: &Tensor, target: &Tensor, weights: &[f32]) -> Result<Tensor> {
    if prediction.dims() != target.dims() || prediction.dim(0)? != weights.len() {
        bail!(
            "weighted_squares: expected equal shapes and a weight for each image, found {:?}, {:?} and {} weights",
            prediction.shape(),
            target.shape(),
            weights.len()
        );
    }
    let weights = weights.to_vec();
    prediction.apply_op2(&target.detach(), WeightedSquares { weights })
}

struct WeightedSquares {
    weights: Vec<f32>,
}

/// Σ (a − b)² in f64, by eight, so that neither order nor length costs precision or speed.
fn squares(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            let error = f64::from(a) - f64::from(b);
            *sum += error * error;
        }
    }
    sums.iter().sum()
}

impl WeightedSquares {
    /// Numbers of an image.
    fn size(&self, numbers: &[f32]) -> usize {
        (numbers.len() / self.weights.len().max(1)).max(1)
    }
}

impl CustomOp2 for WeightedSquares {
    fn name(&self) -> &'static str {
        "weighted_squares"
    }

    fn cpu_fwd(
        &self,
        prediction: &CpuStorage,
        prediction_layout: &Layout,
        target: &CpuStorage,
        target_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let prediction = slice(prediction, prediction_layout)?;
        let size = self.size(prediction);
        let targets = slice(target, target_layout)?.chunks_exact(size);
        let images = prediction
            .chunks_exact(size)
            .zip(targets)
            .zip(&self.weights);
        let losses = images.map(|((a, b), &weight)| f64::from(weight) * squares(a, b));
        Ok((CpuStorage::F32(vec![losses.sum::<f64>() as f32]), ().into()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        prediction: &CudaStorage,
        prediction_layout: &Layout,
        target: &CudaStorage,
        target_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        glue::weighted_squares(
            (prediction, prediction_layout),
            (target, target_layout),
            &self.weights,
        )
    }

    fn bwd(
        &self,
        prediction: &Tensor,
        target: &Tensor,
        _sum: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            let to = glue::weighted_squares_back(prediction, target, &self.weights, gradient)?;
            return Ok((Some(to), None));
        }
        let scale = gradient.to_scalar::<f32>()?;
        let numbers = with_slice(prediction, |a| {
            with_slice(target, |b| {
                let size = self.size(a);
                let images = a.chunks_exact(size).zip(b.chunks_exact(size));
                let mut numbers = Vec::with_capacity(a.len());
                for ((a, b), weight) in images.zip(&self.weights) {
                    let slope = 2.0 * scale * weight;
                    numbers.extend(a.iter().zip(b).map(|(a, b)| slope * (a - b)));
                }
                numbers
            })
        })??;
        Ok((Some(tensor_like(prediction, numbers)?), None))
    }
}
