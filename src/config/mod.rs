//! What one trial is. Pure data: each file holds one section's types, defaults, docs and checks.

mod data;
mod field;
mod model;
mod noise;
mod task;
mod train;

pub use data::{DataConfig, DataFacts, Dataset};
pub use field::{Field, Mismatch, Setter, Setting};
pub use model::{Arch, ModelConfig, Residual, SkipConfig, SkipMode, Tap};
pub use noise::{NoiseConfig, NoiseKind, Resample};
pub use task::{SSIM_WINDOW, TaskKind};
pub use train::{Init, LrSchedule, OptimizerKind, Select, TrainConfig, Weights};

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
}

/// Every field of a trial, sorted by path.
pub static FIELDS: LazyLock<Vec<&'static Field>> = LazyLock::new(|| {
    let sections = [
        task::FIELDS,
        data::FIELDS,
        noise::FIELDS,
        model::FIELDS,
        train::FIELDS,
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

/// Values that do not fit together, found only when all of them are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The field to blame.
    pub path: &'static str,
    /// What is wrong.
    pub problem: String,
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

    /// Checks that hold between fields, for images of the given height and width.
    pub fn conflicts(&self, image: [usize; 2]) -> Vec<Conflict> {
        let mut found = Vec::new();
        let mut blame = |path, problem: String| found.push(Conflict { path, problem });
        let (model, train) = (&self.model, &self.train);
        let levels = model.widths.len();
        let [height, width] = image;
        if height >> levels << levels != height
            || width >> levels << levels != width
            || height >> levels == 0
            || width >> levels == 0
        {
            blame(
                "model.widths",
                format!(
                    "{levels} widths halve the image {levels} times, but {height}×{width} does not halve exactly that often"
                ),
            );
            return found;
        }
        if let Some(decoder) = &model.decoder
            && decoder.len() != levels
        {
            blame(
                "model.decoder",
                format!(
                    "expected {levels} entries, one for each of model.widths, found {}",
                    decoder.len()
                ),
            );
        }
        let allowed = self.skip_resolutions(height);
        for at in &model.skip.at {
            if !allowed.contains(at) {
                blame(
                    "model.skip.at",
                    format!(
                        "no map of height {at} can be joined here; possible with tap {}: {allowed:?}",
                        model.skip.tap.name()
                    ),
                );
            }
        }
        if !model.skip.at.is_sorted_by(|a, b| a < b) {
            blame(
                "model.skip.at",
                "write each resolution once, smallest first".into(),
            );
        }
        if self.data.valid == 0 {
            if train.select == Select::BestValid {
                blame(
                    "train.select",
                    "best_valid needs validation images: set data.valid".into(),
                );
            }
            if train.patience.is_some() {
                blame(
                    "train.patience",
                    "early stopping needs validation images: set data.valid".into(),
                );
            }
        }
        found
    }

    /// Paths that `dataset: files` needs and that are not there: to be checked before the images are looked at.
    pub fn missing_paths(&self) -> Vec<Conflict> {
        let paths = [
            ("data.train_images", &self.data.train_images),
            ("data.test_images", &self.data.test_images),
        ];
        let missing =
            |(_, value): &(_, &String)| self.data.dataset == Dataset::Files && value.is_empty();
        let problem = || "dataset: files needs this path".to_owned();
        let conflict = |(path, _)| Conflict {
            path,
            problem: problem(),
        };
        paths.into_iter().filter(missing).map(conflict).collect()
    }

    /// The resolutions (heights) at which a skip can join, for images of this height, smallest first.
    pub fn skip_resolutions(&self, height: usize) -> Vec<usize> {
        let levels = self.model.widths.len();
        let smallest = height >> levels;
        (0..=levels)
            .map(|level| smallest << level)
            .filter(|&at| match self.model.skip.tap {
                Tap::BeforePool => at > smallest,
                Tap::AfterPool => at < height && (at > smallest || self.model.bottleneck.is_some()),
            })
            .collect()
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
    }

    #[test]
    fn resolved_text_reads_back() {
        let mut config = TrialConfig::default();
        config.model.bottleneck = None;
        config.model.decoder = Some(vec![16, 16]);
        config.train.clip = Some(0.5);
        let map = serde_json::from_str(&config.resolved()).expect("valid JSON");
        assert_eq!(TrialConfig::from_flat(&map), Ok(config));
    }

    #[test]
    fn sizes_that_do_not_halve_are_conflicts() {
        let mut config = TrialConfig::default();
        assert_eq!(config.conflicts([28, 28]), []);
        assert_eq!(config.conflicts([28, 30])[0].path, "model.widths");
        config.model.widths = vec![8; 3];
        assert_eq!(config.conflicts([28, 28])[0].path, "model.widths");
    }

    #[test]
    fn skips_join_only_where_there_is_a_map() {
        let mut config = TrialConfig::default();
        assert_eq!(config.skip_resolutions(28), [14, 28]);
        config.model.skip.tap = Tap::AfterPool;
        assert_eq!(config.skip_resolutions(28), [7, 14]);
        config.model.bottleneck = None;
        assert_eq!(config.skip_resolutions(28), [14]);
        config.model.skip.at = vec![28];
        assert!(config.conflicts([28, 28])[0].problem.contains("[14]"));
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
