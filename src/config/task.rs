//! What is learned.

use super::field::{Field, choice, field};

choice! {
    /// What is fed, what is the loss and what is measured.
    pub enum TaskKind {
        /// A noisy image in, the clean image out.
        Denoise = "denoise",
        /// A noisy image in, its class out (science.md R6).
        Classify = "classify",
    }
}

/// Classes that `classify` tells apart: the ten digits.
pub const CLASSES: usize = 10;

/// Least height and width, pixels, of an image that `ssim` can measure: its window.
pub const SSIM_WINDOW: usize = 11;

/// Where [`TaskKind::split_metrics`] are measured.
const SPLITS: [&str; 2] = ["test", "valid"];

/// What a trial has once.
pub const TRIAL_METRICS: &[&str] = &["train_loss", "wall_seconds", "params", "macs"];

impl TaskKind {
    /// What is measured on the test images, and on the validation images where there are any; the loss first.
    pub fn split_metrics(self) -> &'static [&'static str] {
        match self {
            Self::Denoise => &["bce", "mse", "psnr", "ssim", "ink", "false_on", "false_off"],
            Self::Classify => &["cross_entropy", "accuracy"],
        }
    }

    /// Names of all metrics that the task produces, the loss on the test images first.
    pub fn metrics(self) -> Vec<String> {
        let on = |split: &&'static str| {
            let names = self.split_metrics().iter();
            let split = *split;
            names.map(move |name| format!("{split}.{name}"))
        };
        let once = TRIAL_METRICS.iter().map(|name| (*name).to_owned());
        SPLITS.iter().flat_map(on).chain(once).collect()
    }

    /// Whether the task produces this metric.
    pub fn produces(self, metric: &str) -> bool {
        match metric.split_once('.') {
            Some((split, name)) => SPLITS.contains(&split) && self.split_metrics().contains(&name),
            None => TRIAL_METRICS.contains(&metric),
        }
    }

    /// Whether it needs the class of every image.
    pub fn reads_classes(self) -> bool {
        match self {
            Self::Denoise => false,
            Self::Classify => true,
        }
    }
}

pub(super) const FIELDS: &[Field] = &[field!(task: TaskKind, "what is learned")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_produces_the_metrics_that_it_names_and_no_others() {
        for &task in TaskKind::ALL {
            assert!(task.metrics().iter().all(|name| task.produces(name)));
            for other in ["", "test", "test.", "bce", "train.bce", "test.params"] {
                assert!(!task.produces(other), "{other}");
            }
        }
        assert!(!TaskKind::Classify.produces("test.bce"));
        assert!(!TaskKind::Denoise.produces("test.accuracy"));
    }
}
