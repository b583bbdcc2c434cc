//! The loop: one attempt at a trial, from a fresh or saved state to its end or to a stop.

mod epoch_end;
mod result;

use super::checkpoint::{Identity, Keeper};
use super::evaluation::Evaluation;
use super::state::{Course, State};
use super::update::{Bad, Batch, Host, Update, Wanted, choose};
use super::{Ended, Event, Job, Observer, schedule};
use crate::config::{GENERATED_METRICS, NUMERICS_VERSION};
use crate::data::order;
use crate::error::Result;
use crate::model::{Cost, restore};
use crate::nn::{self, ops::dispatch};
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
    update: Box<dyn Update>,
    keeper: Keeper,
    /// Until here `state.progress` has counted its seconds.
    counted: Instant,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(job: &'a Job<'a>, network: &'a dyn Network, cost: Cost) -> Result<Self> {
        let train = &job.config.train;
        nn::use_precision(train.precision)?;
        let task = task::build(job.config, job.seed, job.splits, job.support)?;
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
            // Until it is known from where it goes on.
            update: Box::new(Host::new(train)),
            keeper: Keeper::new(&job.checkpoints, job.attempt, identity),
            counted: Instant::now(),
        })
    }

    /// Goes on from the newest checkpoint to the end, or until asked to stop.
    pub(super) fn run(mut self, observer: &mut dyn Observer) -> Result<Ended> {
        let mut told = |text| observer.tell(Event::PassedOver(text));
        if let Some(saved) = self.keeper.newest(&self.state, self.course, &mut told)? {
            self.state = saved;
            self.show(&self.state.trained())?;
            let step = self.state.progress.step;
            let rows = self.state.epochs.clone();
            observer.tell(Event::Resumed { step, rows });
        }
        self.update = choose(&self.job.config.train, &self.state)?;
        while !self.finished() {
            match self.epoch(observer)? {
                Stretch::Done => {}
                Stretch::Stop => return self.stop(observer),
                Stretch::Diverged(message) => return self.diverged(message),
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
            if self.keeper.unsaved() >= self.job.checkpoint_every
                && let Stretch::Diverged(message) = self.save(observer)?
            {
                return Ok(Stretch::Diverged(message));
            }
        }
        self.close_epoch(observer)
    }

    /// One optimiser step: done, or on a GPU begun.
    fn step(&mut self, examples: &[usize]) -> Result<Stretch> {
        let step = self.state.progress.step + 1;
        let lr = schedule::rate(&self.job.config.train, step - 1, self.course.steps());
        let batch = Batch {
            network: self.network,
            task: &*self.task,
            examples,
            threads: self.job.threads,
            step,
            lr,
            opens_epoch: self.state.position(self.course) == 0,
        };
        if let Some(bad) = self.update.step(&batch, &mut self.state)? {
            return Ok(self.went_wrong(&bad));
        }
        let progress = &mut self.state.progress;
        progress.step = step;
        progress.lr = lr;
        progress.loss_elements += (examples.len() * self.task.elements()) as u64;
        Ok(Stretch::Done)
    }

    /// Waits for all steps and brings the state up to date.
    fn settle(&mut self, wanted: Wanted) -> Result<Stretch> {
        let bad = self.update.settle(self.network, wanted, &mut self.state)?;
        Ok(bad.map_or(Stretch::Done, |bad| self.went_wrong(&bad)))
    }

    /// In the epoch that is not done yet.
    fn went_wrong(&self, bad: &Bad) -> Stretch {
        Stretch::diverged(&bad.what, bad.step, self.state.progress.epoch + 1)
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
        if let Stretch::Diverged(message) = self.save(observer)? {
            return self.diverged(message);
        }
        let step = self.state.progress.step;
        Ok(Ended::Stopped { step })
    }

    fn diverged(mut self, message: String) -> Result<Ended> {
        let result = self.result(Outcome::Diverged, message, BTreeMap::new())?;
        Ok(Ended::Finished(result))
    }

    /// Saves, unless a step went wrong.
    fn save(&mut self, observer: &mut dyn Observer) -> Result<Stretch> {
        if let Stretch::Diverged(message) = self.settle(Wanted::All)? {
            return Ok(Stretch::Diverged(message));
        }
        self.count_seconds();
        self.keeper.save(&self.state)?;
        let step = self.state.progress.step;
        observer.tell(Event::Saved { step });
        Ok(Stretch::Done)
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
