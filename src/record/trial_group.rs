//! The group `/trial/<id>`, written and read; the same in trial files, shards and `sweep.h5`.

mod read;

pub use read::{epochs, metric, outcome, read, read_written};

use super::h5;
use super::{TrialRecord, digest, schema};
use crate::outcome::{Samples, Table};
use hdf5::Group;
use schema::{trial, viewer};

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
