//! Networks that trials need trained first: trials of their own, made once and shared by the arms.

use super::id::{TrialId, trial_id};
use super::{Device, evaluation};
use crate::config::{
    Arch, CnnSize, DataConfig, DataFacts, DiffusionConfig, Latent, NoiseConfig, NoiseKind, Space,
    TaskKind, TrainConfig, TrialConfig, Weights,
};
use crate::sweep::Axis;

/// What a network trained first is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The classifier in whose features generated images are compared with real ones (science.md §4).
    Judge,
    /// The autoencoder between images and latents (science.md R11).
    Codec,
}

impl Role {
    /// The name in messages and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Judge => "judge",
            Self::Codec => "codec",
        }
    }

    /// What the network is, for people.
    pub fn description(self) -> &'static str {
        match self {
            Self::Judge => "a classifier that judges generated images",
            Self::Codec => "an autoencoder that makes the latents",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Judge, Self::Codec]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A network that is trained first.
#[derive(Clone, Debug)]
pub struct Artefact {
    /// Its content identity.
    pub id: TrialId,
    /// What it is for.
    pub role: Role,
    /// How it is trained.
    pub config: TrialConfig,
    /// Its seed: the same for all trials, whatever theirs is.
    pub seed: u64,
    /// Digest of the data it reads.
    pub data_digest: String,
    /// Height and width of its images.
    pub image: [usize; 2],
}

/// The seed of all artefacts.
const SEED: u64 = 0;

/// What a trial of this config and its evaluations need trained first.
pub(super) fn needed_for_all(
    device: Device,
    config: &TrialConfig,
    evaluate: &[Axis],
    facts: &DataFacts,
) -> Vec<Artefact> {
    let mut all = needed(device, config, facts);
    for (used, _) in evaluation::settings(evaluate, config) {
        for artefact in needed(device, &used, facts) {
            if all.iter().all(|known| known.id != artefact.id) {
                all.push(artefact);
            }
        }
    }
    all
}

fn needed(device: Device, config: &TrialConfig, facts: &DataFacts) -> Vec<Artefact> {
    if config.task != TaskKind::Diffuse {
        return Vec::new();
    }
    let mut all = Vec::new();
    if config.generate.images > 0 {
        all.push((Role::Judge, judge(&config.data, &config.diffusion, facts)));
    }
    if config.diffusion.space == Space::Latent {
        all.push((Role::Codec, codec(&config.data, &config.diffusion)));
    }
    let artefact = |(role, config): (Role, TrialConfig)| Artefact {
        id: trial_id(device, &config, SEED, &facts.digest),
        role,
        config,
        seed: SEED,
        data_digest: facts.digest.clone(),
        image: facts.image,
    };
    all.into_iter().map(artefact).collect()
}

/// Trained for so long, evaluated once, its weights kept.
fn train(epochs: usize) -> TrainConfig {
    TrainConfig {
        epochs,
        evaluate_every: epochs,
        samples_every: epochs,
        weights: Weights::Keep,
        ..TrainConfig::default()
    }
}

fn clean() -> NoiseConfig {
    NoiseConfig {
        kind: NoiseKind::Clean,
        ..NoiseConfig::default()
    }
}

/// The second network of science.md R3.
fn judge(data: &DataConfig, diffusion: &DiffusionConfig, facts: &DataFacts) -> TrialConfig {
    let mut config = TrialConfig {
        task: TaskKind::Classify,
        data: DataConfig {
            train: diffusion.judge_train.min(facts.train_available),
            valid: 0,
            ..data.clone()
        },
        noise: clean(),
        train: train(diffusion.judge_epochs),
        ..TrialConfig::default()
    };
    config.model.arch = Arch::Cnn;
    config.model.size = CnnSize::Large;
    config
}

/// The lecture's autoencoder on clean images, with latents that can be negative.
fn codec(data: &DataConfig, diffusion: &DiffusionConfig) -> TrialConfig {
    let mut config = TrialConfig {
        task: TaskKind::Denoise,
        data: DataConfig {
            valid: 0,
            ..data.clone()
        },
        noise: clean(),
        train: train(diffusion.codec_epochs),
        ..TrialConfig::default()
    };
    config.model.latent = Latent::Linear;
    config
}
