//! How committed trials ended, for those who watch a sweep: each file is read once, because committed files never change.

use super::h5;
use super::index;
use super::{Folder, schema, trial_file, trial_group};
use crate::error::Result;
use crate::outcome::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The outcomes of the committed trials of a folder, as far as it was looked at.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    of: BTreeMap<String, Outcome>,
    shards: BTreeSet<PathBuf>,
}

impl Outcomes {
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
                trial_group::outcome(&trials.child(&id)?)
            };
            if let Some(outcome) = index::keep_valid(read())? {
                self.of.insert(id, outcome);
            }
        }
        for (stem, path) in index::hdf5_files(&folder.shards())? {
            if self.shards.contains(&path) {
                continue;
            }
            let read = || {
                let (trials, digests) = index::open_shard(&path, &stem)?;
                let outcome = |id: String| Ok((trial_group::outcome(&trials.child(&id)?)?, id));
                digests.into_keys().map(outcome).collect::<Result<Vec<_>>>()
            };
            if let Some(found) = index::keep_valid(read())? {
                self.of
                    .extend(found.into_iter().map(|(outcome, id)| (id, outcome)));
                self.shards.insert(path);
            }
        }
        Ok(())
    }

    /// How a trial ended; `None` when it is not committed.
    pub fn of(&self, id: &str) -> Option<Outcome> {
        self.of.get(id).copied()
    }

    /// Number of committed trials, of whatever sweep.
    pub fn count(&self) -> usize {
        self.of.len()
    }
}
