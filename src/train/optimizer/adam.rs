//! Adam (Kingma and Ba 2015, algorithm 1) and AdamW (Loshchilov and Hutter 2019, algorithm 2).

use super::Moments;
use crate::config::TrainConfig;

/// p ← (1 − decay)·p; m ← m + (1−β1)(g − m); v ← β2·v + (1−β2)·g²;
/// p ← p − lr/(1−β1ᵗ) · m/(√v/√(1−β2ᵗ) + ε). Scalars in f64, arrays in f32, as in PyTorch.
pub(super) fn update(
    config: &TrainConfig,
    step: u64,
    lr: f64,
    decay: f64,
    parameter: &mut [f32],
    moments: &mut Moments,
    gradient: &[f32],
) {
    let correction = |beta: f64| 1.0 - libm::pow(beta, step as f64);
    let size = (lr / correction(config.beta1)) as f32;
    let root = correction(config.beta2).sqrt() as f32;
    let keep = (1.0 - decay) as f32;
    let first_share = (1.0 - config.beta1) as f32;
    let (beta2, second_share) = (config.beta2 as f32, (1.0 - config.beta2) as f32);
    let eps = config.eps as f32;
    let moments = moments.first.iter_mut().zip(&mut moments.second);
    for ((p, (m, v)), &g) in parameter.iter_mut().zip(moments).zip(gradient) {
        *m += first_share * (g - *m);
        *v = beta2 * *v + second_share * g * g;
        *p = keep * *p - size * (*m / (v.sqrt() / root + eps));
    }
}
