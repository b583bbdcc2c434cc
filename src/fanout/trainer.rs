//! The real [`Trainer`]: loads the data, trains from the newest checkpoint, commits.

mod attempts;
mod reads;

pub use attempts::forget;

use super::gpu::gauge::Gauge;
use super::machine::OwnGpu;
use super::message::{Finished, FromWorker, Then};
use super::worker::{Done, Post, Trainer};
use super::{fate, fault, machine};
use crate::config::{NUMERICS_VERSION, TrialConfig};
use crate::error::{Error, ExitCode, Result};
use crate::outcome::{Outcome, Table, TrialResult};
use crate::plan::{Device, Trial};
use crate::record::{self, Folder, TrialRecord};
use crate::train::{self, Ended, Evaluated, Job};
use reads::Reads;
use std::collections::BTreeMap;
use std::time::Duration;

/// Trains trials of one sweep, keeping the images between trials that read the same.
pub struct Committing {
    folder: Folder,
    threads: usize,
    checkpoint_every: Duration,
    device: Device,
    /// How busy its GPU is.
    gauge: Gauge,
    /// Of every record; made once, because the kernel takes a while to describe its processors.
    environment: BTreeMap<String, String>,
    reads: Reads,
}

impl Committing {
    /// A trainer for the sweep in `folder`, on the processor or on a GPU.
    pub fn new(
        folder: Folder,
        threads: usize,
        checkpoint_every: Duration,
        gpu: Option<&OwnGpu>,
    ) -> Self {
        let mut environment = machine::environment(threads, gpu);
        environment.insert("numerics_version".to_owned(), NUMERICS_VERSION.to_string());
        Self {
            folder,
            threads,
            checkpoint_every,
            device: match gpu {
                Some(_) => Device::Cuda,
                None => Device::Cpu,
            },
            gauge: Gauge::default(),
            environment,
            reads: Reads::default(),
        }
    }
}

impl Committing {
    /// A runner that was paused for longer than its lease trains what another has taken over, committed, and whose
    /// checkpoints that one has removed, these ones too: what failed here then was not the trial.
    fn done_elsewhere(&self, id: &str) -> Option<Done> {
        let done = record::done(&self.folder).ok()?;
        done.contains(id).then(|| {
            Done::Finished(Finished {
                outcome: "committed by another run".into(),
                ..Finished::default()
            })
        })
    }
}

impl Trainer for Committing {
    fn train(&mut self, trial: &str, post: &mut Post<'_>) -> Result<Done> {
        let trial = Trial::from_json(trial)?;
        if trial.device != self.device {
            return Err(Error::Reported {
                message: format!(
                    "this worker trains on {}, and got a trial for {}",
                    self.device.name(),
                    trial.device.name()
                ),
                code: ExitCode::Internal,
            });
        }
        let id = trial.id.to_string();
        // Where evaluations were added, the training may be done.
        let trained = match trial.evaluations.is_empty() {
            true => None,
            false => record::find(&self.folder, &id)?,
        };
        if trained.is_none() {
            match self.train_and_commit(&trial, post)? {
                Done::Finished(finished) if trial.evaluations.is_empty() => {
                    return Ok(Done::Finished(finished));
                }
                Done::Finished(_) => {}
                stopped => return Ok(stopped),
            }
        }
        self.evaluate(&trial, trained, post)
    }

    /// A kernel's error stays with the process: whatever is launched after it fails too. What there was no room for does not.
    fn then(&self, error: &Error) -> Then {
        let lasts = matches!(error, Error::Tensor(_)) && self.device == Device::Cuda;
        match lasts && !fate::is_out_of_gpu_memory(&error.to_string()) {
            true => Then::Leaves,
            false => Then::Stays,
        }
    }

    fn gauge(&self) -> Gauge {
        self.gauge.clone()
    }
}

