//! Reads `sweep.h5`, also a foreign one: read-only, external links and storage refused.

use crate::error::{Error, Result};
use crate::outcome::{Outcome, Samples, Table};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the report answers, as recorded.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CompareRecord {
    /// Field path to JSON text of its value.
    pub baseline: BTreeMap<String, String>,
    /// The metric: `test.bce`.
    pub metric: String,
    /// "lower", "higher", "same" or "" when nothing was expected.
    pub expect: String,
    /// For "same": half the width of what counts as the same.
    pub margin: f64,
}

/// One row of `/trials`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialRow {
    /// 64 hex digits.
    pub id: String,
    /// Position in the plan.
    pub index: usize,
    /// The seed.
    pub seed: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Axis values as JSON text, in the order of [`SweepRecord::axes`].
    pub axes: Vec<String>,
    /// Final metrics by name; missing ones are absent.
    pub metrics: BTreeMap<String, f64>,
    /// Number of parameters (0 when unknown).
    pub params: u64,
    /// Multiply-accumulates of one forward pass (0 when unknown).
    pub macs: u64,
    /// Seconds of training and evaluation (NaN when unknown).
    pub wall_seconds: f64,
    /// "cpu" or "" when unknown.
    pub device: String,
    /// The machine.
    pub host: String,
    /// The attempt that committed it (0 when none did).
    pub attempt: u32,
}

/// The group `/trial/<id>`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialDetail {
    /// Resolved config as flat JSON.
    pub config: String,
    /// Machine and versions.
    pub environment: BTreeMap<String, String>,
    /// One row an epoch.
    pub epochs: Table,
    /// Pictures.
    pub samples: Vec<Samples>,
    /// Why it diverged; empty otherwise.
    pub message: String,
}

/// `sweep.h5`, its tables read, its trials' details on demand.
#[derive(Clone, Debug)]
pub struct SweepRecord {
    /// The file.
    pub path: PathBuf,
    /// Name.
    pub name: String,
    /// Question.
    pub question: String,
    /// The YAML as written.
    pub yaml: String,
    /// Version that wrote it.
    pub ablate_version: String,
    /// Commit that wrote it.
    pub git_rev: String,
    /// When the file was made: RFC 3339, UTC.
    pub created: String,
    /// Paths of the axes.
    pub axes: Vec<String>,
    /// What is compared.
    pub compare: Option<CompareRecord>,
    /// Every planned trial, by index.
    pub trials: Vec<TrialRow>,
}

impl SweepRecord {
    /// Opens and checks a file.
    ///
    /// # Errors
    /// [`Error::Record`] when it is damaged, foreign or of another format version.
    pub fn open(path: &Path) -> Result<Self> {
        let _ = path;
        Err(Error::Internal("not built yet".into()))
    }

    /// Reads what one committed trial left.
    ///
    /// # Errors
    /// [`Error::Record`] when it is not there or damaged.
    pub fn detail(&self, id: &str) -> Result<TrialDetail> {
        let _ = id;
        Err(Error::Internal("not built yet".into()))
    }
}
