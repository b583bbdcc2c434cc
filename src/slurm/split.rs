//! How much to ask Slurm for: as few jobs as the limits and the time ask for. Pure; what a partition would refuse is refused here,
//! with what it would accept.

use super::profile::{Gives, Partition, Profile};
use super::time::Limit;
use crate::error::{Error, Result};

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

struct Site<'a> {
    name: &'a str,
    partition: &'a Partition,
    queued: u32,
}

impl Site<'_> {
    fn refuse(&self, problem: impl std::fmt::Display, next: impl Into<String>) -> Error {
        Error::Usage {
            problem: format!("{} refuses this: {problem}", self.name),
            next: next.into(),
        }
    }

    fn refuse_time(&self, wishes: &Wishes) -> Result<()> {
        let walltime = self.partition.walltime;
        match wishes.time {
            Some(time) if time > walltime => Err(self.refuse(
                format!("--time {time} is over its walltime of {walltime}"),
                format!("ask for --time {walltime} or less; what is left then, the follow-up does"),
            )),
            _ => Ok(()),
        }
    }

    /// Shapes that the wishes allow, the smallest first. All have the longest time allowed.
    fn shapes(&self, work: Work, wishes: &Wishes) -> Result<Vec<Shape>> {
        let most = self.partition.nodes;
        if let Some(nodes) = wishes.nodes
            && !(1..=most).contains(&nodes)
        {
            let plural = if most == 1 { "" } else { "s" };
            return Err(self.refuse(
                format!("a job has {most} node{plural} at most, not {nodes}"),
                format!("ask for --nodes {most} or less, and more --jobs"),
            ));
        }
        match self.partition.gpu {
            Some(_) => self.gpu_shapes(wishes),
            None => self.core_shapes(work, wishes),
        }
    }

    fn gpu_shapes(&self, wishes: &Wishes) -> Result<Vec<Shape>> {
        let (Some(gpu), Some(per_gpu), Some(memory)) = (
            &self.partition.gpu,
            self.partition.cores.per_gpu,
            self.partition.memory_mb.per_gpu,
        ) else {
            return Err(Error::Internal("a partition without GPUs".into()));
        };
        let whole = self.partition.gives == Gives::Whole;
        let fits = |gpus: u32, nodes: u32| {
            gpus >= 1
                && gpus <= gpu.per_job
                && gpus.is_multiple_of(nodes)
                && gpus / nodes <= gpu.per_node
                && (!whole || gpus == nodes * gpu.per_node)
        };
        let nodes_of = |gpus: u32| wishes.nodes.unwrap_or(gpus.div_ceil(gpu.per_node));
        let all: Vec<u32> = (1..=gpu.per_job)
            .filter(|gpus| nodes_of(*gpus) <= self.partition.nodes && fits(*gpus, nodes_of(*gpus)))
            .collect();
        let counts: Vec<u32> = match wishes.gpus {
            Some(asked) => all.iter().copied().filter(|gpus| *gpus == asked).collect(),
            None => all.clone(),
        };
        if counts.is_empty() {
            let some: Vec<_> = all.iter().map(u32::to_string).collect();
            let nodes = wishes
                .nodes
                .map_or(String::new(), |n| format!(" on {n} nodes"));
            let asked = wishes
                .gpus
                .map_or("this many".to_owned(), |n| n.to_string());
            return Err(self.refuse(
                format!("{asked} GPUs a job{nodes}"),
                match some.is_empty() {
                    true => "leave --gpus and --nodes out".to_owned(),
                    false => format!(
                        "ask for --gpus {} (and more --jobs), or take another partition",
                        some.join(" or ")
                    ),
                },
            ));
        }
        counts
            .into_iter()
            .map(|gpus| {
                let nodes = nodes_of(gpus);
                let on_node = gpus / nodes;
                self.shape(
                    wishes,
                    Draft {
                        nodes,
                        gpus,
                        tasks: on_node,
                        cores: on_node * per_gpu,
                        memory: on_node * memory,
                    },
                )
            })
            .collect()
    }

    fn core_shapes(&self, work: Work, wishes: &Wishes) -> Result<Vec<Shape>> {
        if wishes.gpus.is_some_and(|gpus| gpus > 0) {
            return Err(self.refuse(
                "it has no GPUs",
                "leave --gpus out, or take another partition",
            ));
        }
        let all = self.partition.cores.per_node;
        let memory = self.partition.memory_mb.per_core.unwrap_or(1);
        let most_nodes = match self.partition.gives {
            Gives::Whole => self.partition.nodes,
            Gives::Shares => 1,
        };
        let counts = match wishes.nodes {
            Some(nodes) => nodes..=nodes,
            None => 1..=most_nodes,
        };
        let tasks = wishes.tasks_per_node.unwrap_or(1).max(1);
        // A share is paid by the core: no more than there are trials, unless asked for.
        let trials = u32::try_from(work.trials).unwrap_or(u32::MAX);
        let useful = trials.max(1).saturating_mul(wishes.threads).min(all);
        let cores = match (wishes.cores, self.partition.gives) {
            (Some(cores), _) => cores.saturating_mul(tasks),
            (None, Gives::Whole) => all,
            (None, Gives::Shares) => useful
                .checked_next_multiple_of(tasks.saturating_mul(wishes.threads))
                .map_or(all, |cores| cores.min(all)),
        };
        // A whole node's memory comes with it.
        let paid = if self.partition.gives == Gives::Whole {
            all
        } else {
            cores.min(all)
        };
        counts
            .map(|nodes| {
                self.shape(
                    wishes,
                    Draft {
                        nodes,
                        gpus: 0,
                        tasks,
                        cores: cores.max(1),
                        memory: paid.max(1) * memory,
                    },
                )
            })
            .collect()
    }

    /// A shape from what a node gives; ranks share its cores evenly.
    fn shape(&self, wishes: &Wishes, draft: Draft) -> Result<Shape> {
        let tasks = wishes.tasks_per_node.unwrap_or(draft.tasks).max(1);
        let most = match self.partition.gpu {
            Some(_) => draft.cores,
            None => self.partition.cores.per_node,
        };
        let cores = wishes.cores.unwrap_or(draft.cores.min(most) / tasks);
        if cores.checked_mul(tasks).is_none_or(|all| all > most) || cores == 0 {
            return Err(self.refuse(
                format!(
                    "{tasks} ranks of {cores} cores on a node, of which a job like this has {most}"
                ),
                format!(
                    "ask for --cores {} or less, or fewer --tasks-per-node",
                    (most / tasks).max(1)
                ),
            ));
        }
        if cores < wishes.threads {
            return Err(self.refuse(
                format!(
                    "trials of {} threads on ranks of {cores} cores",
                    wishes.threads
                ),
                format!("ask for --threads {cores} or less"),
            ));
        }
        Ok(Shape {
            nodes: draft.nodes,
            tasks_per_node: tasks,
            cores,
            memory_mb: draft.memory,
            gpus: draft.gpus,
            threads: wishes.threads,
            time: wishes.time.unwrap_or(self.partition.walltime),
        })
    }

    /// How many jobs of a shape fit beside the follow-up and what is queued.
    fn most_jobs(&self, shape: Shape) -> Result<u32> {
        let queued = self.partition.queued;
        let by_jobs = queued
            .jobs
            .map_or(u32::MAX, |most| most.saturating_sub(self.queued));
        // What the others have is not known; at least one GPU each.
        let by_gpus = match (queued.gpus, shape.gpus) {
            (Some(most), gpus @ 1..) => most.saturating_sub(self.queued) / gpus,
            _ => u32::MAX,
        };
        let all = by_jobs.min(by_gpus);
        if all >= 2 {
            return Ok(all - 1);
        }
        Err(self.refuse(
            format!("a job and its follow-up do not fit{}", self.room(shape)),
            match self.queued {
                0 => "ask for fewer --gpus".to_owned(),
                _ => "wait for queued jobs, or cancel some (squeue, scancel)".to_owned(),
            },
        ))
    }

    fn refuse_jobs(&self, asked: Option<u32>, most: u32, shape: Shape) -> Result<u32> {
        match asked {
            Some(0) => Err(self.refuse("no job at all", "ask for --jobs 1 or more")),
            Some(jobs) if jobs > most => Err(self.refuse(
                format!("{jobs} jobs and their follow-up{}", self.room(shape)),
                format!("ask for --jobs {most} or less"),
            )),
            _ => Ok(most),
        }
    }

    /// Its limits, in words.
    fn room(&self, shape: Shape) -> String {
        let queued = self.partition.queued;
        let mut out = String::from(": running and waiting it takes");
        if let Some(jobs) = queued.jobs {
            out += &format!(" {jobs} jobs");
        }
        if let Some(gpus) = queued.gpus
            && shape.gpus > 0
        {
            out += &format!(" and {gpus} GPUs ({} a job here)", shape.gpus);
        }
        if self.queued > 0 {
            out += &format!(", and {} of yours are queued", self.queued);
        }
        out
    }

    /// What is paid for by the hour.
    fn charged(&self, shape: Shape) -> u32 {
        match (&self.partition.gpu, self.partition.gives) {
            (Some(_), _) => shape.gpus,
            (None, Gives::Whole) => shape.nodes * self.partition.cores.per_node,
            (None, Gives::Shares) => shape.nodes * shape.tasks_per_node * shape.cores,
        }
    }
}

/// What a job gets, before its ranks are laid out.
struct Draft {
    nodes: u32,
    gpus: u32,
    tasks: u32,
    cores: u32,
    memory: u32,
}

#[cfg(test)]
mod tests;
