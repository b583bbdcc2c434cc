//! The loop: one attempt at a trial, from a fresh or saved state to its end or to a stop.

mod epoch_end;
mod result;

use super::checkpoint::{Identity, Keeper};
use super::evaluation::Evaluation;
use super::state::{Course, State};
use super::{Ended, Event, Job, Observer, clip, gradient, optimizer, schedule};
use crate::config::{GENERATED_METRICS, NUMERICS_VERSION};
use crate::data::order;
use crate::error::Result;
use crate::model::{Cost, restore};
use crate::nn::ops::dispatch;
use crate::outcome::{Outcome, Weight};
use crate::task::{self, Network, Task};
use std::collections::BTreeMap;
use std::time::Instant;

/// How a stretch of training ended.
enum Stretch {
    /// There is more to do.
    Done,
    /// The observer asked to stop.
    Stop,
    /// A number was NaN or infinite; why.
    Diverged(String),
}

impl Stretch {
    /// Diverged: `what` is no number, found after `step` in `epoch`, both counted from 1.
    fn diverged(what: &str, step: u64, epoch: u64) -> Self {
        Self::Diverged(format!(
            "{what} is NaN or infinite at step {step} (epoch {epoch})"
        ))
    }
}

/// An attempt under way: what never changes, the state, and where it is saved.
pub(super) struct Attempt<'a> {
    job: &'a Job<'a>,
    network: &'a dyn Network,
    cost: Cost,
    task: Box<dyn Task + 'a>,
    course: Course,
    state: State,
    keeper: Keeper,
    /// Until here `state.progress` has counted its seconds.
    counted: Instant,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(job: &'a Job<'a>, network: &'a dyn Network, cost: Cost) -> Result<Self> {
        let task = task::build(job.config, job.seed, job.splits, job.support)?;
        let train = &job.config.train;
        let identity = Identity {
            trial: job.id.clone(),
            numerics: NUMERICS_VERSION,
            dispatch: dispatch().to_owned(),
        };
        Ok(Self {
            job,
            network,
            cost,
            course: Course {
                epochs: train.epochs as u64,
                steps_per_epoch: task.examples().div_ceil(train.batch) as u64,
            },
            task,
            state: State::fresh(
                train,
                network.parameters().copy_out()?,
                network.buffers().copy_out()?,
            ),
            keeper: Keeper::new(&job.checkpoints, job.attempt, identity),
            counted: Instant::now(),
        })
    }

    /// Goes on from the newest checkpoint to the end, or until asked to stop.
    pub(super) fn run(mut self, observer: &mut dyn Observer) -> Result<Ended> {
        if let Some(saved) = self.keeper.newest(&self.state, self.course)? {
            self.state = saved;
            self.show(&self.state.trained())?;
            let step = self.state.progress.step;
            let rows = self.state.epochs.clone();
            observer.tell(Event::Resumed { step, rows });
        }
        while !self.finished() {
            match self.epoch(observer)? {
                Stretch::Done => {}
                Stretch::Stop => return self.stop(observer),
                Stretch::Diverged(message) => {
                    let result = self.result(Outcome::Diverged, message, BTreeMap::new())?;
                    return Ok(Ended::Finished(result));
                }
            }
        }
        let Some(metrics) = self.final_metrics(observer)? else {
            return self.stop(observer);
        };
        let result = match without_number(&metrics) {
            Some(name) => {
                let message = format!("{name} of the generated images is not finite");
                self.result(Outcome::Diverged, message, BTreeMap::new())?
            }
            None => self.result(Outcome::Completed, String::new(), metrics)?,
        };
        Ok(Ended::Finished(result))
    }

    fn finished(&self) -> bool {
        let (progress, train) = (&self.state.progress, &self.job.config.train);
        progress.epoch == self.course.epochs || progress.selection.exhausted(train.patience)
    }

    /// Does what is left of the current epoch.
    fn epoch(&mut self, observer: &mut dyn Observer) -> Result<Stretch> {
        let epoch = self.state.progress.epoch;
        self.task.begin_epoch(epoch);
        let visits = order(self.job.seed, epoch, self.task.examples());
        let batches = visits.chunks(self.job.config.train.batch);
        let steps = self.course.steps();
        for batch in batches.skip(self.state.position(self.course) as usize) {
            if let Stretch::Diverged(message) = self.step(batch)? {
                return Ok(Stretch::Diverged(message));
            }
            let step = self.state.progress.step;
            observer.tell(Event::Step { step, steps });
            if observer.stop_requested() {
                return Ok(Stretch::Stop);
            }
            if self.keeper.unsaved() >= self.job.checkpoint_every {
                self.save(observer)?;
            }
        }
        self.close_epoch(observer)
    }

    /// One optimiser step.
    fn step(&mut self, batch: &[usize]) -> Result<Stretch> {
        let train = &self.job.config.train;
        let mut found = gradient::of_batch(self.network, &*self.task, batch, self.job.threads)?;
        let step = self.state.progress.step + 1;
        let epoch = self.state.progress.epoch + 1;
        let diverged = |what: &str| Ok(Stretch::diverged(what, step, epoch));
        if !found.loss.is_finite() {
            return diverged("the training loss");
        }
        if let Some(largest) = train.clip {
            clip::clip(&mut found.gradients, largest);
        }
        let lr = schedule::rate(train, step - 1, self.course.steps());
        let State {
            parameters,
            moments,
            ..
        } = &mut self.state;
        optimizer::update(train, step, lr, parameters, moments, &found.gradients);
        self.network.parameters().restore(parameters)?;
        if let Some(name) = not_finite(parameters) {
            return diverged(&format!("parameter {name}"));
        }
        self.state.buffers = self.network.buffers().copy_out()?;
        if let Some(decay) = train.ema {
            self.state.average(decay, step);
        }
        let progress = &mut self.state.progress;
        progress.step = step;
        progress.lr = lr;
        progress.loss_sum += found.loss;
        progress.loss_elements += (batch.len() * self.task.elements()) as u64;
        Ok(Stretch::Done)
    }

    /// Gives the network these parameters and buffers.
    fn show(&self, weights: &BTreeMap<String, Weight>) -> Result<()> {
        restore(self.network.parameters(), self.network.buffers(), weights)
    }

    fn evaluation(&self) -> Evaluation<'_> {
        Evaluation {
            network: self.network,
            task: &*self.task,
            threads: self.job.threads,
        }
    }

    fn stop(mut self, observer: &mut dyn Observer) -> Result<Ended> {
        self.save(observer)?;
        let step = self.state.progress.step;
        Ok(Ended::Stopped { step })
    }

    fn save(&mut self, observer: &mut dyn Observer) -> Result<()> {
        self.count_seconds();
        self.keeper.save(&self.state)?;
        let step = self.state.progress.step;
        observer.tell(Event::Saved { step });
        Ok(())
    }

    /// Adds the time since the last count to the trial's and the epoch's seconds.
    fn count_seconds(&mut self) {
        let now = Instant::now();
        let passed = (now - self.counted).as_secs_f64();
        self.counted = now;
        self.state.progress.seconds += passed;
        self.state.progress.epoch_seconds += passed;
    }
}

/// The first measure of generated images that is NaN or infinite.
fn without_number(metrics: &BTreeMap<String, f64>) -> Option<&str> {
    let mut names = GENERATED_METRICS.iter().copied();
    names.find(|name| metrics.get(*name).is_some_and(|value| !value.is_finite()))
}

/// The first parameter with a NaN or an infinity.
fn not_finite(parameters: &BTreeMap<String, Weight>) -> Option<&str> {
    let mut all = parameters.iter();
    all.find(|(_, weight)| weight.values.iter().any(|value| !value.is_finite()))
        .map(|(name, _)| name.as_str())
}
