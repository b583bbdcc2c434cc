//! Trial files, shards, `sweep.h5`, and their reader.

mod folder;
mod reader;

pub use folder::Folder;
pub use reader::{CompareRecord, SweepRecord, TrialDetail, TrialRow};

use crate::error::{Error, Result};
use crate::outcome::{Outcome, TrialResult};
use std::collections::{BTreeMap, BTreeSet};

/// What a trial file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialRecord {
    /// 64 hex digits.
    pub id: String,
    /// The seed.
    pub seed: u64,
    /// Resolved config as flat JSON.
    pub config: String,
    /// Digest of the data.
    pub data_digest: String,
    /// What the trial left.
    pub result: TrialResult,
    /// Machine and versions: host, cpu, threads, ablate_version, git_rev, numerics_version, device, …
    pub environment: BTreeMap<String, String>,
    /// Number of the attempt that committed it.
    pub attempt: u32,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub ended: String,
}

/// How a commit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The trial is now done.
    New,
    /// It was done before; nothing changed.
    Already,
}

/// One planned trial, as a merge needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedTrial {
    /// 64 hex digits.
    pub id: String,
    /// Position in the plan.
    pub index: usize,
    /// The seed.
    pub seed: u64,
    /// Axis values as JSON text, in the order of [`SweepHeader::axes`].
    pub axes: Vec<String>,
    /// What became of it, when no committed trial says: pending, interrupted, failed or quarantined.
    pub otherwise: Outcome,
}

/// What `sweep.h5` says about the sweep as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepHeader {
    /// Name.
    pub name: String,
    /// Question.
    pub question: String,
    /// The YAML as written.
    pub yaml: String,
    /// Paths of the axes.
    pub axes: Vec<String>,
    /// What is compared.
    pub compare: Option<CompareRecord>,
}

/// Commits a trial: the only way in which one becomes done (DESIGN.md §6).
///
/// # Errors
/// When the file system or HDF5 refuses; nothing is half-written then.
pub fn commit(folder: &Folder, record: &TrialRecord) -> Result<Commit> {
    let _ = (folder, record);
    Err(Error::Internal("not built yet".into()))
}

/// The ids of all committed trials.
///
/// # Errors
/// When the folder cannot be read.
pub fn done(folder: &Folder) -> Result<BTreeSet<String>> {
    let _ = folder;
    Err(Error::Internal("not built yet".into()))
}

/// Packs loose trial files into shards of up to 256; a last, smaller rest stays loose.
///
/// # Errors
/// When the file system or HDF5 refuses.
pub fn shard(folder: &Folder) -> Result<()> {
    let _ = folder;
    Err(Error::Internal("not built yet".into()))
}

/// Builds `sweep.h5` anew from shards and trial files and replaces it whole.
///
/// # Errors
/// When the file system or HDF5 refuses.
pub fn merge(folder: &Folder, header: &SweepHeader, trials: &[PlannedTrial]) -> Result<()> {
    let _ = (folder, header, trials);
    Err(Error::Internal("not built yet".into()))
}
