//! The loop: one attempt at a trial, from a fresh or saved state to its end or to a stop.

use super::checkpoint::{Identity, Keeper};
use super::evaluation::{Evaluation, Measures};
use super::selection::Verdict;
use super::state::{Course, State};
use super::{Ended, Event, Job, Observer, clip, gradient, optimizer, schedule};
use crate::config::{NUMERICS_VERSION, Select, Weights};
use crate::data::{Split, order};
use crate::error::Result;
use crate::metric::Metric;
use crate::model::Cost;
use crate::nn::ops::dispatch;
use crate::outcome::{Outcome, TrialResult, Weight};
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
        let task = task::build(job.config, job.seed, job.splits);
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
            state: State::fresh(train.optimizer, network.parameters().copy_out()?),
            keeper: Keeper::new(&job.checkpoints, job.attempt, identity),
            counted: Instant::now(),
        })
    }

    /// Goes on from the newest checkpoint to the end, or until asked to stop.
    pub(super) fn run(mut self, observer: &mut dyn Observer) -> Result<Ended> {
        if let Some(saved) = self.keeper.newest(&self.state, self.course)? {
            self.state = saved;
            self.network.parameters().restore(&self.state.parameters)?;
            let step = self.state.progress.step;
            observer.tell(Event::Resumed { step });
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
        match self.final_metrics(&|| observer.stop_requested())? {
            None => self.stop(observer),
            Some(metrics) => {
                let result = self.result(Outcome::Completed, String::new(), metrics)?;
                Ok(Ended::Finished(result))
            }
        }
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
        let diverged = |what: &str| {
            let message = format!("{what} is NaN or infinite at step {step} (epoch {epoch})");
            Ok(Stretch::Diverged(message))
        };
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
        let progress = &mut self.state.progress;
        progress.step = step;
        progress.lr = lr;
        progress.loss_sum += found.loss;
        progress.loss_elements += (batch.len() * self.task.elements()) as u64;
        Ok(Stretch::Done)
    }

    /// Evaluates where due and adds the epoch's row. The state changes only when all of it is done, so that a stop
    /// on the way leaves the state of the last step.
    fn close_epoch(&mut self, observer: &mut dyn Observer) -> Result<Stretch> {
        let train = &self.job.config.train;
        let epoch = self.state.progress.epoch + 1;
        let planned_last = epoch == self.course.epochs;
        let mut selection = self.state.progress.selection;
        let mut verdict = Verdict::NotBetter;
        let mut measures = Measures::new();
        let mut last = planned_last;
        if planned_last || epoch.is_multiple_of(train.evaluate_every as u64) {
            let stop = || observer.stop_requested();
            let evaluate =
                |split, metrics: &[Metric]| self.evaluation().measure(split, metrics, &stop);
            let Some(valid) = evaluate(Split::Valid, &Metric::EACH)? else {
                return Ok(Stretch::Stop);
            };
            if let Some((_, loss)) = valid.first() {
                verdict = selection.judge(epoch, *loss);
                last |= selection.exhausted(train.patience);
            }
            measures.extend(valid);
            let mut wanted = vec![(Split::Test, &Metric::EACH[..])];
            if last {
                wanted.extend([
                    (Split::Valid, &Metric::LAST[..]),
                    (Split::Test, &Metric::LAST),
                ]);
            }
            for (split, metrics) in wanted {
                let Some(found) = evaluate(split, metrics)? else {
                    return Ok(Stretch::Stop);
                };
                measures.extend(found);
            }
        }
        if last || epoch.is_multiple_of(train.samples_every as u64) {
            let pictures = self.task.pictures(self.network, epoch as u32)?;
            self.state.add_pictures(pictures);
        }
        if verdict == Verdict::Best && train.select == Select::BestValid {
            self.state.best = Some(self.state.parameters.clone());
        }
        self.state.progress.selection = selection;
        self.add_row(epoch, measures, observer);
        self.after_epoch(observer)
    }

    fn add_row(&mut self, epoch: u64, measures: Measures, observer: &mut dyn Observer) {
        self.count_seconds();
        let progress = &mut self.state.progress;
        let mut row = vec![
            ("epoch".to_owned(), epoch as f64),
            (
                "train_loss".to_owned(),
                progress.loss_sum / progress.loss_elements as f64,
            ),
            ("lr".to_owned(), progress.lr),
            ("seconds".to_owned(), progress.epoch_seconds),
        ];
        row.extend(measures);
        progress.epoch = epoch;
        progress.loss_sum = 0.0;
        progress.loss_elements = 0;
        self.state.epochs.push(&row);
        observer.tell(Event::Epoch {
            epoch,
            epochs: self.course.epochs,
            row,
        });
    }

    /// Saves after an epoch that took long, and listens once more before the next one.
    fn after_epoch(&mut self, observer: &mut dyn Observer) -> Result<Stretch> {
        let every = self.job.checkpoint_every;
        let took = self.state.progress.epoch_seconds;
        self.state.progress.epoch_seconds = 0.0;
        if !self.finished() && observer.stop_requested() {
            return Ok(Stretch::Stop);
        }
        if took >= every.as_secs_f64() || self.keeper.unsaved() >= every {
            self.save(observer)?;
        }
        Ok(Stretch::Done)
    }

    fn evaluation(&self) -> Evaluation<'_> {
        Evaluation {
            network: self.network,
            task: &*self.task,
            threads: self.job.threads,
        }
    }

    /// Metrics of the parameters that `select` chooses; `None` when asked to stop on the way. Those parameters are
    /// the network's afterwards.
    fn final_metrics(&self, stop: &dyn Fn() -> bool) -> Result<Option<BTreeMap<String, f64>>> {
        let mut metrics = BTreeMap::from_iter(self.task.constants());
        let best_is_last = self
            .state
            .progress
            .selection
            .best
            .is_some_and(|best| best.epoch == self.state.progress.epoch);
        match &self.state.best {
            Some(best) if !best_is_last => {
                self.network.parameters().restore(best)?;
                for split in [Split::Valid, Split::Test] {
                    let all = [&Metric::EACH[..], &Metric::LAST].concat();
                    let Some(found) = self.evaluation().measure(split, &all, stop)? else {
                        return Ok(None);
                    };
                    metrics.extend(found);
                }
            }
            // Measured after the last epoch: columns with a dot are measures.
            _ => {
                let columns = self.state.epochs.columns();
                let measures = columns.filter(|(name, _)| name.contains('.'));
                metrics.extend(measures.filter_map(|(name, values)| {
                    let value = values.last()?;
                    Some((name.to_owned(), *value))
                }));
            }
        }
        Ok(Some(metrics))
    }

    fn result(
        &mut self,
        outcome: Outcome,
        message: String,
        metrics: BTreeMap<String, f64>,
    ) -> Result<TrialResult> {
        self.count_seconds();
        let parameters = self.network.parameters();
        let mut samples = self.task.still_pictures();
        samples.append(&mut self.state.samples);
        Ok(TrialResult {
            outcome,
            message,
            epochs: std::mem::take(&mut self.state.epochs),
            samples,
            metrics,
            parameters_digest: parameters.digest()?,
            weights: match self.job.config.train.weights {
                Weights::Keep => parameters.copy_out()?,
                Weights::Drop => BTreeMap::new(),
            },
            params: self.cost.params,
            macs: self.cost.macs,
            wall_seconds: self.state.progress.seconds,
            dispatch: dispatch().to_owned(),
        })
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

/// The first parameter with a NaN or an infinity.
fn not_finite(parameters: &BTreeMap<String, Weight>) -> Option<&str> {
    let mut all = parameters.iter();
    all.find(|(_, weight)| weight.values.iter().any(|value| !value.is_finite()))
        .map(|(name, _)| name.as_str())
}
