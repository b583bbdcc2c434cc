//! What stands in `/trial/<id>`: all of it, verified, or the row that `sweep.h5` shows. What ablate does not write there
//! is refused, because it would be copied along without anybody ever looking at it.

use super::super::h5::Node;
use super::super::schema::{self, trial};
use super::super::{TrialRecord, digest};
use crate::error::Result;
use crate::outcome::{Outcome, Samples, Table, TrialResult, Weight};
use std::collections::BTreeMap;

/// The groups below a trial.
const CHILDREN: [&str; 5] = [
    schema::ENVIRONMENT,
    schema::METRICS,
    schema::EPOCHS,
    schema::SAMPLES,
    schema::WEIGHTS,
];

/// What the table of `sweep.h5` says of a trial.
#[derive(Debug)]
pub struct Summary {
    /// How it ended.
    pub outcome: Outcome,
    /// Number of the attempt that committed it.
    pub attempt: u64,
    /// RFC 3339, UTC.
    pub ended: String,
    /// Number of parameters.
    pub params: u64,
    /// Multiply-accumulates of one forward pass.
    pub macs: u64,
    /// Seconds of training and evaluation.
    pub wall_seconds: f64,
    /// Kind of device; empty when unknown.
    pub device: String,
    /// The machine; empty when unknown.
    pub host: String,
    /// Final metrics by name.
    pub metrics: BTreeMap<String, f64>,
}

/// Reads the summary of a trial from `parent`, the group `/trial`. Digests are not checked.
///
/// # Errors
/// [`crate::Error::Record`] when anything is missing, of a wrong kind or unknown.
pub fn read_summary(parent: &Node, id: &str) -> Result<Summary> {
    let node = known(parent, id)?;
    let mut environment = read_environment(&node.child(schema::ENVIRONMENT)?)?;
    let mut fact = |key| environment.remove(key).unwrap_or_default();
    Ok(Summary {
        outcome: read_outcome(&node)?,
        attempt: node.integer(trial::ATTEMPT)?,
        ended: node.text(trial::ENDED)?,
        params: node.integer(trial::PARAMS)?,
        macs: node.integer(trial::MACS)?,
        wall_seconds: node.number(trial::WALL_SECONDS)?,
        device: fact("device"),
        host: fact("host"),
        metrics: read_metrics(&node.child(schema::METRICS)?)?,
    })
}

/// Reads a trial from `parent`, the group `/trial`, and checks it against its own digests.
/// Samples come in the order of their names.
///
/// # Errors
/// [`crate::Error::Record`] when anything is missing, of a wrong kind, unknown, or does not fit the digests or the id.
pub fn read(parent: &Node, id: &str) -> Result<TrialRecord> {
    let node = known(parent, id)?;
    let attempt = node.integer(trial::ATTEMPT)?;
    let record = TrialRecord {
        id: node.text(trial::ID)?,
        seed: node.integer(trial::SEED)?,
        config: node.text(trial::CONFIG)?,
        data_digest: node.text(trial::DATA_DIGEST)?,
        attempt: attempt
            .try_into()
            .map_err(|_| node.refuse(trial::ATTEMPT, format!("is {attempt}")))?,
        started: node.text(trial::STARTED)?,
        ended: node.text(trial::ENDED)?,
        environment: read_environment(&node.child(schema::ENVIRONMENT)?)?,
        result: TrialResult {
            outcome: read_outcome(&node)?,
            message: node.text(trial::MESSAGE)?,
            epochs: read_epochs(&node.child(schema::EPOCHS)?)?,
            samples: read_samples(&node.child(schema::SAMPLES)?)?,
            metrics: read_metrics(&node.child(schema::METRICS)?)?,
            parameters_digest: node.text(trial::PARAMETERS_DIGEST)?,
            weights: read_weights(&node)?,
            params: node.integer(trial::PARAMS)?,
            macs: node.integer(trial::MACS)?,
            wall_seconds: node.number(trial::WALL_SECONDS)?,
            dispatch: node.text(trial::DISPATCH)?,
        },
    };
    if record.id != id {
        return Err(node.refuse(trial::ID, format!("is {:?}, another trial's", record.id)));
    }
    if node.text(trial::CONTENT_DIGEST)? != digest::content(&record) {
        return Err(node.refuse(trial::CONTENT_DIGEST, "does not fit what is stored"));
    }
    if node.text(trial::DIGEST)? != digest::logical(&record) {
        return Err(node.refuse(trial::DIGEST, "does not fit what is stored"));
    }
    Ok(record)
}

