//! All that a trial goes on from. What is not here is a function of the job.

use super::bits;
use super::optimizer::{AllMoments, fresh_moments};
use super::selection::Selection;
use crate::config::TrainConfig;
use crate::outcome::{Samples, Table, Weight};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a trial goes when nothing ends it early.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    /// Passes over the training examples.
    pub(super) epochs: u64,
    /// Optimiser steps of each.
    pub(super) steps_per_epoch: u64,
}

impl Course {
    /// Optimiser steps in all.
    pub(super) fn steps(self) -> u64 {
        self.epochs.saturating_mul(self.steps_per_epoch)
    }
}

/// Counters and sums. Random streams need nothing else: they are keyed by seed and epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Optimiser steps done.
    pub(super) step: u64,
    /// Epochs done and, where due, evaluated.
    pub(super) epoch: u64,
    /// Sum of the loss over the elements seen in this epoch.
    #[serde(with = "bits")]
    pub(super) loss_sum: f64,
    /// Number of those elements.
    pub(super) loss_elements: u64,
    /// Learning rate of the last step.
    #[serde(with = "bits")]
    pub(super) lr: f64,
    /// Seconds of this epoch, over all attempts.
    #[serde(with = "bits")]
    pub(super) epoch_seconds: f64,
    /// Seconds of the trial, over all attempts.
    #[serde(with = "bits")]
    pub(super) seconds: f64,
    /// What validation has said.
    pub(super) selection: Selection,
}

/// A trial between two optimiser steps.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Counters and sums.
    pub(super) progress: Progress,
    /// Parameters by name.
    pub(super) parameters: BTreeMap<String, Weight>,
    /// What is neither learned nor constant, by name: running averages of the network.
    pub(super) buffers: BTreeMap<String, Weight>,
    /// The moving average of the parameters; kept only for `train.ema`.
    pub(super) ema: Option<BTreeMap<String, Weight>>,
    /// What the optimizer remembers of them.
    pub(super) moments: AllMoments,
    /// What was evaluated in the best epoch; kept only for `select: best_valid`.
    pub(super) best: Option<BTreeMap<String, Weight>>,
    /// One row an epoch.
    pub(super) epochs: Table,
    /// Pictures that change with training.
    pub(super) samples: Vec<Samples>,
}

impl State {
    /// Before the first step.
    pub(super) fn fresh(
        train: &TrainConfig,
        parameters: BTreeMap<String, Weight>,
        buffers: BTreeMap<String, Weight>,
    ) -> Self {
        Self {
            progress: Progress::default(),
            moments: fresh_moments(train.optimizer, &parameters),
            ema: train.ema.map(|_| parameters.clone()),
            parameters,
            buffers,
            best: None,
            epochs: Table::default(),
            samples: Vec::new(),
        }
    }

    /// What is evaluated: the parameters or their moving average, and the buffers.
    pub(super) fn shown(&self) -> BTreeMap<String, Weight> {
        let mut shown = self.ema.as_ref().unwrap_or(&self.parameters).clone();
        shown.extend(self.buffers.clone());
        shown
    }

    /// What the network is trained with: the parameters and the buffers.
    pub(super) fn trained(&self) -> BTreeMap<String, Weight> {
        let mut trained = self.parameters.clone();
        trained.extend(self.buffers.clone());
        trained
    }

    /// Moves the average by the parameters after `step`, counted from 1.
    pub(super) fn average(&mut self, decay: f64, step: u64) {
        let kept = share_kept(decay, step);
        for (name, average) in self.ema.iter_mut().flatten() {
            let Some(new) = self.parameters.get(name) else {
                continue;
            };
            for (average, new) in average.values.iter_mut().zip(&new.values) {
                *average = (kept * f64::from(*average) + (1.0 - kept) * f64::from(*new)) as f32;
            }
        }
    }

    /// Batches of the current epoch that are done.
    pub(super) fn position(&self, course: Course) -> u64 {
        self.progress.step - self.progress.epoch * course.steps_per_epoch
    }

    /// Adds pictures of one more epoch behind those of the same name.
    pub(super) fn add_pictures(&mut self, pictures: Vec<Samples>) {
        for new in pictures {
            match self.samples.iter_mut().find(|old| old.name == new.name) {
                Some(old) => {
                    old.epochs.extend(new.epochs);
                    old.pixels.extend(new.pixels);
                }
                None => self.samples.push(new),
            }
        }
    }

    /// Whether this state, read from a file, can belong to the trial whose fresh state is given; if not, why.
    pub(super) fn check(&self, fresh: &Self, course: Course) -> Result<(), String> {
        let progress = &self.progress;
        let first = progress.epoch.checked_mul(course.steps_per_epoch);
        let counts_fit = progress.epoch <= course.epochs
            && first.is_some_and(|first| {
                (first..=first.saturating_add(course.steps_per_epoch)).contains(&progress.step)
            })
            && progress.step <= course.steps();
        let same_length = |(a, b): (&Vec<f32>, &Vec<f32>)| a.len() == b.len();
        let moments_fit = self.moments.keys().eq(fresh.moments.keys())
            && self
                .moments
                .values()
                .zip(fresh.moments.values())
                .all(|(a, b)| {
                    same_length((&a.first, &b.first)) && same_length((&a.second, &b.second))
                });
        let best_fits = self.best.as_ref().is_none_or(|best| {
            same_shapes(best, &fresh.shown()) && progress.selection.best.is_some()
        });
        let ema_fits = match (&self.ema, &fresh.ema) {
            (Some(a), Some(b)) => same_shapes(a, b),
            (None, None) => true,
            _ => false,
        };
        for (fits, what) in [
            (counts_fit, "step and epoch"),
            (
                same_shapes(&self.parameters, &fresh.parameters),
                "the parameters",
            ),
            (moments_fit, "the optimizer's moments"),
            (
                same_shapes(&self.buffers, &fresh.buffers),
                "the running averages",
            ),
            (ema_fits, "the moving average of the parameters"),
            (best_fits, "the best parameters"),
            (
                self.epochs.rows() as u64 == progress.epoch,
                "the table of epochs",
            ),
        ] {
            if !fits {
                return Err(format!("{what} do not fit this trial"));
            }
        }
        Ok(())
    }
}

/// How much of the moving average `step`, counted from 1, leaves: min(`decay`, (1 + step)/(10 + step)), so that the first
/// values are soon forgotten.
pub(super) fn share_kept(decay: f64, step: u64) -> f64 {
    let step = step as f64;
    decay.min((1.0 + step) / (10.0 + step))
}

fn same_shapes(a: &BTreeMap<String, Weight>, b: &BTreeMap<String, Weight>) -> bool {
    let shape = |(name, weight): (&String, &Weight)| {
        (name.clone(), weight.shape.clone(), weight.values.len())
    };
    a.iter().map(shape).eq(b.iter().map(shape))
}
