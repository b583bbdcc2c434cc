//! How committed trials ended, for those who watch a sweep: each file is read once, because committed files never change.

use super::h5::{self, Node};
use super::index;
use super::{Folder, schema, trial_file, trial_group};
use crate::error::{Error, Result};
use crate::outcome::{Outcome, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The outcomes of the committed trials of a folder, as far as it was looked at.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    metric: String,
    of: BTreeMap<String, Committed>,
    shards: BTreeSet<PathBuf>,
}

/// What is known of a committed trial without its tables.
#[derive(Clone, Debug)]
pub struct Committed {
    /// How it ended.
    pub outcome: Outcome,
    /// Seconds of training and evaluation, over all attempts.
    pub seconds: f64,
    /// The final value of the metric that was asked for; `None` where it is missing or no number.
    pub value: Option<f64>,
    /// `None`: in a file of its own.
    shard: Option<Arc<Path>>,
}

impl Outcomes {
    /// Looks at nothing yet; of each trial's final metrics, this one is remembered.
    pub fn of_metric(metric: &str) -> Self {
        Self {
            metric: metric.to_owned(),
            ..Self::default()
        }
    }

    /// Reads what was committed since the last look. Files that are damaged are named in a warning and count as not done.
    ///
    /// # Errors
    /// When the folder cannot be read, or a file in it is of another format version.
    pub fn look(&mut self, folder: &Folder) -> Result<()> {
        // In this order: a trial file goes only when its shard is there.
        for (id, path) in index::hdf5_files(&folder.trials())? {
            if self.of.contains_key(&id) {
                continue;
            }
            let read = || {
                let file = h5::open_sealed(&path)?;
                let trials = trial_file::open_trials(&file, &path, schema::kind::TRIAL)?;
                committed(&trials.child(&id)?, &self.metric, None)
            };
            if let Some(found) = index::keep_valid(read())? {
                self.of.insert(id, found);
            }
        }
        for (stem, path) in index::hdf5_files(&folder.shards())? {
            if self.shards.contains(&path) {
                continue;
            }
            let shard: Arc<Path> = path.clone().into();
            let read = || {
                let (trials, digests) = index::open_shard(&path, &stem)?;
                let found = |id: String| {
                    let shard = Some(Arc::clone(&shard));
                    Ok((committed(&trials.child(&id)?, &self.metric, shard)?, id))
                };
                digests.into_keys().map(found).collect::<Result<Vec<_>>>()
            };
            if let Some(found) = index::keep_valid(read())? {
                self.of
                    .extend(found.into_iter().map(|(found, id)| (id, found)));
                self.shards.insert(path);
            }
        }
        Ok(())
    }

    /// How a trial ended; `None` when it is not committed.
    pub fn of(&self, id: &str) -> Option<Outcome> {
        Some(self.committed(id)?.outcome)
    }

    /// What is known of a trial; `None` when it is not committed.
    pub fn committed(&self, id: &str) -> Option<&Committed> {
        self.of.get(id)
    }

    /// Number of committed trials, of whatever sweep.
    pub fn count(&self) -> usize {
        self.of.len()
    }

    /// These columns of the epochs of a committed trial, those of them that it has. `None` when it was moved since the last look:
    /// the next one finds it.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read.
    pub fn epochs(&self, folder: &Folder, id: &str, columns: &[&str]) -> Result<Option<Table>> {
        let Some(found) = self.committed(id) else {
            return Ok(None);
        };
        let own = folder.trial(id);
        let (path, kind) = match &found.shard {
            Some(shard) => (&**shard, schema::kind::SHARD),
            None => (own.as_path(), schema::kind::TRIAL),
        };
        let file = match h5::open_trusted(path) {
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Ok(None);
            }
            opened => opened?,
        };
        let trials = trial_file::open_trials(&file, path, kind)?;
        trial_group::epochs(&trials.child(id)?, columns).map(Some)
    }
}

fn committed(trial: &Node, metric: &str, shard: Option<Arc<Path>>) -> Result<Committed> {
    Ok(Committed {
        outcome: trial_group::outcome(trial)?,
        seconds: trial.number(schema::trial::WALL_SECONDS)?,
        value: trial_group::metric(trial, metric)?.filter(|value| value.is_finite()),
        shard,
    })
}
