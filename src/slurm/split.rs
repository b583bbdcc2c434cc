//! How much to ask Slurm for: as few jobs as the limits and the time ask for. Pure; what a partition would refuse is refused here,
//! with what it would accept.

mod site;

use super::profile::Profile;
use super::time::Limit;
use crate::error::{Error, Result};
use site::Site;

/// How much longer than estimated the work may take before a job is cut off.
const SLACK: f64 = 2.0;
/// What a job needs beside training: its start, reading data, the report.
const OVERHEAD: u64 = 120;
/// The shortest job that is planned; wishes may be shorter.
const SHORTEST: u64 = 600;
/// Planned times are multiples of this.
const STEP: u64 = 300;

/// What is left to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Trials.
    pub trials: usize,
    /// Estimated seconds of one core for them all.
    pub core_seconds: f64,
    /// … for the longest.
    pub longest: f64,
}

/// What the user asks for, instead of what would be planned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wishes {
    /// Slurm jobs, the follow-up not counted.
    pub jobs: Option<u32>,
    /// Time limit of each.
    pub time: Option<Limit>,
    /// Nodes of each.
    pub nodes: Option<u32>,
    /// GPUs of each.
    pub gpus: Option<u32>,
    /// Ranks on each node.
    pub tasks_per_node: Option<u32>,
    /// Cores of each rank.
    pub cores: Option<u32>,
    /// Threads of each trial.
    pub threads: u32,
}

/// What one job asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Nodes.
    pub nodes: u32,
    /// Ranks on each node.
    pub tasks_per_node: u32,
    /// Cores of each rank.
    pub cores: u32,
    /// Memory on each node, in MiB.
    pub memory_mb: u32,
    /// GPUs in all; 0 on a partition without.
    pub gpus: u32,
    /// Threads of each trial.
    pub threads: u32,
    /// Time limit.
    pub time: Limit,
}

impl Shape {
    /// Trials that train at a time.
    pub fn workers(&self) -> u32 {
        self.nodes * self.tasks_per_node * (self.cores / self.threads)
    }
}

/// A plan of jobs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Jobs beside the follow-up.
    pub jobs: u32,
    /// What each asks for, the follow-up too.
    pub shape: Shape,
    /// How long each is estimated to run, in seconds.
    pub estimate: f64,
    /// Whether these jobs are enough.
    pub reach: Reach,
    /// What each job is estimated to cost, in SU.
    pub expected_su: f64,
    /// What each costs when it runs to its time limit.
    pub most_su: f64,
    /// What a follow-up costs that finds nothing to do.
    pub idle_su: f64,
}

/// Whether the jobs planned are estimated to finish the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// They are.
    Finish,
    /// Follow-ups will go on.
    Leave,
}

/// Plans the jobs. `queued` is how many of the user's are in the partition already.
///
/// # Errors
/// [`Error::Usage`] for what the partition would refuse, with what it accepts.
pub fn split(
    profile: &Profile,
    name: &str,
    work: Work,
    wishes: &Wishes,
    queued: u32,
) -> Result<Split> {
    let partition = profile.partition(name)?;
    let site = Site {
        name,
        partition,
        queued,
    };
    site.refuse_time(wishes)?;
    let shapes = site.shapes(work, wishes)?;
    let mut best: Option<(Reach, u32, Shape)> = None;
    for shape in shapes {
        let room = site
            .most_jobs(shape)
            .and_then(|most| site.refuse_jobs(wishes.jobs, most, shape));
        let most = match room {
            // A larger share leaves room for fewer jobs still.
            Err(_) if best.is_some() => break,
            room => room?,
        };
        let (reach, jobs) = jobs(work, wishes, shape, most);
        let fewer = |(best_reach, best_jobs, _): &(Reach, u32, Shape)| {
            (reach == Reach::Leave, jobs) < (*best_reach == Reach::Leave, *best_jobs)
        };
        if best.as_ref().is_none_or(fewer) {
            best = Some((reach, jobs, shape));
        }
    }
    let Some((reach, jobs, mut shape)) = best else {
        return Err(Error::Internal("no shape of a job was tried".into()));
    };
    let estimate = share(work, shape, jobs);
    if wishes.time.is_none() {
        shape.time = planned_time(estimate, partition.walltime);
    }
    let rate = partition.charge * f64::from(site.charged(shape));
    let price = |hours: f64| (rate * hours).max(profile.minimum_su);
    Ok(Split {
        jobs,
        shape,
        estimate,
        reach,
        expected_su: price((estimate / 3600.0).min(shape.time.hours())),
        most_su: price(shape.time.hours()),
        idle_su: profile.minimum_su,
    })
}

/// Estimated seconds of each of `jobs`.
fn share(work: Work, shape: Shape, jobs: u32) -> f64 {
    let cores = f64::from(shape.workers() * shape.threads) * f64::from(jobs);
    (work.core_seconds / cores).max(work.longest / f64::from(shape.threads))
}

/// Seconds of a job that trials can have.
fn usable(time: Limit) -> f64 {
    time.as_seconds()
        .saturating_sub(OVERHEAD + time.warning())
        .max(1) as f64
}

/// How many jobs, and whether they are enough.
fn jobs(work: Work, wishes: &Wishes, shape: Shape, most: u32) -> (Reach, u32) {
    let cores = f64::from(shape.workers() * shape.threads);
    let enough = (work.core_seconds * SLACK / (cores * usable(shape.time)))
        .ceil()
        .max(1.0);
    // More jobs than packs of trials would have nothing to do.
    let useful = work.trials.div_ceil(shape.workers().max(1) as usize).max(1);
    let useful = u32::try_from(useful).unwrap_or(u32::MAX);
    let jobs = match wishes.jobs {
        Some(asked) => asked.min(useful),
        None => (enough.min(f64::from(u32::MAX)) as u32)
            .min(useful)
            .min(most),
    };
    let fits = share(work, shape, jobs) * SLACK <= usable(shape.time);
    (if fits { Reach::Finish } else { Reach::Leave }, jobs)
}

/// The estimate with slack, rounded up.
fn planned_time(estimate: f64, walltime: Limit) -> Limit {
    let seconds = (estimate * SLACK).min(1e9) as u64 + OVERHEAD + 240;
    let rounded = seconds.max(SHORTEST).div_ceil(STEP) * STEP;
    Limit::seconds(rounded).min(walltime)
}

#[cfg(test)]
mod tests;
