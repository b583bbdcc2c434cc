//! The learning rate over steps.

use crate::config::{LrSchedule, TrainConfig};
use std::f64::consts::PI;

/// Learning rate of optimiser step `step` (from 0) of `steps`.
///
/// During the warm-up of W steps it is lr·(step+1)/W. After it, `progress` runs from 0 at the first step towards 1,
/// which would be reached one step after the last, and the schedule scales `lr` by it: 1, ½(1 + cos(π·progress)), or
/// 1 − progress.
pub(super) fn rate(config: &TrainConfig, step: u64, steps: u64) -> f64 {
    let warmup = config.warmup_steps as u64;
    if step < warmup {
        return config.lr * ((step + 1) as f64 / warmup as f64);
    }
    let length = steps.saturating_sub(warmup).max(1);
    let progress = ((step - warmup) as f64 / length as f64).min(1.0);
    config.lr
        * match config.lr_schedule {
            LrSchedule::Constant => 1.0,
            LrSchedule::Cosine => 0.5 * (1.0 + libm::cos(PI * progress)),
            LrSchedule::Linear => 1.0 - progress,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(lr_schedule: LrSchedule, warmup_steps: usize, steps: u64) -> Vec<f64> {
        let config = TrainConfig {
            lr: 2.0,
            lr_schedule,
            warmup_steps,
            ..TrainConfig::default()
        };
        (0..steps).map(|step| rate(&config, step, steps)).collect()
    }

    #[test]
    fn each_schedule_has_its_shape() {
        assert_eq!(rates(LrSchedule::Constant, 0, 3), [2.0; 3]);
        assert_eq!(rates(LrSchedule::Linear, 0, 4), [2.0, 1.5, 1.0, 0.5]);
        let cosine = rates(LrSchedule::Cosine, 0, 3);
        for (found, expected) in cosine.iter().zip([2.0, 1.5, 0.5]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn the_schedule_starts_after_the_warm_up() {
        let expected = [0.5, 1.0, 1.5, 2.0, 2.0, 1.0];
        assert_eq!(rates(LrSchedule::Linear, 4, 6), expected);
    }

    #[test]
    fn a_warm_up_longer_than_the_training_only_rises() {
        let found = rates(LrSchedule::Cosine, 100, 5);
        assert!(found.is_sorted() && found[4] == 0.1, "{found:?}");
    }
}
