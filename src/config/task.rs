//! What is learned.

use super::field::{Field, choice, field};

choice! {
    /// What is fed, what is the loss and what is measured.
    pub enum TaskKind {
        /// A noisy image in, the clean image out.
        Denoise = "denoise",
    }
}

/// What is measured on the test images, and on the validation images where there are any.
pub const SPLIT_METRICS: &[&str] = &["bce", "mse", "psnr", "ssim", "ink", "false_on", "false_off"];

/// Least height and width, pixels, of an image that `ssim` can measure: its window.
pub const SSIM_WINDOW: usize = 11;

/// What a trial has once.
pub const TRIAL_METRICS: &[&str] = &["train_loss", "wall_seconds", "params", "macs"];

impl TaskKind {
    /// Names of all metrics that the task produces.
    pub fn metrics(self) -> Vec<String> {
        match self {
            Self::Denoise => ["test", "valid"]
                .iter()
                .flat_map(|split| {
                    SPLIT_METRICS
                        .iter()
                        .map(move |name| format!("{split}.{name}"))
                })
                .chain(TRIAL_METRICS.iter().map(|name| (*name).to_owned()))
                .collect(),
        }
    }
}

pub(super) const FIELDS: &[Field] = &[field!(task: TaskKind, "what is learned")];
