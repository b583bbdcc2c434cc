//! How images are corrupted.

use super::TrialConfig;
use super::field::{Field, choice, field};
use super::task::TaskKind;

choice! {
    /// The corruption of one pixel value x in [0, 1]; every result is clipped to [0, 1].
    pub enum NoiseKind {
        /// x + round(U(−1, 1)): −1, 0, +1 with probability ¼, ½, ¼ (science.md R4).
        SaltPepper = "salt_pepper",
        /// `rounds` times x + U(−amplitude, amplitude), clipped each time (science.md R4s).
        UniformWalk = "uniform_walk",
        /// x + N(0, sigma²).
        Gaussian = "gaussian",
        /// x + round(N(0, 1)) (science.md R9).
        RoundedNormal = "rounded_normal",
        /// None.
        Clean = "clean",
    }
}

choice! {
    /// When training noise is drawn. Evaluation noise is always the same fixed draw of the seed.
    pub enum Resample {
        /// Once, before training.
        Fixed = "fixed",
        /// Anew for every epoch.
        Fresh = "fresh",
    }
}

choice! {
    /// The pairs that a denoiser is trained on.
    pub enum Pairs {
        /// Noisy image to clean image.
        Noisy = "noisy",
        /// Also, of every image, clean to clean (science.md R8).
        NoisyAndClean = "noisy_and_clean",
    }
}

choice! {
    /// What `restore` predicts from an image at level t.
    pub enum Aim {
        /// The image at level t − 1 (science.md R9).
        NextLevel = "next_level",
        /// The clean image: what `iterate.rule: cold` needs.
        Clean = "clean",
    }
}

/// The noise of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseConfig {
    /// The kind.
    pub kind: NoiseKind,
    /// When it is drawn.
    pub resample: Resample,
    /// `uniform_walk`: how many steps the walk has.
    pub rounds: usize,
    /// `uniform_walk`: half the width of one step.
    pub amplitude: f64,
    /// `gaussian`: standard deviation.
    pub sigma: f64,
    /// `denoise`: what it is trained on.
    pub pairs: Pairs,
    /// `restore`: steps from the clean image to the noisy one.
    pub levels: usize,
    /// `restore`: the level from which test images are restored.
    pub start: usize,
    /// `restore`: what is predicted.
    pub aim: Aim,
}

impl Default for NoiseConfig {
    fn default() -> Self {
        Self {
            kind: NoiseKind::default(),
            resample: Resample::default(),
            rounds: 16,
            amplitude: 0.2,
            sigma: 0.5,
            pairs: Pairs::default(),
            levels: 10,
            start: 7,
            aim: Aim::default(),
        }
    }
}

/// Whether images are corrupted at all: diffusion has its own noise.
fn corrupts(config: &TrialConfig) -> bool {
    config.task.reads_images() && config.task != TaskKind::Diffuse
}

fn is(config: &TrialConfig, kind: NoiseKind) -> bool {
    corrupts(config) && config.noise.kind == kind
}

fn restores(config: &TrialConfig) -> bool {
    config.task == TaskKind::Restore
}

pub(super) const FIELDS: &[Field] = &[
    field!(noise.kind: NoiseKind, "how images are corrupted", active(c, corrupts(c))),
    field!(noise.resample: Resample, "whether training noise is drawn once or for every epoch",
        active(c, corrupts(c) && c.noise.kind != NoiseKind::Clean)),
    field!(noise.pairs: Pairs, "denoise: the pairs of images trained on", active(c, c.task == TaskKind::Denoise)),
    field!(noise.levels: usize, "restore: levels from the clean image to the noisy one",
        valid(n, (1..=1000).contains(n), "a whole number from 1 to 1000"), active(c, restores(c))),
    field!(noise.start: usize, "restore: the level from which test images are restored",
        valid(n, *n > 0, "a whole number above 0"), active(c, restores(c))),
    field!(noise.aim: Aim, "restore: what is predicted", active(c, restores(c))),
    field!(noise.rounds: usize, "steps of the uniform walk", valid(n, *n > 0, "a whole number above 0"),
        active(c, is(c, NoiseKind::UniformWalk))),
    field!(noise.amplitude: f64, "half the width of a step of the uniform walk", valid(x, *x > 0.0, "a number above 0"),
        active(c, is(c, NoiseKind::UniformWalk))),
    field!(noise.sigma: f64, "standard deviation of gaussian noise", valid(x, *x > 0.0, "a number above 0"),
        active(c, is(c, NoiseKind::Gaussian))),
];
