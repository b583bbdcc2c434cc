//! Which trials are done, and where: the valid files in `trials/` and `shards/`.

use super::h5::{self, Node};
use super::{Folder, digest, merge, schema, trial_file};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The ids of all committed trials. Files that are damaged are named in a warning and count as not done.
///
/// # Errors
/// When the folder cannot be read, or a file in it, `sweep.h5` included, is of another format version.
pub fn done(folder: &Folder) -> Result<BTreeSet<String>> {
    let index = Index::scan(folder)?;
    // Here, at the start of a run, rather than after hours when it would be replaced.
    merge::standing(folder)?;
    Ok(index
        .loose
        .into_keys()
        .chain(index.sharded.into_keys())
        .collect())
}

/// The trials of a folder, by id.
#[derive(Debug, Default)]
pub struct Index {
    /// Content digests of the trial files.
    pub loose: BTreeMap<String, String>,
    /// Content digests of the trials in shards, and the shard of each.
    pub sharded: BTreeMap<String, (String, PathBuf)>,
    /// The shards among these. One that is known is not read again: its name is a digest of what it holds.
    shards: BTreeSet<PathBuf>,
}

impl Index {
    /// Looks at every file. First `trials/`, then `shards/`: a trial file is unlinked only when its shard is there, so
    /// one that vanishes in between is found in the shard.
    ///
    /// # Errors
    /// When a folder cannot be read, or a file is of another format version.
    pub fn scan(folder: &Folder) -> Result<Self> {
        let mut index = Self::default();
        for (stem, path) in hdf5_files(&folder.trials())? {
            if let Some(digest) = keep_valid(list_trial_file(&path, &stem))? {
                index.loose.insert(stem, digest);
            }
        }
        index.scan_shards(folder)?;
        Ok(index)
    }

    fn scan_shards(&mut self, folder: &Folder) -> Result<()> {
        for (stem, path) in hdf5_files(&folder.shards())? {
            if self.shards.contains(&path) {
                continue;
            }
            let Some((_, digests)) = keep_valid(open_shard(&path, &stem))? else {
                continue;
            };
            for (id, digest) in digests {
                self.sharded.insert(id, (digest, path.clone()));
            }
            self.shards.insert(path);
        }
        Ok(())
    }

    /// Looks again for what another process packed into shards since.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    pub fn follow_packer(&mut self, folder: &Folder) -> Result<()> {
        self.scan_shards(folder)?;
        self.loose.retain(|id, _| !self.sharded.contains_key(id));
        Ok(())
    }

    /// Only the trials in trial files with these content digests.
    pub fn of_loose(digests: &BTreeMap<String, String>) -> Self {
        Self {
            loose: digests.clone(),
            ..Self::default()
        }
    }

    /// Only the trials in shards.
    pub fn without_loose(self) -> Self {
        Self {
            loose: BTreeMap::new(),
            ..self
        }
    }

    /// The content digest of a committed trial.
    pub fn content_digest(&self, id: &str) -> Option<&str> {
        let sharded = || self.sharded.get(id).map(|(digest, _)| digest);
        self.loose.get(id).or_else(sharded).map(String::as_str)
    }
}

/// The group `/trial` of the shard named `stem`, and the content digests of its trials by id. The name is a digest of
/// that list.
///
/// # Errors
/// [`Error::Record`] when it is damaged or does not fit its name.
pub fn open_shard(path: &Path, stem: &str) -> Result<(Node, BTreeMap<String, String>)> {
    let trials = trial_file::open_trials(&h5::open_sealed(path)?, path, schema::kind::SHARD)?;
    let digests = list(&trials)?;
    if shard_name(&digests) != stem {
        return Err(trials.refuse("", "does not hold the trials that the file is named after"));
    }
    Ok((trials, digests))
}

/// The name of the shard that holds these trials: SHA-256 over ids and content digests.
pub fn shard_name(digests: &BTreeMap<String, String>) -> String {
    let mut sum = digest::Sum::new("ablate shard 1");
    for (id, digest) in digests {
        sum.text(id);
        sum.text(digest);
    }
    sum.hex()
}

fn list_trial_file(path: &Path, stem: &str) -> Result<String> {
    let trials = trial_file::open_trials(&h5::open_sealed(path)?, path, schema::kind::TRIAL)?;
    let mut digests = list(&trials)?;
    match digests.remove(stem) {
        Some(digest) if digests.is_empty() => Ok(digest),
        _ => Err(trials.refuse("", "does not hold the trial that the file is named after")),
    }
}

fn list(trials: &Node) -> Result<BTreeMap<String, String>> {
    let pair = |id: &String| {
        let digest = trials.child(id)?.text(schema::trial::CONTENT_DIGEST)?;
        Ok((id.clone(), digest))
    };
    trials.children()?.iter().map(pair).collect()
}

/// Files `<64 hex>.h5` of a folder: stem and path.
pub fn hdf5_files(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(Error::io("read", folder)(error)),
    };
    for entry in entries {
        let path = entry.map_err(Error::io("read", folder))?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let is_hdf5 = path.extension().is_some_and(|extension| extension == "h5");
        if let Some(stem) = stem.filter(|stem| is_hdf5 && trial_file::is_id(stem)) {
            files.insert(stem.to_owned(), path.clone());
        }
    }
    Ok(files)
}

/// Damage becomes a warning, a file that vanished nothing; other errors stay errors.
pub fn keep_valid<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(damage @ Error::Record { .. }) => {
            tracing::warn!("{damage}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
