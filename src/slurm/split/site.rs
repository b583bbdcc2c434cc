//! What one partition takes: shapes of jobs, how many of them, and a refusal that says what would be taken.

use super::{Shape, Wishes, Work};
use crate::error::{Error, Result};
use crate::slurm::profile::{Gives, Partition};

/// A partition, and how much of it the user has already.
pub struct Site<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its limits.
    pub partition: &'a Partition,
    /// Jobs of the user's in its queue.
    pub queued: u32,
}

impl Site<'_> {
    fn refuse(&self, problem: impl std::fmt::Display, next: impl Into<String>) -> Error {
        Error::Usage {
            problem: format!("{} refuses this: {problem}", self.name),
            next: next.into(),
        }
    }

    pub fn refuse_time(&self, wishes: &Wishes) -> Result<()> {
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
    pub fn shapes(&self, work: Work, wishes: &Wishes) -> Result<Vec<Shape>> {
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
    pub fn most_jobs(&self, shape: Shape) -> Result<u32> {
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

    pub fn refuse_jobs(&self, asked: Option<u32>, most: u32, shape: Shape) -> Result<u32> {
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
    pub fn charged(&self, shape: Shape) -> u32 {
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