/// The group of trial `id`, which holds no other children than a trial has.
fn known(parent: &Node, id: &str) -> Result<Node> {
    let node = parent.child(id)?;
    refuse_others(&node, &CHILDREN)?;
    Ok(node)
}

fn refuse_others(node: &Node, known: &[&str]) -> Result<()> {
    let mut names = node.children()?.iter();
    match names.find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(node.refuse(name, "is nothing that ablate writes there")),
        None => Ok(()),
    }
}

fn read_outcome(node: &Node) -> Result<Outcome> {
    let name = node.text(trial::OUTCOME)?;
    Outcome::from_name(&name)
        .ok_or_else(|| node.refuse(trial::OUTCOME, format!("is {name:?}, which is none")))
}

fn read_environment(node: &Node) -> Result<BTreeMap<String, String>> {
    refuse_others(node, &[])?;
    let names = node.attributes()?;
    let pairs = names.into_iter().map(|name| Ok((node.text(&name)?, name)));
    pairs
        .map(|pair| pair.map(|(value, name)| (name, value)))
        .collect()
}

fn read_metrics(node: &Node) -> Result<BTreeMap<String, f64>> {
    refuse_others(node, &[])?;
    let names = node.attributes()?;
    let pairs = names
        .into_iter()
        .map(|name| Ok((node.number(&name)?, name)));
    pairs
        .map(|pair| pair.map(|(value, name)| (name, value)))
        .collect()
}

fn read_epochs(node: &Node) -> Result<Table> {
    let mut table = Table::default();
    let mut rows = None;
    for name in node.children()? {
        let values: Vec<f64> = node.column(name)?;
        if *rows.get_or_insert(values.len()) != values.len() {
            return Err(node.refuse(name, "is not as long as the other columns"));
        }
        table.insert(name.as_str(), values);
    }
    Ok(table)
}

fn read_samples(node: &Node) -> Result<Vec<Samples>> {
    let read = |name: &String| {
        let (shape, pixels) = node.array::<u8>(name)?;
        let epochs = node.integers_of(name, schema::SAMPLE_EPOCHS)?;
        let epochs: Option<Vec<u32>> = epochs
            .into_iter()
            .map(|epoch| epoch.try_into().ok())
            .collect();
        match (shape.as_slice(), epochs) {
            (&[times, n, height, width], Some(epochs)) if epochs.len() == times => Ok(Samples {
                name: name.clone(),
                epochs,
                shape: [n, height, width],
                pixels,
            }),
            _ => Err(node.refuse(
                name,
                format!("has shape {shape:?}, expected [epochs, n, h, w] and as many epochs"),
            )),
        }
    };
    node.children()?.iter().map(read).collect()
}

/// The weights of a trial; none when they were not kept.
fn read_weights(trial: &Node) -> Result<BTreeMap<String, Weight>> {
    if !trial.children()?.iter().any(|name| name == schema::WEIGHTS) {
        return Ok(BTreeMap::new());
    }
    let node = trial.child(schema::WEIGHTS)?;
    let read = |name: &String| {
        let (shape, values) = node.array::<f32>(name)?;
        Ok((name.clone(), Weight { shape, values }))
    };
    node.children()?.iter().map(read).collect()
}
