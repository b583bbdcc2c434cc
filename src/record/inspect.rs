//! A file of trials read in full, for who wants to know whether it is whole: its seal, every value, and every trial against
//! its digests. One trial is in memory at a time.

use super::h5::{self, Node};
use super::{TrialRecord, digest, index, schema, trial_file, trial_group};
use crate::error::Result;
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

/// Reads a file in full. What its name says is not asked.
///
/// # Errors
/// As those who read records: [`Error::Record`](crate::error::Error::Record), [`Error::Format`](crate::error::Error::Format),
/// [`Error::Hdf5`](crate::error::Error::Hdf5), [`Error::Io`](crate::error::Error::Io).
pub fn inspect(path: &Path) -> Result<Whole> {
    let file = h5::open_sealed(path)?;
    let kind = match Node::root(&file, path)?.text(schema::root::KIND)?.as_str() {
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
    let trials = trial_file::open_trials(&file, path, expected)?;
    let read = |id: &String| Ok((id.clone(), trial_group::read(&trials, id)?.into()));
    let trials = trials.children()?.iter().map(read).collect::<Result<_>>()?;
    Ok(Whole { kind, trials })
}
