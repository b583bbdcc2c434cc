//! What a runner says of itself while it runs: `status/<runner>.json`, replaced whole. Only shown, never relied on: what is
//! done is in the record, who has what in [`super::claims`]. So it is not synced, and one that cannot be
//! written stops nobody.

use super::claims::is_plain;
use super::curve::{Curves, MOST_SHOWN, Point};
use crate::durable;
use crate::error::{Error, Result};
use crate::record::Folder;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Raised when a field changes its meaning or goes away.
const FORMAT: u32 = 1;

/// Between two writes, unless something is to be said at once.
const EVERY: Duration = Duration::from_secs(2);

/// Far above what the largest job says; a larger file is not ours.
const LARGEST: u64 = 4 << 20;

/// A runner's status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Version of this format.
    pub format: u32,
    /// Who and where.
    #[serde(flatten)]
    pub about: About,
    /// When it was written: RFC 3339, UTC.
    pub updated: String,
    /// What it is at.
    #[serde(flatten)]
    pub now: Now,
}

/// What stays the same for as long as a runner runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its id, as in [`super::claims`].
    pub runner: String,
    /// Digest of the plan that it works on.
    pub plan: String,
    /// Machine of rank 0.
    pub host: String,
    /// Process id there.
    pub pid: u32,
    /// The Slurm job that it is, if any.
    pub slurm_job_id: Option<String>,
    /// How often Slurm started that job again.
    pub restart_count: Option<u32>,
    /// RFC 3339, UTC.
    pub started: String,
    /// MPI ranks.
    pub ranks: usize,
    /// Worker processes, on all ranks.
    pub workers: usize,
    /// Planned trials.
    pub trials: usize,
}

/// What changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Now {
    /// Trials that it knows to be done, whoever did them.
    pub done: usize,
    /// Trials that it finished itself.
    pub finished: usize,
    /// Trials in training.
    pub running: Vec<Running>,
    /// How it is.
    pub state: State,
}

/// A trial in training. What has a default was not said by earlier versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// Position in the plan.
    pub index: usize,
    /// Trial id, 64 hex digits.
    pub id: String,
    /// What people call it: axis values and seed.
    pub label: String,
    /// The rank that trains it.
    pub rank: usize,
    /// The part that is done, 0 to 1.
    pub part: f64,
    /// The part that was done when this attempt was first heard of: more than 0 where it went on from a checkpoint.
    #[serde(default)]
    pub from: f64,
    /// Seconds since then.
    #[serde(default)]
    pub seconds: f64,
    /// Epochs done.
    #[serde(default)]
    pub epoch: u64,
    /// Of so many; 0 when that is not known yet.
    #[serde(default)]
    pub epochs: u64,
    /// The training loss and the compared metric by epoch: at most 60 points each.
    #[serde(default)]
    pub curves: Curves,
}

impl Running {
    /// Most curves of a trial.
    const CURVES: usize = 2;

    /// With what no runner says brought into its bounds.
    fn bounded(mut self) -> Self {
        self.part = self.part.clamp(0.0, 1.0);
        self.from = self.from.clamp(0.0, self.part);
        self.seconds = self.seconds.max(0.0);
        let ours =
            |points: &[Point]| points.len() <= MOST_SHOWN && points.is_sorted_by(|a, b| a.0 < b.0);
        if self.curves.len() > Self::CURVES || !self.curves.values().all(|points| ours(points)) {
            self.curves.clear();
        }
        self
    }
}

/// How a runner is, by its own account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It trains, or waits for what others train.
    #[default]
    Running,
    /// It was asked to stop, and its workers write checkpoints.
    Stopping,
    /// It ended in order.
    Left,
    /// It ended with an error.
    Failed(String),
}

