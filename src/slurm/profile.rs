//! What a site allows and asks for: `slurm/expanse.yaml` and its like. Limits are data, never code.

mod read;

use super::time::Limit;
use crate::error::{Error, Result};
use crate::sweep::{nearest, quote};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One site.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Whether jobs must name an account.
    pub account: Need,
    /// Folder of all results, `{user}` standing for the user's name.
    pub results: String,
    /// What starts the ranks.
    pub launcher: Launcher,
    /// Whether Slurm may start a job again; partitions may say otherwise.
    pub requeue: Requeue,
    /// What the shortest job costs.
    pub minimum_su: f64,
    /// Modules loaded after `module reset`; none: the module command is not used.
    pub modules: Vec<String>,
    /// Modules loaded besides, where trials are trained on GPUs: the CUDA that `ablate-cuda` was built with.
    #[serde(default)]
    pub cuda_modules: Vec<String>,
    /// Environment of jobs.
    pub environment: BTreeMap<String, String>,
    /// A folder on the node's own disk for the life of a job, `{user}` and `{job}` standing for the user's name and the job's
    /// number; missing, or not there: `$TMPDIR`, else /tmp.
    #[serde(default)]
    pub scratch: Option<String>,
    /// Whether jobs on GPUs start NVIDIA's Multi-Process Service.
    #[serde(default)]
    pub mps: Mps,
    /// Partitions by name.
    pub partitions: BTreeMap<String, Partition>,
}

/// Whether something must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Yes.
    Required,
    /// No.
    Optional,
}

/// What starts the ranks of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Launcher {
    /// Open MPI's mpirun.
    Mpirun,
    /// `srun --mpi=pmix`.
    Srun,
    /// Nothing: one rank.
    None,
}

impl Launcher {
    /// As written in profiles and in `ABLATE_LAUNCHER`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mpirun => "mpirun",
            Self::Srun => "srun",
            Self::None => "none",
        }
    }
}

/// Whether Slurm may start a job again under the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "bool")]
pub enum Requeue {
    /// It may.
    Allowed,
    /// Never: a follow-up goes on.
    Refused,
}

impl From<bool> for Requeue {
    fn from(allowed: bool) -> Self {
        match allowed {
            true => Self::Allowed,
            false => Self::Refused,
        }
    }
}

/// A `scratch` folder of this user and job.
pub fn in_scratch(scratch: &str, user: &str, job: &str) -> String {
    scratch.replace("{user}", user).replace("{job}", job)
}

/// Whether NVIDIA's Multi-Process Service is started on GPUs, so that the workers of one compute at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "bool")]
pub enum Mps {
    /// It is, where it is installed.
    Started,
    /// It is not.
    #[default]
    Left,
}

impl From<bool> for Mps {
    fn from(started: bool) -> Self {
        match started {
            true => Self::Started,
            false => Self::Left,
        }
    }
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Longest job.
    pub walltime: Limit,
    /// Most nodes a job.
    pub nodes: u32,
    /// What a job gets of a node.
    pub gives: Gives,
    /// GPUs; a partition without them charges by core.
    #[serde(default)]
    pub gpu: Option<Gpus>,
    /// Cores.
    pub cores: Cores,
    /// Memory.
    pub memory_mb: Memory,
    /// Limits on what runs at a time.
    #[serde(default)]
    pub running: Count,
    /// Limits on what runs and waits, together.
    #[serde(default)]
    pub queued: Count,
    /// SU a GPU-hour, or a core-hour where there are no GPUs.
    pub charge: f64,
    /// Where it differs from the site's.
    #[serde(default)]
    pub requeue: Option<Requeue>,
}

/// What a job gets of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// What it asks for.
    Shares,
    /// All of it, charged in full.
    Whole,
}

/// GPUs of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpus {
    /// In a node.
    pub per_node: u32,
    /// Most a job.
    pub per_job: u32,
    /// Which.
    pub model: String,
    /// Memory of one.
    pub memory_gb: u32,
}

/// Cores of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cores {
    /// All of them.
    pub per_node: u32,
    /// Those that come with a GPU.
    #[serde(default)]
    pub per_gpu: Option<u32>,
}

/// Memory that a job may have for what it pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// With a GPU.
    #[serde(default)]
    pub per_gpu: Option<u32>,
    /// With a core.
    #[serde(default)]
    pub per_core: Option<u32>,
}

/// At most so many; missing: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Jobs.
    #[serde(default)]
    pub jobs: Option<u32>,
    /// GPUs of them all.
    #[serde(default)]
    pub gpus: Option<u32>,
}

impl Profile {
    /// A partition.
    ///
    /// # Errors
    /// [`Error::Usage`] when the site has none of this name.
    pub fn partition(&self, named: &str) -> Result<&Partition> {
        self.partitions.get(named).ok_or_else(|| {
            let names: Vec<&str> = self.partitions.keys().map(String::as_str).collect();
            let near = nearest(named, names.iter().copied())
                .map_or(String::new(), |word| format!("; did you mean {word}?"));
            Error::Usage {
                problem: format!("{} has no partition {}{near}", self.name, quote(named)),
                next: format!("take one of {}", names.join(", ")),
            }
        })
    }

    /// Whether jobs of a partition may be started again.
    pub fn requeue(&self, partition: &Partition) -> Requeue {
        partition.requeue.unwrap_or(self.requeue)
    }
}
