//! The folder of a trial's checkpoints: `<root>/<attempt>/step-<n>.ckpt`.

use super::codec::{self, Identity};
use crate::durable;
use crate::error::{Error, Result};
use crate::train::state::{Course, State};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Far above any checkpoint that this program writes; a larger file is not even read.
const LARGEST: u64 = 4 << 30;

/// How many good checkpoints stay: the newest, and one more should that be damaged later.
const KEPT: usize = 2;

/// Writes an attempt's checkpoints and finds the one to go on from.
pub(in crate::train) struct Keeper {
    root: PathBuf,
    attempt: u32,
    identity: Identity,
    /// When the state on disk was last that of the trial, on the monotonic clock.
    current: Instant,
    /// Files known to be good, oldest first.
    good: Vec<PathBuf>,
    saves: Saves,
}

/// Whether this attempt has saved anything yet: its folder has to be made only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saves {
    None,
    Some,
}

/// A file that looks like a checkpoint by its place and name; better ones compare greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) step: u64,
    attempt: u32,
    pub(super) path: PathBuf,
}

impl Keeper {
    /// For one attempt of a trial whose attempts all lie below `root`.
    pub(in crate::train) fn new(root: &Path, attempt: u32, identity: Identity) -> Self {
        Self {
            root: root.to_owned(),
            attempt,
            identity,
            current: Instant::now(),
            good: Vec::new(),
            saves: Saves::None,
        }
    }

    /// How long a kill now would throw back.
    pub(in crate::train) fn unsaved(&self) -> Duration {
        self.current.elapsed()
    }

    /// The newest state that is whole and of this trial. Those that are passed over are told to `passed_over`.
    ///
    /// # Errors
    /// When the folders cannot be listed.
    pub(in crate::train) fn newest(
        &mut self,
        fresh: &State,
        course: Course,
        passed_over: &mut dyn FnMut(String),
    ) -> Result<Option<State>> {
        let mut candidates = list(&self.root)?;
        candidates.sort_unstable();
        for Candidate { path, .. } in candidates.into_iter().rev() {
            let state = read(&path).and_then(|file| codec::decode(&self.identity, &file));
            match state.and_then(|state| state.check(fresh, course).map(|()| state)) {
                Ok(state) => {
                    self.current = Instant::now();
                    self.good = vec![path];
                    return Ok(Some(state));
                }
                Err(problem) => {
                    passed_over(format!(
                        "checkpoint {} is passed over: {problem}",
                        path.display()
                    ));
                }
            }
        }
        Ok(None)
    }

    /// Saves a state. When this returns, the file and its name are synced; only then are older ones removed.
    ///
    /// # Errors
    /// [`Error::Io`] when the file system refuses: nothing was saved then, and what was saved before is still there.
    pub(in crate::train) fn save(&mut self, state: &State) -> Result<()> {
        let file = codec::encode(&self.identity, state)
            .map_err(|source| Error::Internal(format!("checkpoint header: {source}")))?;
        let folder = self.root.join(self.attempt.to_string());
        if self.saves == Saves::None {
            make_folder(&folder)?;
            self.saves = Saves::Some;
        }
        let step = state.progress.step;
        let path = folder.join(format!("step-{step}.ckpt"));
        durable::replace(&path, &file)?;
        self.current = Instant::now();
        self.good.retain(|good| *good != path);
        self.good.push(path);
        let surplus = self.good.len().saturating_sub(KEPT);
        self.good.drain(..surplus);
        self.remove_older(step);
        Ok(())
    }

    /// Removes what earlier attempts and steps left, as far as possible: leftovers harm nothing. A later attempt's
    /// files are not touched (then this one has been given up and only does not know it), nor are files of later
    /// steps that were passed over (another machine may be able to use them).
    fn remove_older(&self, step: u64) {
        let Ok(candidates) = list(&self.root) else {
            return;
        };
        let old = candidates
            .into_iter()
            .filter(|found| found.attempt <= self.attempt && found.step <= step)
            .filter(|found| !self.good.contains(&found.path));
        for Candidate { path, .. } in old {
            if let Err(source) = fs::remove_file(&path) {
                tracing::warn!("cannot remove old checkpoint {}: {source}", path.display());
            }
        }
    }
}

/// The optimiser steps that a checkpoint of this name holds; `None` when it is no checkpoint's name.
pub fn step_of(name: &str) -> Option<u64> {
    let rest = name.strip_prefix("step-")?;
    rest.strip_suffix(".ckpt")?.parse().ok()
}

/// Everything below `root` that has a checkpoint's place and name.
pub(super) fn list(root: &Path) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for (name, folder) in entries(root)? {
        let Ok(attempt) = name.parse() else {
            continue;
        };
        for (name, path) in entries(&folder)? {
            found.extend(step_of(&name).map(|step| Candidate {
                step,
                attempt,
                path,
            }));
        }
    }
    Ok(found)
}

/// Names and paths in a folder; none when it is not there or no folder.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(source) => match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => return Ok(Vec::new()),
            _ => return Err(Error::io("list", folder)(source)),
        },
    };
    let pair = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.map_err(Error::io("list", folder))?;
        Ok((
            entry.file_name().to_string_lossy().into_owned(),
            entry.path(),
        ))
    };
    entries.map(pair).collect()
}

/// The bytes of a regular file of sensible size.
pub(super) fn read(path: &Path) -> std::result::Result<Vec<u8>, String> {
    let refuse = |source: io::Error| format!("it cannot be read: {source}");
    // Looked at before it is opened: opening a pipe would wait for ever.
    let facts = fs::metadata(path).map_err(refuse)?;
    if !facts.is_file() {
        return Err("it is no regular file".into());
    }
    if facts.len() > LARGEST {
        return Err(format!(
            "it is larger than any checkpoint ({} bytes)",
            facts.len()
        ));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(refuse)?;
    file.take(LARGEST).read_to_end(&mut bytes).map_err(refuse)?;
    Ok(bytes)
}

/// Makes a folder where there is none, and makes sure that its name and those of the two above survive a power cut
/// (whoever made them).
fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    for above in folder.ancestors().skip(1).take(3) {
        durable::sync_folder(above)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
