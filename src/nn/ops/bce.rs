//! Binary cross-entropy of logits z against targets y in [0, 1]: Σ max(z,0) − z·y + ln(1 + e^−|z|)
//! (science.md §4). Not candle's, which takes the logarithm of 0.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::exponential::{exp_of_negative, ln_1p_of_fraction, logistic};
use super::kernel::lanes::{Simd, Work};
use super::kernel::level::{self, Level};
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

/// The sum (not the mean: callers divide, also over micro-batches) over all elements, in nats. Only `logits` get a
/// gradient, σ(z) − y.
///
/// # Errors
/// When shapes differ, or tensors are not contiguous f32 on the CPU, or `ABLATE_SIMD` names a level that is not there.
pub fn bce_with_logits(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let level = level::current().map_err(candle_core::Error::msg)?;
    logits.apply_op2(&targets.detach(), BceWithLogits { level })
}

struct BceWithLogits {
    level: Level,
}

/// Σ loss. Sums in f64 by eight, so that neither order nor length costs precision or speed.
struct Total<'a> {
    logits: &'a [f32],
    targets: &'a [f32],
}

impl Work for Total<'_> {
    type Output = f64;

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> f64 {
        // The losses of a block first, in a loop that vectorises; one with the sums in it does not.
        const BLOCK: usize = 512;
        let mut losses = [0.0f32; BLOCK];
        let mut sums = [0.0f64; 8];
        let blocks = self.logits.chunks(BLOCK).zip(self.targets.chunks(BLOCK));
        for (logits, targets) in blocks {
            let losses = &mut losses[..logits.len()];
            for (loss, (&z, &y)) in losses.iter_mut().zip(logits.iter().zip(targets)) {
                let positive = if z < 0.0 { 0.0 } else { z };
                *loss = positive - z * y + ln_1p_of_fraction(exp_of_negative(-z.abs()));
            }
            for eight in losses.chunks(8) {
                for (sum, &loss) in sums.iter_mut().zip(eight) {
                    *sum += f64::from(loss);
                }
            }
        }
        sums.iter().sum()
    }
}

/// scale · (σ(z) − y).
struct Slope<'a> {
    logits: &'a [f32],
    targets: &'a [f32],
    scale: f32,
}

impl Work for Slope<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> Vec<f32> {
        let mut slopes = vec![0.0; self.logits.len()];
        let given = self.logits.iter().zip(self.targets);
        for (slope, (&z, &y)) in slopes.iter_mut().zip(given) {
            *slope = self.scale * (logistic(z) - y);
        }
        slopes
    }
}

fn same_shape(logits: &Layout, targets: &Layout) -> Result<()> {
    if logits.dims() != targets.dims() {
        bail!(
            "bce_with_logits: expected equal shapes, found {:?} and {:?}",
            logits.shape(),
            targets.shape()
        );
    }
    Ok(())
}

impl CustomOp2 for BceWithLogits {
    fn name(&self) -> &'static str {
        "bce_with_logits"
    }

    fn cpu_fwd(
        &self,
        logits: &CpuStorage,
        logits_layout: &Layout,
        targets: &CpuStorage,
        targets_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        same_shape(logits_layout, targets_layout)?;
        let sum = self.level.run(Total {
            logits: slice(logits, logits_layout)?,
            targets: slice(targets, targets_layout)?,
        });
        Ok((CpuStorage::F32(vec![sum as f32]), ().into()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        logits: &CudaStorage,
        logits_layout: &Layout,
        targets: &CudaStorage,
        targets_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        same_shape(logits_layout, targets_layout)?;
        glue::bce((logits, logits_layout), (targets, targets_layout))
    }

    fn bwd(
        &self,
        logits: &Tensor,
        targets: &Tensor,
        _sum: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return Ok((Some(glue::bce_back(logits, targets, gradient)?), None));
        }
        let scale = gradient.to_scalar::<f32>()?;
        let numbers = with_slice(logits, |logits| {
            with_slice(targets, |targets| {
                self.level.run(Slope {
                    logits,
                    targets,
                    scale,
                })
            })
        })??;
        Ok((Some(tensor_like(logits, numbers)?), None))
    }
}
