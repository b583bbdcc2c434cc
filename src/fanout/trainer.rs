//! The real [`Trainer`]: loads the data, trains from the newest checkpoint, commits.

use super::gpu::gauge::Gauge;
use super::machine::OwnGpu;
use super::message::{Finished, FromWorker, Then};
use super::worker::{Done, Post, Trainer};
use super::{fate, fault, machine};
use crate::config::{DataConfig, NUMERICS_VERSION, TaskKind, TrialConfig};
use crate::data::{self, Splits};
use crate::durable;
use crate::error::{Error, ExitCode, Result};
use crate::outcome::{Outcome, Table, TrialResult};
use crate::plan::{Device, Role, Trial, TrialId};
use crate::record::{self, Folder, TrialRecord};
use crate::train::{self, Ended, Evaluated, Job, Support};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
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
    loaded: Option<((DataConfig, TaskKind), Splits)>,
    /// Networks that were trained first, kept between trials that need the same ones.
    support: Option<(Vec<(Role, TrialId)>, Support)>,
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
            loaded: None,
            support: None,
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
        self.gauge.restart();
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
        let attempt = next_attempt(&checkpoints)?;
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
        if self
            .loaded
            .as_ref()
            .is_none_or(|(read, _)| *read != what(trial))
        {
            // Before the new ones are loaded: both may not fit.
            self.loaded = None;
            self.loaded = Some((what(trial), load(trial)?));
        }
        if self
            .support
            .as_ref()
            .is_none_or(|(needs, _)| *needs != trial.needs)
        {
            let support = support(&self.folder, trial)?;
            self.support = Some((trial.needs.clone(), support));
        }
        let (Some((_, splits)), Some((_, support))) = (&self.loaded, &self.support) else {
            return Err(Error::Internal("what a trial reads was not loaded".into()));
        };
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

/// Loads the networks that a trial needs, which were trained before it.
fn support(folder: &Folder, trial: &Trial) -> Result<Support> {
    let mut support = Support::default();
    for (role, id) in &trial.needs {
        let missing = || {
            Error::Worker(format!(
                "the {} that trial {} needs (artefact {}) is not trained: see the log of its attempts",
                role.name(),
                trial.id.short(),
                id.short()
            ))
        };
        let found = record::find(folder, &id.to_string())?.ok_or_else(missing)?;
        if found.result.outcome != Outcome::Completed {
            return Err(missing());
        }
        let damaged = |problem: String| Error::Internal(format!("artefact {id}: {problem}"));
        let flat = serde_json::from_str(&found.config).map_err(|e| damaged(e.to_string()))?;
        let config = TrialConfig::from_flat(&flat).map_err(damaged)?;
        let network = train::network(&config, trial.image, found.seed, &found.result.weights)?;
        match role {
            Role::Judge => support.judge = Some(network),
            Role::Codec => support.codec = Some(network),
        }
    }
    Ok(support)
}

/// What decides what a trial reads.
fn what(trial: &Trial) -> (DataConfig, TaskKind) {
    (trial.config.data.clone(), trial.config.task)
}

/// Loads a trial's images, with their classes if its task needs them, and makes sure that they are the ones its id was made from.
fn load(trial: &Trial) -> Result<Splits> {
    if !trial.config.task.reads_images() {
        return Ok(Splits::default());
    }
    let facts = data::facts(&trial.config.data)?;
    if facts.digest != trial.data_digest {
        return Err(Error::Data {
            path: trial.config.data.train_images.clone().into(),
            problem: format!(
                "the images of data set {} changed since the plan was made",
                trial.config.data.dataset.name()
            ),
            next: "run the same command again; trials of the new images are new trials".into(),
        });
    }
    let mut splits = data::load(&trial.config.data)?;
    if trial.config.task.reads_classes() {
        splits.classes = Some(data::classes(&trial.config.data)?);
    }
    Ok(splits)
}

/// The next free attempt number, taken by making a folder: the first by making `checkpoints` itself, later ones by
/// making their folder below it. (Most trials need one attempt, and folders are slow to make and to remove.)
fn next_attempt(checkpoints: &Path) -> Result<u32> {
    let made = |path: &Path| match fs::create_dir(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io("make", path)(error)),
    };
    if made(checkpoints)? {
        return Ok(1);
    }
    sweep(checkpoints)?;
    for number in 2..u32::MAX {
        if made(&checkpoints.join(number.to_string()))? {
            return Ok(number);
        }
    }
    Err(Error::Internal("a trial ran out of attempt numbers".into()))
}

/// Removes what earlier attempts left half-written when they were killed: a trial that dies while it saves, again and
/// again, would fill the disk.
fn sweep(checkpoints: &Path) -> Result<()> {
    let refused = || Error::io("list", checkpoints);
    for entry in fs::read_dir(checkpoints).map_err(refused())? {
        let path = entry.map_err(refused())?.path();
        if path.is_dir() {
            durable::remove_stale(&path)?;
        }
    }
    Ok(())
}

/// Removes the checkpoints of a committed trial; that they are gone already is fine.
///
/// # Errors
/// When the file system refuses.
pub fn forget(checkpoints: &Path) -> Result<()> {
    match fs::remove_dir_all(checkpoints) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::io("remove", checkpoints)(error))
        }
        _ => Ok(()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempt_numbers_are_taken_once_each() {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = folder.path().join("aa");
        let numbers: Vec<_> = std::thread::scope(|scope| {
            let take = || scope.spawn(|| next_attempt(&checkpoints).expect("a number"));
            let threads: Vec<_> = (0..8).map(|_| take()).collect();
            let ended = threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"));
            ended.collect()
        });
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (1..=8).collect::<Vec<_>>());
    }

    #[test]
    fn an_attempt_removes_what_killed_ones_left_half_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = folder.path().join("aa");
        next_attempt(&checkpoints).expect("a number");
        let first = checkpoints.join("1");
        fs::create_dir(&first).expect("made");
        // A temporary name of this machine, then that of a process that is gone.
        let temp = durable::Temp::new(&first, "step-8.ckpt");
        let mut dead = std::process::Command::new("true").spawn().expect("true");
        dead.wait().expect("ended");
        let [mine, gone] = [std::process::id(), dead.id()].map(|pid| format!(".{pid}."));
        let stale = temp.path().to_string_lossy().replacen(&mine, &gone, 1);
        let whole = first.join("step-4.ckpt");
        for path in [temp.path(), Path::new(&stale), &whole] {
            fs::write(path, "x").expect("written");
        }
        assert_eq!(next_attempt(&checkpoints).expect("a number"), 2);
        assert!(!Path::new(&stale).exists());
        assert!(temp.path().exists() && whole.exists());
    }

    #[test]
    fn forgetting_twice_is_fine() {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = folder.path().join("aa");
        next_attempt(&checkpoints).expect("a number");
        forget(&checkpoints).expect("removed");
        forget(&checkpoints).expect("nothing to remove");
        assert!(!checkpoints.exists());
    }
}
