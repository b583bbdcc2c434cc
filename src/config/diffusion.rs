//! Diffusion: how images turn into noise, what the network is asked, how it is trained (science.md §2, §3, R10, R11).

use super::TrialConfig;
use super::field::{Field, choice, field};
use super::task::TaskKind;

choice! {
    /// β over timesteps (science.md §2).
    pub enum NoiseSchedule {
        /// Ho et al. 2020, scaled by 1000/T.
        Linear = "linear",
        /// Even steps of √β from √1e-4 to √0.02, squared.
        Quadratic = "quadratic",
        /// The same from 0.00085 to 0.012 (Rombach et al. 2022).
        ScaledLinear = "scaled_linear",
        /// Nichol and Dhariwal 2021.
        Cosine = "cosine",
        /// Jabri et al. 2022, start −3, end 3, τ 1.
        Sigmoid = "sigmoid",
    }
}

choice! {
    /// Whether `quadratic` and `scaled_linear`, made for 1000 timesteps, are multiplied by 1000/T.
    pub enum Rescale {
        /// As published.
        Published = "published",
        /// Multiplied by 1000/T.
        ByTimesteps = "by_timesteps",
    }
}

choice! {
    /// The last timestep.
    pub enum Terminal {
        /// As the schedule has it.
        Published = "published",
        /// Moved to a signal of exactly 0 (Lin et al. 2024).
        ZeroSnr = "zero_snr",
    }
}

choice! {
    /// What the network predicts.
    pub enum Target {
        /// The noise ε.
        Epsilon = "epsilon",
        /// The image x0.
        X0 = "x0",
        /// v = √ᾱ ε − √(1−ᾱ) x0 (Salimans and Ho 2022).
        V = "v",
        /// The posterior mean μ̃ of the image one step before.
        Previous = "previous",
    }
}

choice! {
    /// The weight of each example's squared error.
    pub enum Weighting {
        /// 1.
        Uniform = "uniform",
        /// min(SNR, γ) on the error of x0 (Hang et al. 2023).
        MinSnr = "min_snr",
    }
}

choice! {
    /// The variance of a step back.
    pub enum Variance {
        /// β̃.
        FixedSmall = "fixed_small",
        /// β.
        FixedLarge = "fixed_large",
        /// Between the two, by a second output of the network (Nichol and Dhariwal 2021).
        Learned = "learned",
    }
}

choice! {
    /// What is diffused.
    pub enum Space {
        /// The images.
        Pixel = "pixel",
        /// What the encoder of an autoencoder, trained first, makes of them (science.md R11).
        Latent = "latent",
    }
}

/// The process of a diffusion trial.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffusionConfig {
    /// T.
    pub timesteps: usize,
    /// β over timesteps.
    pub schedule: NoiseSchedule,
    /// Whether it is scaled to T.
    pub rescale: Rescale,
    /// Its end.
    pub terminal: Terminal,
    /// What is predicted.
    pub target: Target,
    /// The loss of each timestep.
    pub weighting: Weighting,
    /// `min_snr`: γ.
    pub gamma: f64,
    /// The variance of a step back.
    pub variance: Variance,
    /// What is diffused.
    pub space: Space,
    /// Height and width that images are padded to; none: as they are.
    pub canvas: Option<usize>,
    /// Test images whose bits a dimension are bounded, T evaluations each; 0 for none.
    pub bits_images: usize,
    /// `latent`: epochs of the autoencoder that is trained first, on the trial's training images.
    pub codec_epochs: usize,
    /// Training images of the classifier behind the Fréchet distance, which is trained first; the first ones.
    pub judge_train: usize,
    /// Its epochs.
    pub judge_epochs: usize,
}

impl Default for DiffusionConfig {
    fn default() -> Self {
        Self {
            timesteps: 1000,
            schedule: NoiseSchedule::default(),
            rescale: Rescale::default(),
            terminal: Terminal::default(),
            target: Target::default(),
            weighting: Weighting::default(),
            gamma: 5.0,
            variance: Variance::default(),
            space: Space::default(),
            canvas: None,
            bits_images: 0,
            codec_epochs: 20,
            judge_train: 60_000,
            judge_epochs: 4,
        }
    }
}

pub(super) fn diffuses(config: &TrialConfig) -> bool {
    config.task == TaskKind::Diffuse
}

fn made_for_thousand(config: &TrialConfig) -> bool {
    use NoiseSchedule::{Quadratic, ScaledLinear};
    diffuses(config) && matches!(config.diffusion.schedule, Quadratic | ScaledLinear)
}

fn is_latent(config: &TrialConfig) -> bool {
    diffuses(config) && config.diffusion.space == Space::Latent
}

pub(super) const FIELDS: &[Field] = &[
    field!(diffusion.timesteps: usize, "timesteps from image to noise",
        valid(n, (2..=100_000).contains(n), "a whole number from 2 to 100000"), active(c, diffuses(c))),
    field!(diffusion.schedule: NoiseSchedule, "noise schedule: β over timesteps", active(c, diffuses(c))),
    field!(diffusion.rescale: Rescale, "whether quadratic and scaled_linear are scaled by 1000/timesteps",
        active(c, made_for_thousand(c))),
    field!(diffusion.terminal: Terminal, "the last timestep: as the schedule has it, or moved to pure noise",
        active(c, diffuses(c))),
    field!(diffusion.target: Target, "what the network predicts", active(c, diffuses(c))),
    field!(diffusion.weighting: Weighting, "the weight of each timestep's error", active(c, diffuses(c))),
    field!(diffusion.gamma: f64, "γ of min_snr", valid(x, *x > 0.0, "a number above 0"),
        active(c, diffuses(c) && c.diffusion.weighting == Weighting::MinSnr)),
    field!(diffusion.variance: Variance, "the variance of a step back", active(c, diffuses(c))),
    field!(diffusion.space: Space, "what is diffused: images, or an autoencoder's latents", active(c, diffuses(c))),
    field!(diffusion.canvas: Option<usize>, "height and width that images are padded to",
        valid(n, n.is_none_or(|n| (1..=1024).contains(&n)), "a whole number from 1 to 1024, or none"),
        active(c, diffuses(c) && c.diffusion.space == Space::Pixel)),
    field!(diffusion.bits_images: usize, "test images whose bits a dimension are bounded (timesteps evaluations each); 0: none",
        active(c, diffuses(c) && c.diffusion.space == Space::Pixel)),
    field!(diffusion.codec_epochs: usize, "latent: epochs of the autoencoder that is trained first",
        valid(n, (1..=100_000).contains(n), "a whole number from 1 to 100000"), active(c, is_latent(c))),
    field!(diffusion.judge_train: usize, "training images of the classifier behind the Fréchet distance",
        valid(n, *n > 0, "a whole number above 0"), active(c, diffuses(c) && c.generate.images > 0)),
    field!(diffusion.judge_epochs: usize, "epochs of the classifier behind the Fréchet distance",
        valid(n, (1..=100_000).contains(n), "a whole number from 1 to 100000"),
        active(c, diffuses(c) && c.generate.images > 0)),
];
