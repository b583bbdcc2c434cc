//! Trial files, shards, `sweep.h5`, and their reader.
//!
//! A trial is done when a valid file in `trials/` or `shards/` holds it: [`commit`] makes one, [`shard`] packs many,
//! [`merge`] derives `sweep.h5` for people, [`SweepRecord`] reads that. `results/README.md` documents the layout.

pub mod digest;
mod find;
mod fingerprint;
mod folder;
mod h5;
mod index;
pub mod inspect;
mod keep;
mod merge;
mod outcomes;
pub mod probe;
mod publish;
mod reader;
pub mod schema;
mod shard;
mod source;
mod sweep_table;
mod trial_file;
mod trial_group;

pub use find::find;
pub use fingerprint::Fingerprint;
pub use folder::Folder;
pub use h5::{done_reading, watch};
pub use index::{done, hdf5_files};
pub use merge::{merge, set_aside};
pub use outcomes::{Committed, Outcomes};
pub use reader::{CompareRecord, Details, SweepRecord, TrialDetail, TrialRow};
pub use shard::{shard, shard_due};
pub use trial_file::{commit, is_id, read_one as read_trial_file};

use crate::durable;
use crate::error::Result;
use crate::outcome::{Outcome, TrialResult};
use std::collections::BTreeMap;

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
    /// How trained networks are used beyond what their trials say.
    pub evaluations: PlannedEvaluations,
}

/// The evaluations of a sweep, as a merge needs them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlannedEvaluations {
    /// Paths of the axes of the sweep, then those of `evaluate`.
    pub axes: Vec<String>,
    /// One entry an evaluation: `index` and `seed` are its trial's, `axes` the values of these axes.
    pub planned: Vec<PlannedTrial>,
}

/// Removes what attempts on this machine that died left half-written; for the start of a run.
///
/// # Errors
/// When a folder cannot be read.
pub fn remove_stale_temps(folder: &Folder) -> Result<()> {
    let folders = [
        folder.trials(),
        folder.shards(),
        folder.attempts(),
        folder.status(),
    ];
    folders
        .iter()
        .try_for_each(|path| durable::remove_stale(path))?;
    durable::remove_stale(folder.root())
}
