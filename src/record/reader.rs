//! Reads `sweep.h5`, also a foreign one: read-only, external links and storage refused.

use super::h5::{self, Node};
use super::schema::{column, root};
use super::{schema, trial_file, trial_group};
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
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
    /// When it ended: RFC 3339, UTC.
    pub ended: String,
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
    /// Paths of the axes of evaluations: those of the trials, then those of `evaluate`.
    pub evaluation_axes: Vec<String>,
    /// Every evaluation, by the index of its trial.
    pub evaluations: Vec<TrialRow>,
}

impl SweepRecord {
    /// Opens and checks a file.
    ///
    /// # Errors
    /// [`Error::Record`] when it is damaged, foreign or of another format version.
    pub fn open(path: &Path) -> Result<Self> {
        let file = h5::open_sealed(path)?;
        let top = trial_file::open_root(&file, path, schema::kind::SWEEP)?;
        let axes: Vec<String> = json(&top, root::AXES, &top.text(root::AXES)?)?;
        let metrics: Vec<String> = json(&top, root::METRICS, &top.text(root::METRICS)?)?;
        let trials = read_rows(&top.child(schema::TRIALS)?, axes.len(), &metrics)?;
        let (evaluation_axes, evaluations) = read_evaluations(&top)?;
        Ok(Self {
            path: path.to_owned(),
            name: top.text(root::NAME)?,
            question: top.text(root::QUESTION)?,
            yaml: top.text(root::YAML)?,
            ablate_version: top.text(root::ABLATE_VERSION)?,
            git_rev: top.text(root::GIT_REV)?,
            created: top.text(root::CREATED)?,
            compare: json(&top, root::COMPARE, &top.text(root::COMPARE)?)?,
            axes,
            trials,
            evaluation_axes,
            evaluations,
        })
    }

    /// Opens the file again for what its trials left.
    ///
    /// # Errors
    /// When it is gone or cannot be read.
    pub fn details(&self) -> Result<Details> {
        let file = h5::open_trusted(&self.path)?;
        let trials = trial_file::open_trials(&file, &self.path, schema::kind::SWEEP)?;
        Ok(Details { trials })
    }
}

/// An open `sweep.h5`, to read what its trials left.
#[derive(Debug)]
pub struct Details {
    pub(super) trials: Node,
}

impl Details {
    /// Reads what one committed trial left, and checks it against its digests.
    ///
    /// # Errors
    /// [`Error::Record`] when it is not there or damaged.
    pub fn read(&self, id: &str) -> Result<TrialDetail> {
        let record = trial_group::read(&self.trials, id)?;
        Ok(TrialDetail {
            config: record.config,
            environment: record.environment,
            epochs: record.result.epochs,
            samples: record.result.samples,
            message: record.result.message,
            ended: record.ended,
        })
    }
}

/// The axes and rows of `/evaluations`; none where there is no such group.
fn read_evaluations(top: &Node) -> Result<(Vec<String>, Vec<TrialRow>)> {
    if !top
        .children()?
        .iter()
        .any(|name| name == schema::EVALUATIONS)
    {
        return Ok((Vec::new(), Vec::new()));
    }
    let table = top.child(schema::EVALUATIONS)?;
    let axes: Vec<String> = json(&table, root::AXES, &table.text(root::AXES)?)?;
    let metrics: Vec<String> = json(&table, root::METRICS, &table.text(root::METRICS)?)?;
    let rows = read_rows(&table, axes.len(), &metrics)?;
    Ok((axes, rows))
}

/// The rows of `/trials`, by index.
fn read_rows(table: &Node, axes: usize, metrics: &[String]) -> Result<Vec<TrialRow>> {
    let ids = table.texts(column::ID)?;
    let rows = ids.len();
    let texts = |name| same_length(table, name, rows, table.texts(name)?);
    let integers = |name| same_length(table, name, rows, table.column::<u64>(name)?);
    let numbers = |name| same_length(table, name, rows, table.column::<f64>(name)?);

    let (outcomes, values) = (texts(column::OUTCOME)?, texts(column::AXES)?);
    let (devices, hosts) = (texts(column::DEVICE)?, texts(column::HOST)?);
    let (indices, seeds) = (integers(column::INDEX)?, integers(column::SEED)?);
    let (params, macs) = (integers(column::PARAMS)?, integers(column::MACS)?);
    let (attempts, wall_seconds) = (integers(column::ATTEMPT)?, numbers(column::WALL_SECONDS)?);
    let mut finals = Vec::with_capacity(metrics.len());
    for name in metrics {
        finals.push((name, numbers(name)?));
    }

    let mut trials = Vec::with_capacity(rows);
    for (row, id) in ids.into_iter().enumerate() {
        let outcome = Outcome::from_name(&outcomes[row]).ok_or_else(|| {
            table.refuse(
                column::OUTCOME,
                format!("has {:?}, which is none", outcomes[row]),
            )
        })?;
        let axis_values: Vec<serde_json::Value> = json(table, column::AXES, &values[row])?;
        if axis_values.len() != axes {
            return Err(table.refuse(
                column::AXES,
                format!("has other than {axes} values in row {row}"),
            ));
        }
        trials.push(TrialRow {
            id,
            index: narrow(table, column::INDEX, indices[row])?,
            seed: seeds[row],
            outcome,
            axes: axis_values.iter().map(ToString::to_string).collect(),
            metrics: finals
                .iter()
                .filter(|(_, values)| !values[row].is_nan())
                .map(|(name, values)| ((*name).clone(), values[row]))
                .collect(),
            params: params[row],
            macs: macs[row],
            wall_seconds: wall_seconds[row],
            device: devices[row].clone(),
            host: hosts[row].clone(),
            attempt: narrow(table, column::ATTEMPT, attempts[row])?,
        });
    }
    trials.sort_by_key(|trial| trial.index);
    Ok(trials)
}

fn same_length<T>(table: &Node, name: &str, rows: usize, values: Vec<T>) -> Result<Vec<T>> {
    if values.len() == rows {
        Ok(values)
    } else {
        Err(table.refuse(name, format!("has {} rows, expected {rows}", values.len())))
    }
}

fn narrow<T: TryFrom<u64>>(table: &Node, name: &str, value: u64) -> Result<T> {
    T::try_from(value).map_err(|_| table.refuse(name, format!("has {value}, which is too large")))
}

fn json<T: serde::de::DeserializeOwned>(at: &Node, name: &str, text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| at.refuse(name, format!("is not as expected: {error}")))
}
