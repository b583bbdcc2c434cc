//! The training loop, optimisers, checkpoints.

mod attempt;
mod bits;
mod checkpoint;
mod clip;
mod evaluation;
mod gradient;
mod memory;
mod optimizer;
mod ordered;
mod schedule;
mod selection;
mod state;
mod update;

pub use crate::task::Support;
pub use checkpoint::{
    Condition as CheckpointCondition, Seen as SeenCheckpoint, inspect as inspect_checkpoints,
    step_of,
};
pub use gradient::MICRO_BATCH;

use crate::config::TrialConfig;
use crate::data::{Split, Splits};
use crate::error::Result;
use crate::model::{Cost, Io, Model, cost, cost_of};
use crate::outcome::{Table, TrialResult, Weight};
use crate::task::Network;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// One trial to train, and where.
pub struct Job<'a> {
    /// 64 hex digits.
    pub id: String,
    /// What to train.
    pub config: &'a TrialConfig,
    /// Its seed.
    pub seed: u64,
    /// Its images.
    pub splits: &'a Splits,
    /// Networks that were trained first.
    pub support: &'a Support,
    /// Folder of all attempts' checkpoints of this trial: `checkpoints/<id>`. The newest valid one below it is
    /// gone on from; new ones go to `<folder>/<attempt>/`.
    pub checkpoints: PathBuf,
    /// Number of this attempt, from 1.
    pub attempt: u32,
    /// Height and width of its images, or of what stands in their place.
    pub image: [usize; 2],
    /// Threads of this trial.
    pub threads: usize,
    /// Longest time without a checkpoint.
    pub checkpoint_every: Duration,
}

/// What a trial tells while it runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A checkpoint is not gone on from: which, and why.
    PassedOver(String),
    /// Went on from a checkpoint.
    Resumed {
        /// Optimiser steps done.
        step: u64,
        /// The rows of the epochs that are done.
        rows: Table,
    },
    /// One optimiser step is done; on a GPU it is begun, and [`Event::Saved`] and [`Event::Epoch`] come when those before
    /// are done.
    Step {
        /// Optimiser steps done.
        step: u64,
        /// Of so many.
        steps: u64,
    },
    /// Part of a split is measured: a sign of life in a long evaluation.
    Measured {
        /// The split.
        split: Split,
        /// Its images measured so far.
        images: usize,
    },
    /// An epoch is done and, where due, evaluated.
    Epoch {
        /// Epochs done.
        epoch: u64,
        /// Of so many.
        epochs: u64,
        /// Its row: `train_loss`, `test.bce`, …
        row: Vec<(String, f64)>,
    },
    /// A checkpoint is on disk, synced.
    Saved {
        /// Optimiser steps that it holds.
        step: u64,
    },
}

/// Who listens to a trial and may ask it to stop.
pub trait Observer {
    /// Takes note.
    fn tell(&mut self, event: Event);
    /// Whether to write a checkpoint and stop; asked after every step.
    fn stop_requested(&self) -> bool;
}

/// How a call of [`run`] ended.
pub enum Ended {
    /// Completed or diverged.
    Finished(TrialResult),
    /// Stopped on request, with a checkpoint of this step.
    Stopped {
        /// Optimiser steps done.
        step: u64,
    },
}

/// Trains one trial, from its newest checkpoint if there is one.
///
/// # Errors
/// I/O errors of checkpoints, damaged data, tensor errors. A checkpoint that is damaged is passed over.
pub fn run(job: &Job, observer: &mut dyn Observer) -> Result<Ended> {
    let model = &job.config.model;
    let io = Io::of(job.config, job.image);
    let network = Model::new(model, io, job.config.train.init, job.seed)?;
    run_network(job, &network, cost(model, io), observer)
}

/// A network that is trained already.
///
/// # Errors
/// When the weights are another network's.
pub fn network(
    config: &TrialConfig,
    image: [usize; 2],
    seed: u64,
    weights: &BTreeMap<String, Weight>,
) -> Result<Model> {
    let io = Io::of(config, image);
    let network = Model::new(&config.model, io, config.train.init, seed)?;
    network.restore(weights)?;
    Ok(network)
}

/// What becomes of an evaluation.
pub enum Evaluated {
    /// Its metrics and pictures, and the time it took.
    Finished(Box<TrialResult>),
    /// Stopped on request: nothing is kept.
    Stopped,
}

/// Evaluates a trained network under the settings of `job.config`, which may differ from those that it was trained with in
/// how the network is used (`generate`, `iterate`). Trains nothing.
///
/// # Errors
/// When the weights are another network's, or a tensor operation fails.
pub fn evaluate(
    job: &Job,
    weights: &BTreeMap<String, Weight>,
    observer: &mut dyn Observer,
) -> Result<Evaluated> {
    memory::keep_freed();
    let network = network(job.config, job.image, job.seed, weights)?;
    let cost = cost_of(job.config, job.image);
    attempt::Attempt::new(job, &network, cost)?.evaluate(observer)
}

/// As [`run`], for a network that is already built: its parameters are the initial values.
///
/// # Errors
/// As [`run`].
pub fn run_network(
    job: &Job,
    network: &dyn Network,
    cost: Cost,
    observer: &mut dyn Observer,
) -> Result<Ended> {
    memory::keep_freed();
    attempt::Attempt::new(job, network, cost)?.run(observer)
}