impl Committing {
    /// Trains from the newest checkpoint, and commits.
    fn train_and_commit(&mut self, trial: &Trial, post: &mut Post<'_>) -> Result<Done> {
        let id = trial.id.to_string();
        let started = now();
        let checkpoints = self.folder.checkpoints(&id);
        let attempt = attempts::next(&checkpoints)?;
        post.send(&FromWorker::Started { attempt });
        fault::inject(trial.index);
        if fault::exhausts_gpu(trial.index) {
            return Err(Error::Worker(
                "ABLATE_FAULT: the GPU has no room for 1073741824 bytes more".into(),
            ));
        }
        let job = self.job(trial, &trial.config, id.clone(), attempt)?;
        let result = match train::run(&job, post) {
            Ok(Ended::Stopped { step }) => return Ok(Done::Stopped { step }),
            Ok(Ended::Finished(result)) => result,
            Err(error) => return self.done_elsewhere(&id).ok_or(error),
        };
        let finished = summary(&result);
        self.commit(trial, id, &trial.config, result, attempt, started)?;
        // The trial is done, whatever becomes of its checkpoints; the next run tries again to remove them.
        if let Err(error) = forget(&checkpoints) {
            tracing::warn!("{error}");
        }
        Ok(Done::Finished(finished))
    }

    /// Makes the evaluations of a trained trial that are not made yet, each committed by itself.
    fn evaluate(
        &mut self,
        trial: &Trial,
        trained: Option<TrialRecord>,
        post: &mut Post<'_>,
    ) -> Result<Done> {
        let id = trial.id.to_string();
        let trained = match trained {
            Some(trained) => {
                post.send(&FromWorker::Started { attempt: 1 });
                trained
            }
            None => record::find(&self.folder, &id)?
                .ok_or_else(|| Error::Internal(format!("trial {id} was committed and is gone")))?,
        };
        for evaluation in &trial.evaluations {
            let id = evaluation.id.to_string();
            if record::find(&self.folder, &id)?.is_some() {
                continue;
            }
            let started = now();
            let result = match trained.result.outcome {
                Outcome::Completed => {
                    let job = self.job(trial, &evaluation.config, id.clone(), 1)?;
                    match train::evaluate(&job, &trained.result.weights, post)? {
                        Evaluated::Stopped => return Ok(Done::Stopped { step: 0 }),
                        Evaluated::Finished(result) => *result,
                    }
                }
                // There is nothing to use: that is a finding about every use.
                _ => TrialResult {
                    epochs: Table::default(),
                    samples: Vec::new(),
                    metrics: BTreeMap::new(),
                    weights: BTreeMap::new(),
                    ..trained.result.clone()
                },
            };
            self.commit(trial, id, &evaluation.config, result, 1, started)?;
        }
        Ok(Done::Finished(summary(&trained.result)))
    }

    /// What is trained or evaluated, with all that it reads.
    fn job<'j>(
        &'j mut self,
        trial: &'j Trial,
        config: &'j TrialConfig,
        id: String,
        attempt: u32,
    ) -> Result<Job<'j>> {
        let (splits, support) = self.reads.of(&self.folder, trial)?;
        Ok(Job {
            checkpoints: self.folder.checkpoints(&id),
            id,
            config,
            seed: trial.seed,
            splits,
            support,
            image: trial.image,
            attempt,
            threads: self.threads,
            checkpoint_every: self.checkpoint_every,
        })
    }

    fn commit(
        &self,
        trial: &Trial,
        id: String,
        config: &TrialConfig,
        result: TrialResult,
        attempt: u32,
        started: String,
    ) -> Result<()> {
        let mut environment = self.environment.clone();
        if self.device == Device::Cuda {
            environment.extend(self.gauge.facts());
        }
        let committed = TrialRecord {
            id,
            seed: trial.seed,
            config: config.resolved(),
            data_digest: trial.data_digest.clone(),
            result,
            environment,
            attempt,
            started,
            ended: now(),
        };
        record::commit(&self.folder, &committed).map(drop)
    }
}

fn summary(result: &TrialResult) -> Finished {
    let metrics = result.metrics.iter();
    Finished {
        outcome: result.outcome.name().to_owned(),
        metrics: metrics
            .map(|(name, value)| (name.clone(), value.is_finite().then_some(*value)))
            .collect(),
        seconds: result.wall_seconds,
    }
}

fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
