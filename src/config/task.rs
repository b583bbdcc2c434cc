//! What is learned.

use super::field::{Field, choice, field};

choice! {
    /// What is fed, what is the loss and what is measured.
    pub enum TaskKind {
        /// A noisy image in, the clean image out.
        Denoise = "denoise",
        /// A noisy image in, its class out (science.md R2, R3, R6).
        Classify = "classify",
        /// An image with much noise in, the same image with a little less out (science.md R9).
        Restore = "restore",
        /// An image with noise and how much there is of it in, what is to be predicted of it out (science.md R10, R11).
        Diffuse = "diffuse",
        /// A point in, a function's value there out (science.md R1).
        Gate = "gate",
        /// The first tokens of a sentence in, the next one out (science.md R7).
        Sequence = "sequence",
    }
}

/// Classes that `classify` tells apart: the ten digits.
pub const CLASSES: usize = 10;

/// Least height and width, pixels, of an image that `ssim` can measure: its window.
pub const SSIM_WINDOW: usize = 11;

/// Where [`TaskKind::split_metrics`] are measured.
const SPLITS: [&str; 2] = ["test", "valid"];

/// The weighted error, the error by tenth of the timesteps (d0: least noise), and the bound on bits a dimension.
const DIFFUSION_METRICS: &[&str] = &[
    "loss", "loss_d0", "loss_d1", "loss_d2", "loss_d3", "loss_d4", "loss_d5", "loss_d6", "loss_d7",
    "loss_d8", "loss_d9", "bits",
];

/// What is measured of generated images as a whole, and the same distance between real ones.
pub const GENERATED_METRICS: &[&str] = &["test.frechet", "test.frechet_floor"];

/// What a trial has once.
pub const TRIAL_METRICS: &[&str] = &["train_loss", "wall_seconds", "params", "macs"];

impl TaskKind {
    /// What is measured on the test images, and on the validation images where there are any; the loss first.
    pub fn split_metrics(self) -> &'static [&'static str] {
        match self {
            Self::Denoise | Self::Restore => {
                &["bce", "mse", "psnr", "ssim", "ink", "false_on", "false_off"]
            }
            Self::Classify => &["cross_entropy", "accuracy"],
            Self::Diffuse => DIFFUSION_METRICS,
            Self::Gate => &["mse"],
            Self::Sequence => &["cross_entropy"],
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
        let generated = self.generated().iter().map(|name| (*name).to_owned());
        let split = SPLITS.iter().flat_map(on);
        split.chain(generated).chain(once).collect()
    }

    /// Whether the task produces this metric.
    pub fn produces(self, metric: &str) -> bool {
        if self.generated().contains(&metric) {
            return true;
        }
        match metric.split_once('.') {
            Some((split, name)) => SPLITS.contains(&split) && self.split_metrics().contains(&name),
            None => TRIAL_METRICS.contains(&metric),
        }
    }

    /// What is measured of generated images.
    fn generated(self) -> &'static [&'static str] {
        match self {
            Self::Diffuse => GENERATED_METRICS,
            _ => &[],
        }
    }

    /// Whether it needs the class of every image.
    pub fn reads_classes(self) -> bool {
        self == Self::Classify
    }

    /// Whether it reads images; the others make their own data.
    pub fn reads_images(self) -> bool {
        !matches!(self, Self::Gate | Self::Sequence)
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
