//! Evaluations: a trained network used under other settings, which need no training of their own.

use super::id::TrialId;
use crate::config::TrialConfig;
use crate::sweep::{Assignment, Axis};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// One evaluation of a trial.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Its identity: that of the trial and of the settings that matter to it.
    pub id: TrialId,
    /// The settings in which it differs, by path, in the order of the axes; null where one does not matter.
    pub settings: Vec<(String, Value)>,
    /// The trial's config with these settings.
    pub config: TrialConfig,
}

/// Every combination of the axes' levels; one, of nothing, when there are no axes.
fn combinations(axes: &[Axis]) -> Vec<Vec<&Assignment>> {
    let mut all: Vec<Vec<&Assignment>> = vec![Vec::new()];
    for axis in axes {
        let longer = |begun: Vec<_>| {
            let levels = axis.levels.iter();
            levels.map(move |level| begun.iter().copied().chain(level).collect())
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

/// The settings of all evaluations of a config, without repeats: combinations that differ only where it does not matter are
/// one.
pub(super) fn settings(
    axes: &[Axis],
    config: &TrialConfig,
) -> Vec<(TrialConfig, Vec<(String, Value)>)> {
    if axes.is_empty() {
        return Vec::new();
    }
    let mut all: Vec<(TrialConfig, Vec<(String, Value)>)> = Vec::new();
    for values in combinations(axes) {
        let mut config = config.clone();
        values.iter().for_each(|value| (value.set)(&mut config));
        let shown = |value: &&Assignment| {
            let field = value.field;
            let shown = match (field.active)(&config) {
                true => field.value(&config),
                false => Value::Null,
            };
            (field.path.to_owned(), shown)
        };
        let shown: Vec<_> = values.iter().map(shown).collect();
        if !all.iter().any(|(_, known)| *known == shown) {
            all.push((config, shown));
        }
    }
    all
}

/// The identity of an evaluation.
pub(super) fn id(trial: TrialId, config: &TrialConfig) -> TrialId {
    let mut sum = Sha256::new();
    sum.update(b"ablate evaluation 1\0");
    sum.update(trial.0);
    sum.update(config.canonical());
    TrialId(sum.finalize().into())
}
