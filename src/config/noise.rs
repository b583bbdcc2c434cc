//! How images are corrupted.

use super::field::{Field, choice, field};

choice! {
    /// The corruption of one pixel value x in [0, 1]; every result is clipped to [0, 1].
    pub enum NoiseKind {
        /// x + round(U(−1, 1)): −1, 0, +1 with probability ¼, ½, ¼ (science.md R4).
        SaltPepper = "salt_pepper",
        /// `rounds` times x + U(−amplitude, amplitude), clipped each time (science.md R4s).
        UniformWalk = "uniform_walk",
        /// x + N(0, sigma²).
        Gaussian = "gaussian",
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
}

impl Default for NoiseConfig {
    fn default() -> Self {
        Self {
            kind: NoiseKind::default(),
            resample: Resample::default(),
            rounds: 16,
            amplitude: 0.2,
            sigma: 0.5,
        }
    }
}

pub(super) const FIELDS: &[Field] = &[
    field!(noise.kind: NoiseKind, "how images are corrupted"),
    field!(noise.resample: Resample, "whether training noise is drawn once or for every epoch"),
    field!(noise.rounds: usize, "steps of the uniform walk", valid(n, *n > 0, "a whole number above 0"),
        active(c, c.noise.kind == NoiseKind::UniformWalk)),
    field!(noise.amplitude: f64, "half the width of a step of the uniform walk", valid(x, *x > 0.0, "a number above 0"),
        active(c, c.noise.kind == NoiseKind::UniformWalk)),
    field!(noise.sigma: f64, "standard deviation of gaussian noise", valid(x, *x > 0.0, "a number above 0"),
        active(c, c.noise.kind == NoiseKind::Gaussian)),
];
