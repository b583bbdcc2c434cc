//! Gradient descent with momentum (Sutskever et al. 2013, in PyTorch's form).

use crate::config::TrainConfig;

/// g ← g + weight_decay·p; b ← momentum·b + g; p ← p − lr·b. The buffer b starts at 0.
pub(super) fn update(
    config: &TrainConfig,
    lr: f64,
    parameter: &mut [f32],
    buffer: &mut [f32],
    gradient: &[f32],
) {
    let (decay, momentum) = (config.weight_decay as f32, config.momentum as f32);
    let lr = lr as f32;
    for ((p, b), &g) in parameter.iter_mut().zip(buffer).zip(gradient) {
        *b = momentum * *b + (g + decay * *p);
        *p -= lr * *b;
    }
}
