//! What one trial is. Pure data: each file holds one section's types, defaults, docs and checks.

mod conflict;
mod data;
mod diffusion;
mod field;
mod generate;
mod model;
mod noise;
mod task;
mod train;

pub use conflict::Conflict;
pub use data::{DataConfig, DataFacts, Dataset, Function};
pub use diffusion::{
    DiffusionConfig, NoiseSchedule, Rescale, Space, Target, Terminal, Variance, Weighting,
};
pub use field::{Field, Mismatch, Setter, Setting};
pub use generate::{Clip, GenerateConfig, IterateConfig, Rule, Sampler, Stride};
pub use model::{
    Arch, Attention, CnnSize, Combine, Connection, Latent, ModelConfig, Norm, Position, Residual,
    Scaling, SkipConfig, SkipMode, Tap,
};
pub use noise::{Aim, NoiseConfig, NoiseKind, Pairs, Resample};
pub use task::{CLASSES, GENERATED_METRICS, SSIM_WINDOW, TaskKind};
pub use train::{Init, LrSchedule, OptimizerKind, Precision, Select, TrainConfig, Weights};

use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Raised whenever the same config and seed would give other numbers: part of every trial id.
pub const NUMERICS_VERSION: u32 = 2;

/// All that decides a trial's result but its seed and data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrialConfig {
    /// What is learned.
    pub task: TaskKind,
    /// Which images.
    pub data: DataConfig,
    /// How they are corrupted.
    pub noise: NoiseConfig,
    /// The network.
    pub model: ModelConfig,
    /// The training.
    pub train: TrainConfig,
    /// Diffusion.
    pub diffusion: DiffusionConfig,
    /// How images are generated from a trained network.
    pub generate: GenerateConfig,
    /// How outputs are fed back.
    pub iterate: IterateConfig,
}

/// Every field of a trial, sorted by path.
pub static FIELDS: LazyLock<Vec<&'static Field>> = LazyLock::new(|| {
    let sections = [
        task::FIELDS,
        data::FIELDS,
        noise::FIELDS,
        model::FIELDS,
        train::FIELDS,
        diffusion::FIELDS,
        generate::FIELDS,
    ];
    let mut all: Vec<_> = sections.into_iter().flatten().collect();
    all.sort_by_key(|field| field.path);
    all
});

static DEFAULT: LazyLock<TrialConfig> = LazyLock::new(TrialConfig::default);

/// The field with this path.
pub fn field(path: &str) -> Option<&'static Field> {
    let at = FIELDS.binary_search_by_key(&path, |field| field.path);
    at.ok().map(|index| FIELDS[index])
}

impl TrialConfig {
    /// Canonical text: a flat JSON object of the active fields that are not at their default, sorted by path.
    /// It is what a trial's identity is made of.
    pub fn canonical(&self) -> String {
        let mut out = String::with_capacity(256);
        self.write_flat(&mut out, |field| !(field.is_default)(self, &DEFAULT));
        out
    }

    /// All active fields as a flat JSON object, defaults included: what a record says about a trial.
    pub fn resolved(&self) -> String {
        let mut out = String::with_capacity(1024);
        self.write_flat(&mut out, |_| true);
        out
    }

    fn write_flat(&self, out: &mut String, wanted: impl Fn(&Field) -> bool) {
        out.push('{');
        for field in FIELDS.iter().filter(|f| (f.active)(self) && wanted(f)) {
            if out.len() > 1 {
                out.push(',');
            }
            out.push('"');
            out.push_str(field.path);
            out.push_str("\":");
            (field.write)(self, out);
        }
        out.push('}');
    }

    /// Reads back what [`canonical`](Self::canonical) or [`resolved`](Self::resolved) wrote.
    ///
    /// # Errors
    /// The path and what was expected there.
    pub fn from_flat(map: &Map<String, Value>) -> Result<Self, String> {
        let mut config = Self::default();
        for (path, value) in map {
            let field = field(path).ok_or_else(|| format!("unknown field {path}"))?;
            let setter =
                (field.parse)(value).map_err(|m| format!("{path}: expected {}", m.expected))?;
            setter(&mut config);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_sorted_unique_and_documented() {
        assert!(FIELDS.windows(2).all(|pair| pair[0].path < pair[1].path));
        assert!(FIELDS.iter().all(|field| !field.doc.is_empty()));
    }

    #[test]
    fn canonical_text_leaves_out_defaults_and_inactive_fields() {
        let mut config = TrialConfig::default();
        assert_eq!(config.canonical(), "{}");
        config.model.skip.mode = SkipMode::Gate;
        assert_eq!(
            config.canonical(),
            "{}",
            "without a skip its mode does not matter"
        );
        config.model.skip.at = vec![14];
        config.train.lr = 1e-7;
        assert_eq!(
            config.canonical(),
            r#"{"model.skip.at":[14],"model.skip.mode":"gate","train.lr":1e-7}"#
        );
        config.train.lr = TrialConfig::default().train.lr;
        config.model.arch = Arch::Resnet;
        assert_eq!(
            config.canonical(),
            r#"{"model.arch":"resnet"}"#,
            "a resnet has no skips"
        );
    }

    #[test]
    fn resolved_text_reads_back() {
        let mut denoise = TrialConfig::default();
        denoise.model.bottleneck = None;
        denoise.model.decoder = Some(vec![16, 16]);
        denoise.train.clip = Some(0.5);
        let mut classify = TrialConfig {
            task: TaskKind::Classify,
            ..TrialConfig::default()
        };
        classify.model.arch = Arch::Resnet;
        classify.model.blocks = 24;
        classify.model.residual = Residual::Add;
        for config in [denoise, classify] {
            let map = serde_json::from_str(&config.resolved()).expect("valid JSON");
            assert_eq!(TrialConfig::from_flat(&map), Ok(config));
        }
    }

    #[test]
    fn a_wrong_value_says_what_was_expected() {
        let parse = |path: &str, value: Value| {
            (field(path).expect("known field").parse)(&value)
                .err()
                .expect("mismatch")
        };
        assert_eq!(parse("train.lr", 0.0.into()).expected, "a number above 0");
        let bad = parse("model.skip.at", serde_json::json!([14, "x"]));
        assert_eq!((bad.at, bad.expected.as_str()), (vec![1], "a whole number"));
        assert!(
            parse("noise.kind", "salt".into())
                .choices
                .contains(&"salt_pepper")
        );
    }
}
