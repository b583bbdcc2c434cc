//! How a trained network is used: settings that need no training of their own, so that `evaluate:` can vary them.

use super::TrialConfig;
use super::diffusion::{Space, diffuses};
use super::field::{Field, choice, field};
use super::task::TaskKind;

choice! {
    /// How noise is turned back into an image.
    pub enum Sampler {
        /// Song et al. 2021.
        Ddim = "ddim",
        /// Ho et al. 2020: every timestep, with the variance of `diffusion.variance`.
        Ddpm = "ddpm",
    }
}

choice! {
    /// Which timesteps `ddim` visits (science.md §3).
    pub enum Stride {
        /// From the last one, evenly down.
        Trailing = "trailing",
        /// Evenly up from 0: misses the last one.
        Leading = "leading",
    }
}

choice! {
    /// Whether the estimate of x0 is held in [−1, 1] at every step.
    pub enum Clip {
        /// Held, and ε computed anew from it.
        Clip = "clip",
        /// Not.
        Free = "free",
    }
}

/// Generating images.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateConfig {
    /// The sampler.
    pub sampler: Sampler,
    /// `ddim`: network evaluations per image.
    pub steps: usize,
    /// `ddim`: 0 is deterministic, 1 as random as ddpm.
    pub eta: f64,
    /// `ddim`: timesteps visited.
    pub stride: Stride,
    /// Whether x0 is clipped on the way.
    pub clip: Clip,
    /// Images made to measure the Fréchet distance; 0 for a sheet of pictures only.
    pub images: usize,
}

impl Default for GenerateConfig {
    fn default() -> Self {
        Self {
            sampler: Sampler::default(),
            steps: 50,
            eta: 0.0,
            stride: Stride::default(),
            clip: Clip::default(),
            images: 2048,
        }
    }
}

choice! {
    /// What a network gets back as input in the next pass (science.md R8).
    pub enum Rule {
        /// Its own output.
        Plain = "plain",
        /// Its own output with fresh noise.
        Renoise = "renoise",
        /// Cold diffusion (Bansal et al. 2022): x − D(x̂0, s) + D(x̂0, s−1).
        Cold = "cold",
    }
}

/// Feeding outputs back.
#[derive(Clone, Debug, PartialEq)]
pub struct IterateConfig {
    /// How often the network is applied.
    pub passes: usize,
    /// What it gets back.
    pub rule: Rule,
}

impl Default for IterateConfig {
    fn default() -> Self {
        Self {
            passes: 1,
            rule: Rule::default(),
        }
    }
}

fn strides(config: &TrialConfig) -> bool {
    diffuses(config) && config.generate.sampler == Sampler::Ddim
}

fn iterates(config: &TrialConfig) -> bool {
    matches!(config.task, TaskKind::Denoise | TaskKind::Restore)
}

pub(super) const FIELDS: &[Field] = &[
    field!(generate.sampler: Sampler, "how noise is turned back into an image", active(c, diffuses(c))),
    field!(generate.steps: usize, "ddim: network evaluations per image", valid(n, *n > 0, "a whole number above 0"),
        active(c, strides(c))),
    field!(generate.eta: f64, "ddim: from 0 (deterministic) to 1", valid(x, (0.0..=1.0).contains(x), "a number from 0 to 1"),
        active(c, strides(c))),
    field!(generate.stride: Stride, "ddim: which timesteps are visited", active(c, strides(c))),
    field!(generate.clip: Clip, "whether the estimate of the image is held in its range",
        active(c, diffuses(c) && c.diffusion.space == Space::Pixel)),
    field!(generate.images: usize, "images made to measure the Fréchet distance; 0: a sheet of pictures only",
        valid(n, *n != 1, "0, or a whole number from 2"), active(c, diffuses(c))),
    field!(iterate.passes: usize, "how often the network is applied, each time to its last output",
        valid(n, (1..=1000).contains(n), "a whole number from 1 to 1000"), active(c, iterates(c))),
    field!(iterate.rule: Rule, "what the network gets back as input", active(c, iterates(c) && c.iterate.passes > 1)),
];
