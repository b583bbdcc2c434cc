//! The group `/trial/<id>`, written and read; the same in trial files, shards and `sweep.h5`.

use super::h5::{self, Node};
use super::{TrialRecord, digest, schema};
use crate::error::Result;
use crate::outcome::{Outcome, Samples, Table, TrialResult, Weight};
use hdf5::Group;
use schema::{trial, viewer};
use std::collections::BTreeMap;

/// Writes a trial below `parent`, the group `/trial`.
///
/// # Errors
/// What HDF5 says; also for names that HDF5 cannot take (empty, or with a slash) and texts with NUL.
pub fn write(parent: &Group, record: &TrialRecord) -> hdf5::Result<()> {
    let group = h5::group(parent, &record.id)?;
    let result = &record.result;
    let texts = [
        (trial::ID, record.id.as_str()),
        (trial::CONFIG, &record.config),
        (trial::OUTCOME, result.outcome.name()),
        (trial::MESSAGE, &result.message),
        (trial::DATA_DIGEST, &record.data_digest),
        (trial::STARTED, &record.started),
        (trial::ENDED, &record.ended),
        (trial::DISPATCH, &result.dispatch),
        (trial::PARAMETERS_DIGEST, &result.parameters_digest),
        (trial::DIGEST, &digest::logical(record)),
        (trial::CONTENT_DIGEST, &digest::content(record)),
        (viewer::NX_CLASS, "NXsubentry"),
        (viewer::DEFAULT, schema::EPOCHS),
    ];
    for (name, value) in texts {
        h5::text(&group, name, value)?;
    }
    h5::integer(&group, trial::SEED, record.seed)?;
    h5::integer(&group, trial::ATTEMPT, u64::from(record.attempt))?;
    h5::integer(&group, trial::PARAMS, result.params)?;
    h5::integer(&group, trial::MACS, result.macs)?;
    h5::number(&group, trial::WALL_SECONDS, result.wall_seconds)?;

    let environment = h5::group(&group, schema::ENVIRONMENT)?;
    for (key, value) in &record.environment {
        h5::text(&environment, key, value)?;
    }
    let metrics = h5::group(&group, schema::METRICS)?;
    for (name, value) in &result.metrics {
        h5::number(&metrics, name, *value)?;
    }
    write_epochs(&group, &result.epochs)?;
    let samples = h5::group(&group, schema::SAMPLES)?;
    for sample in &result.samples {
        write_sample(&samples, sample)?;
    }
    if !result.weights.is_empty() {
        let weights = h5::group(&group, schema::WEIGHTS)?;
        for (name, weight) in &result.weights {
            h5::dataset(&weights, name, &weight.shape, &weight.values)?;
        }
    }
    Ok(())
}

fn write_epochs(trial: &Group, table: &Table) -> hdf5::Result<()> {
    let group = h5::group(trial, schema::EPOCHS)?;
    h5::text(&group, viewer::NX_CLASS, "NXdata")?;
    let shown = table
        .column(schema::TRAIN_LOSS)
        .map(|_| schema::TRAIN_LOSS)
        .or_else(|| {
            let mut names = table.columns().map(|(name, _)| name);
            names.find(|name| *name != schema::EPOCH)
        });
    if let Some(signal) = shown {
        h5::text(&group, viewer::SIGNAL, signal)?;
    }
    if table.column(schema::EPOCH).is_some() {
        h5::text(&group, viewer::AXES, schema::EPOCH)?;
    }
    for (name, values) in table.columns() {
        h5::dataset(&group, name, &[values.len()], values)?;
    }
    Ok(())
}

fn write_sample(samples: &Group, sample: &Samples) -> hdf5::Result<()> {
    let [n, height, width] = sample.shape;
    let shape = [sample.epochs.len(), n, height, width];
    let made = h5::dataset(samples, &sample.name, &shape, &sample.pixels)?;
    for (name, value) in viewer::IMAGE {
        h5::text(&made, name, value)?;
    }
    let epochs: Vec<u64> = sample
        .epochs
        .iter()
        .map(|epoch| u64::from(*epoch))
        .collect();
    h5::integers(&made, schema::SAMPLE_EPOCHS, &epochs)
}

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
/// [`crate::Error::Record`] when anything is missing or of a wrong kind.
pub fn read_summary(parent: &Node, id: &str) -> Result<Summary> {
    let node = parent.child(id)?;
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
/// [`crate::Error::Record`] when anything is missing, of a wrong kind, or does not fit the digests or the id.
pub fn read(parent: &Node, id: &str) -> Result<TrialRecord> {
    let node = parent.child(id)?;
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

fn read_outcome(node: &Node) -> Result<Outcome> {
    let name = node.text(trial::OUTCOME)?;
    Outcome::from_name(&name)
        .ok_or_else(|| node.refuse(trial::OUTCOME, format!("is {name:?}, which is none")))
}

fn read_environment(node: &Node) -> Result<BTreeMap<String, String>> {
    let names = node.attributes()?;
    let pairs = names.into_iter().map(|name| Ok((node.text(&name)?, name)));
    pairs
        .map(|pair| pair.map(|(value, name)| (name, value)))
        .collect()
}

fn read_metrics(node: &Node) -> Result<BTreeMap<String, f64>> {
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
