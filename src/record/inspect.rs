//! A file of trials read in full, for who wants to know whether it is whole: its seal, every value, and every trial against
//! its digests. One trial is in memory at a time.

use super::h5::{self, Node};
use super::{TrialRecord, digest, index, schema, trial_file, trial_group};
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use std::collections::BTreeMap;
use std::path::Path;

/// What a file is, by its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One trial.
    Trial,
    /// Many.
    Shard,
    /// `sweep.h5`.
    Sweep,
}

/// A trial that was read and fits its digests, without its tables.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// SHA-256 over all that is stored of it.
    pub content_digest: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The seed.
    pub seed: u64,
    /// Final metrics.
    pub metrics: BTreeMap<String, f64>,
}

impl From<TrialRecord> for Held {
    fn from(record: TrialRecord) -> Self {
        Self {
            content_digest: digest::content(&record),
            outcome: record.result.outcome,
            seed: record.seed,
            metrics: record.result.metrics,
        }
    }
}

/// A whole file.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// What it is.
    pub kind: Kind,
    /// Its trials by id.
    pub trials: BTreeMap<String, Held>,
}

impl Whole {
    /// The file stem that a shard of these trials has.
    pub fn shard_name(&self) -> String {
        let digest = |(id, held): (&String, &Held)| (id.clone(), held.content_digest.clone());
        index::shard_name(&self.trials.iter().map(digest).collect())
    }
}

/// Why a file is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its length or checksum is not what was written: every run sees that, too.
    Seal(String),
    /// What is in it is wrong, though its seal fits: it was changed by hand, or by a bug.
    Inside(String),
    /// Of another format version, or damaged in the very line that says so.
    Format(String),
    /// The file system does not give it.
    Unreadable(String),
}

/// Reads a file in full. What its name says is not asked.
///
/// # Errors
/// Why it is not whole.
pub fn inspect(path: &Path) -> std::result::Result<Whole, Fault> {
    // Opening a pipe would wait for ever.
    if std::fs::metadata(path).is_ok_and(|facts| !facts.is_file()) {
        return Err(Fault::Unreadable("it is no regular file".into()));
    }
    let file = h5::open_sealed(path).map_err(fault(Fault::Seal))?;
    read(&file, path).map_err(fault(Fault::Inside))
}

/// Sorts an error; `of_record` is for what is wrong with the record itself.
pub fn fault(of_record: impl Fn(String) -> Fault) -> impl Fn(Error) -> Fault {
    move |error| match error {
        Error::Record { problem, .. } => of_record(problem),
        Error::Format { problem, .. } => Fault::Format(problem),
        Error::Io { source, .. } => Fault::Unreadable(source.to_string()),
        // Its seal fits, and HDF5 refuses it all the same.
        Error::Hdf5 { source, .. } => Fault::Inside(format!("HDF5: {source}")),
        other => Fault::Inside(other.to_string()),
    }
}

fn read(file: &hdf5::File, path: &Path) -> Result<Whole> {
    let kind = match Node::root(file, path)?.text(schema::root::KIND)?.as_str() {
        schema::kind::SHARD => Kind::Shard,
        schema::kind::SWEEP => Kind::Sweep,
        // Any other kind is refused as no trial file.
        _ => Kind::Trial,
    };
    let expected = match kind {
        Kind::Trial => schema::kind::TRIAL,
        Kind::Shard => schema::kind::SHARD,
        Kind::Sweep => schema::kind::SWEEP,
    };
    let trials = trial_file::open_trials(file, path, expected)?;
    let held = |id: &String| Ok((id.clone(), trial_group::read(&trials, id)?.into()));
    let trials = trials.children()?.iter().map(held).collect::<Result<_>>()?;
    Ok(Whole { kind, trials })
}
