//! What a trial reads: images, and networks that were trained before it; kept for the next trial that reads the same.

use crate::config::{DataConfig, TaskKind, TrialConfig};
use crate::data::{self, Splits};
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::plan::{Role, Trial, TrialId};
use crate::record::{self, Folder};
use crate::train::{self, Support};

/// What was read last, and for what.
#[derive(Default)]
pub struct Reads {
    images: Option<((DataConfig, TaskKind), Splits)>,
    support: Option<(Vec<(Role, TrialId)>, Support)>,
}

impl Reads {
    /// What this trial reads.
    ///
    /// # Errors
    /// When images changed or cannot be read, or a network was not trained.
    pub fn of(&mut self, folder: &Folder, trial: &Trial) -> Result<(&Splits, &Support)> {
        let what = (trial.config.data.clone(), trial.config.task);
        if self.images.as_ref().is_none_or(|(read, _)| *read != what) {
            // Before the new ones are loaded: both may not fit.
            self.images = None;
            self.images = Some((what, load(trial)?));
        }
        let needs = &trial.needs;
        if self.support.as_ref().is_none_or(|(read, _)| read != needs) {
            self.support = Some((needs.clone(), support(folder, trial)?));
        }
        match (&self.images, &self.support) {
            (Some((_, splits)), Some((_, support))) => Ok((splits, support)),
            _ => Err(Error::Internal("what a trial reads was not loaded".into())),
        }
    }
}

/// Loads the networks that a trial needs, which were trained before it.
fn support(folder: &Folder, trial: &Trial) -> Result<Support> {
    let mut support = Support::default();
    for (role, id) in &trial.needs {
        let missing = || {
            Error::Worker(format!(
                "the {} that trial {} needs (artefact {}) is not trained: see the log of its attempts",
                role.name(),
                trial.id.short(),
                id.short()
            ))
        };
        let found = record::find(folder, &id.to_string())?.ok_or_else(missing)?;
        if found.result.outcome != Outcome::Completed {
            return Err(missing());
        }
        let damaged = |problem: String| Error::Internal(format!("artefact {id}: {problem}"));
        let flat = serde_json::from_str(&found.config).map_err(|e| damaged(e.to_string()))?;
        let config = TrialConfig::from_flat(&flat).map_err(damaged)?;
        let network = train::network(&config, trial.image, found.seed, &found.result.weights)?;
        match role {
            Role::Judge => support.judge = Some(network),
            Role::Codec => support.codec = Some(network),
        }
    }
    Ok(support)
}

/// Loads a trial's images, with their classes if its task needs them, and makes sure that they are the ones its id was made from.
fn load(trial: &Trial) -> Result<Splits> {
    if !trial.config.task.reads_images() {
        return Ok(Splits::default());
    }
    let facts = data::facts(&trial.config.data)?;
    if facts.digest != trial.data_digest {
        return Err(Error::Data {
            path: trial.config.data.train_images.clone().into(),
            problem: format!(
                "the images of data set {} changed since the plan was made",
                trial.config.data.dataset.name()
            ),
            next: "run the same command again; trials of the new images are new trials".into(),
        });
    }
    let mut splits = data::load(&trial.config.data)?;
    if trial.config.task.reads_classes() {
        splits.classes = Some(data::classes(&trial.config.data)?);
    }
    Ok(splits)
}
