//! Reads the trials that an index found, while a packer may be moving them.

use super::h5::{self, Node};
use super::index::Index;
use super::{Folder, TrialRecord, schema, trial_file, trial_group};
use crate::error::{Error, Result};
use std::collections::btree_map::{BTreeMap, Entry};
use std::path::{Path, PathBuf};

/// Reads trials of an index. Shards stay open in between, a few at a time.
#[derive(Debug)]
pub struct Source<'a> {
    folder: &'a Folder,
    index: Index,
    open: BTreeMap<PathBuf, Node>,
}

/// Most shards open at a time.
const MAX_OPEN: usize = 32;

impl<'a> Source<'a> {
    /// Reads from what `index` found in `folder`.
    pub fn new(folder: &'a Folder, index: Index) -> Self {
        Self {
            folder,
            index,
            open: BTreeMap::new(),
        }
    }

    /// The trial `id`, verified; `None` when the index has none.
    ///
    /// # Errors
    /// When it is damaged or cannot be read.
    pub fn read(&mut self, id: &str) -> Result<Option<TrialRecord>> {
        self.look(id, |trials| trial_group::read(trials, id))
    }

    /// Lets `look` see the group `/trial` that holds trial `id`; `None` when the index has none.
    ///
    /// # Errors
    /// When the file cannot be read or was removed since it was indexed, and what `look` says.
    pub fn look<T>(
        &mut self,
        id: &str,
        look: impl FnOnce(&Node) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.index.loose.contains_key(id) {
            let path = self.folder.trial(id);
            match open_trials(&path, schema::kind::TRIAL) {
                Ok(trials) => return look(&trials).map(Some),
                Err(_) if !path.try_exists().map_err(Error::io("look for", &path))? => {
                    self.index.follow_packer(self.folder)?;
                    if !self.index.sharded.contains_key(id) {
                        return Err(gone(path));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let Some((_, path)) = self.index.sharded.get(id).cloned() else {
            return Ok(None);
        };
        if self.open.len() >= MAX_OPEN && !self.open.contains_key(&path) {
            self.open.clear();
        }
        let trials = match self.open.entry(path) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let trials = open_trials(entry.key(), schema::kind::SHARD)?;
                entry.insert(trials)
            }
        };
        look(trials).map(Some)
    }

    /// What is wrong with a copy of the trials `ids` that was refused or turned out damaged: the file that one is made
    /// from, when it cannot be read. Its seal fits, so no run would make it anew by itself.
    pub fn blame<'i>(&mut self, ids: impl IntoIterator<Item = &'i String>, copy: Error) -> Error {
        match ids.into_iter().find_map(|id| self.read(id).err()) {
            Some(Error::Record { path, problem, .. }) => Error::Record {
                path,
                problem,
                next: "move this file to another folder and run the same command again; it makes the results anew".into(),
            },
            other => other.unwrap_or(copy),
        }
    }
}

fn gone(path: PathBuf) -> Error {
    Error::Record {
        path,
        problem: "was removed before it was read".into(),
        next: "run the same command again; it makes missing results anew".into(),
    }
}

/// The group `/trial` of a file that a scan has checked. It keeps the file open.
fn open_trials(path: &Path, kind: &str) -> Result<Node> {
    trial_file::open_trials(&h5::open_trusted(path)?, path, kind)
}

#[cfg(test)]
mod tests;
