//! What stands in `/trial/<id>`, all of it, verified. What ablate does not write there is refused, because it would be copied along without anybody ever looking at it.

use super::super::h5::Node;
use super::super::schema::{self, trial};
use super::super::{TrialRecord, digest};
use crate::error::{Error, Result};
use crate::outcome::{Outcome, Samples, Table, TrialResult, Weight};
use hdf5::Group;
use std::collections::BTreeMap;
use std::path::Path;

/// The groups below a trial.
const CHILDREN: [&str; 5] = [
    schema::ENVIRONMENT,
    schema::METRICS,
    schema::EPOCHS,
    schema::SAMPLES,
    schema::WEIGHTS,
];

/// Reads a trial from `parent`, the group `/trial`, and checks it against its own digests.
/// Samples come in the order of their names.
///
/// # Errors
/// [`Error::Record`] when anything is missing, of a wrong kind, unknown, or does not fit the digests or the id.
pub fn read(parent: &Node, id: &str) -> Result<TrialRecord> {
    read_node(&parent.child(id)?, id)
}

/// As [`read`], from the group `/trial` of a file that is being written at `path`.
///
/// # Errors
/// As [`read`].
pub fn read_written(parent: &Group, id: &str, path: &Path) -> Result<TrialRecord> {
    let group = parent.group(id).map_err(Error::hdf5(path))?;
    read_node(&Node::of(group, path), id)
}

fn read_node(node: &Node, id: &str) -> Result<TrialRecord> {
    refuse_others(node, &CHILDREN)?;
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
            outcome: outcome(node)?,
            message: node.text(trial::MESSAGE)?,
            epochs: columns_of(&node.child(schema::EPOCHS)?, |_| true)?,
            samples: read_samples(&node.child(schema::SAMPLES)?)?,
            metrics: read_metrics(&node.child(schema::METRICS)?)?,
            parameters_digest: node.text(trial::PARAMETERS_DIGEST)?,
            weights: read_weights(node)?,
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

/// Refuses children of a group of a trial that a trial does not have.
fn refuse_others(node: &Node, known: &[&str]) -> Result<()> {
    let mut names = node.children()?.iter();
    match names.find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(node.refuse(name, "is nothing that ablate writes there")),
        None => Ok(()),
    }
}

/// How the trial of this group ended.
///
/// # Errors
/// [`Error::Record`] when it does not say.
pub fn outcome(node: &Node) -> Result<Outcome> {
    let name = node.text(trial::OUTCOME)?;
    Outcome::from_name(&name)
        .ok_or_else(|| node.refuse(trial::OUTCOME, format!("is {name:?}, which is none")))
}

/// A final metric of the trial of this group; `None` where it has none of this name.
///
/// # Errors
/// [`Error::Record`] when it cannot be read.
pub fn metric(trial: &Node, name: &str) -> Result<Option<f64>> {
    let metrics = trial.child(schema::METRICS)?;
    let names = metrics.attributes()?;
    let found = names.iter().any(|there| there == name);
    found.then(|| metrics.number(name)).transpose()
}

/// These columns of the epochs of the trial of this group, those of them that it has.
///
/// # Errors
/// [`Error::Record`] when one cannot be read, or they differ in length.
pub fn epochs(trial: &Node, columns: &[&str]) -> Result<Table> {
    columns_of(&trial.child(schema::EPOCHS)?, |name| {
        columns.contains(&name)
    })
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

fn columns_of(node: &Node, wanted: impl Fn(&str) -> bool) -> Result<Table> {
    let mut table = Table::default();
    let mut rows = None;
    for name in node.children()?.iter().filter(|name| wanted(name)) {
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
