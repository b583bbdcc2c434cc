//! Binary cross-entropy of logits z against targets y in [0, 1]: Σ max(z,0) − z·y + ln(1 + e^−|z|)
//! (science.md §4). Not candle's, which takes the logarithm of 0.

use super::exponential::{exp_of_negative, ln_1p_of_fraction, logistic};
use super::maps::{slice, tensor_like, with_slice};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

/// The sum (not the mean: callers divide, also over micro-batches) over all elements, in nats. Only `logits` get a
/// gradient, σ(z) − y.
///
/// # Errors
/// When shapes differ, or tensors are not contiguous f32 on the CPU.
pub fn bce_with_logits(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    logits.apply_op2(&targets.detach(), BceWithLogits)
}

struct BceWithLogits;

/// Sums in f64 by eight, so that neither order nor length costs precision or speed.
fn total(logits: &[f32], targets: &[f32]) -> f64 {
    let loss = |z: f32, y: f32| {
        let positive = if z < 0.0 { 0.0 } else { z };
        positive - z * y + ln_1p_of_fraction(exp_of_negative(-z.abs()))
    };
    let mut sums = [0.0f64; 8];
    for (logits, targets) in logits.chunks(8).zip(targets.chunks(8)) {
        for (sum, (&z, &y)) in sums.iter_mut().zip(logits.iter().zip(targets)) {
            *sum += f64::from(loss(z, y));
        }
    }
    sums.iter().sum()
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
        if logits_layout.dims() != targets_layout.dims() {
            bail!(
                "bce_with_logits: expected equal shapes, found {:?} and {:?}",
                logits_layout.shape(),
                targets_layout.shape()
            );
        }
        let sum = total(
            slice(logits, logits_layout)?,
            slice(targets, targets_layout)?,
        );
        Ok((CpuStorage::F32(vec![sum as f32]), ().into()))
    }

    fn bwd(
        &self,
        logits: &Tensor,
        targets: &Tensor,
        _sum: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let scale = gradient.to_scalar::<f32>()?;
        let numbers = with_slice(logits, |z| {
            with_slice(targets, |y| {
                z.iter()
                    .zip(y)
                    .map(|(&z, y)| scale * (logistic(z) - y))
                    .collect()
            })
        })??;
        Ok((Some(tensor_like(logits, numbers)?), None))
    }
}