impl About {
    /// This process, as runner `runner` of the plan with this digest.
    pub fn this(runner: &str, plan: &str, ranks: usize, workers: usize, trials: usize) -> Self {
        let variable = |name| std::env::var(name).ok();
        Self {
            runner: runner.to_owned(),
            plan: plan.to_owned(),
            host: durable::host().to_owned(),
            pid: std::process::id(),
            slurm_job_id: variable("SLURM_JOB_ID").filter(|id| is_job_id(id)),
            restart_count: variable("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()),
            started: now(),
            ranks,
            workers,
            trials,
        }
    }
}

/// Whether a text can be the id of a Slurm job, one of an array included.
pub fn is_job_id(text: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit() || c == '_';
    text.len() <= 32 && text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(digits)
}

/// Writes one runner's status.
pub struct Reporter {
    path: PathBuf,
    about: About,
    /// Workers of other ranks.
    elsewhere: usize,
    /// When it was last tried.
    written: Option<Instant>,
    /// Whether the last try failed, so that it is said once.
    failing: bool,
}

impl Reporter {
    /// Makes the folder where missing. Nothing is written yet.
    ///
    /// # Errors
    /// When the file system refuses, or the runner's id is no name for a file.
    pub fn new(folder: &Folder, about: About) -> Result<Self> {
        if !is_plain(&about.runner) {
            return Err(Error::Internal(format!("{:?} is no runner", about.runner)));
        }
        let folder = folder.status();
        fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
        durable::remove_stale(&folder)?;
        Ok(Self {
            path: folder.join(format!("{}.json", about.runner)),
            about,
            elsewhere: 0,
            written: None,
            failing: false,
        })
    }

    /// Other ranks have so many workers at work, beside those that it was made with.
    pub fn others_have(&mut self, workers: usize) {
        self.elsewhere = workers;
    }

    /// Called often: writes what `now` says when it is time.
    pub fn tick(&mut self, now: impl FnOnce() -> Now) {
        if self
            .written
            .is_none_or(|written| written.elapsed() >= EVERY)
        {
            self.write(now());
        }
    }

    /// Writes at once. That it cannot be written is said once and changes nothing else.
    pub fn write(&mut self, at: Now) {
        let status = Status {
            format: FORMAT,
            about: About {
                workers: self.about.workers.saturating_add(self.elsewhere),
                ..self.about.clone()
            },
            updated: now(),
            now: at,
        };
        let written = serde_json::to_vec(&status)
            .map_err(|error| Error::Internal(format!("status as JSON: {error}")))
            .and_then(|text| durable::replace_unsynced(&self.path, &text));
        if let Err(error) = &written
            && !self.failing
        {
            tracing::warn!(
                "{error}\n  done: goes on; `ablate status` shows what was written before"
            );
        }
        self.failing = written.is_err();
        self.written = Some(Instant::now());
    }
}

fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// The statuses of all runners that ever were, in the order of their start. What cannot be read is left out.
///
/// # Errors
/// When the folder cannot be listed.
pub fn read_all(folder: &Folder) -> Result<Vec<Status>> {
    let folder = folder.status();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", &folder)(error)),
    };
    let mut all = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io("list", &folder))?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let is_status = path
            .extension()
            .is_some_and(|extension| extension == "json");
        if let Some(stem) = stem.filter(|stem| is_status && is_plain(stem)) {
            all.extend(read(&path, stem));
        }
    }
    all.sort_by(|a, b| {
        let key = |status: &Status| (status.about.started.clone(), status.about.runner.clone());
        key(a).cmp(&key(b))
    });
    Ok(all)
}

/// Whether a file here can be read as a runner's status; `None` when it has not the name of one.
pub fn is_sound(path: &Path) -> Option<bool> {
    let name = path.file_name()?.to_str()?;
    let runner = name.strip_suffix(".json").filter(|stem| is_plain(stem))?;
    Some(parse(path, runner).is_some())
}

fn read(path: &Path, runner: &str) -> Option<Status> {
    let status = parse(path, runner);
    if status.is_none() {
        tracing::warn!(
            "{}: damaged or of another version; left out",
            path.display()
        );
    }
    status
}

fn parse(path: &Path, runner: &str) -> Option<Status> {
    let mut text = Vec::new();
    File::open(path)
        .ok()?
        .take(LARGEST)
        .read_to_end(&mut text)
        .ok()?;
    let status: Option<Status> = serde_json::from_slice(&text).ok();
    let sound = |status: &Status| {
        let about = &status.about;
        status.format == FORMAT
            && about.runner == runner
            && is_plain(&about.plan)
            && about.slurm_job_id.as_deref().is_none_or(is_job_id)
    };
    status.filter(sound).map(|mut status| {
        let running = status.now.running.into_iter();
        status.now.running = running.map(Running::bounded).collect();
        status
    })
}

#[cfg(test)]
mod tests;
