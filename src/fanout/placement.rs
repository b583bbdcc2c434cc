//! Which part of a node is a rank's: cores and GPUs, by its place among the ranks of that node.

use super::ranks::launcher;
use std::collections::BTreeMap;

/// A rank among the ranks of its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// From 0, as MPI's split by shared memory says. (Slurm's `SLURM_LOCALID` is 0 on every rank under mpirun.)
    pub rank: usize,
    /// Number of ranks on the node.
    pub ranks: usize,
}

impl Local {
    /// A process that has its node for itself.
    pub const ALONE: Self = Self { rank: 0, ranks: 1 };
}

/// What a process sees of its node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Cores that it may run on.
    pub available: usize,
    /// Cores of the node.
    pub online: usize,
    /// `SLURM_CPUS_PER_TASK`.
    pub cpus_per_task: Option<usize>,
    /// `SLURM_CPUS_ON_NODE`: the job's cores on this node.
    pub job_cpus: Option<usize>,
    /// `SLURM_GPUS_PER_TASK`.
    pub gpus_per_task: Option<usize>,
}

impl View {
    /// Of this process.
    pub fn ours() -> Self {
        let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let online = cpus
            .lines()
            .filter(|line| line.starts_with("processor"))
            .count();
        let available = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of(
            available,
            online.max(available),
            &launcher::variables().collect(),
        )
    }

    fn of(available: usize, online: usize, variables: &BTreeMap<String, String>) -> Self {
        let number = |name: &str| variables.get(name).and_then(|text| text.parse().ok());
        Self {
            available,
            online,
            cpus_per_task: number("SLURM_CPUS_PER_TASK"),
            job_cpus: number("SLURM_CPUS_ON_NODE"),
            // With or without the model: `v100:2`.
            gpus_per_task: variables
                .get("SLURM_GPUS_PER_TASK")
                .and_then(|text| text.rsplit(':').next()?.parse().ok()),
        }
    }

    /// Cores for this rank's workers: what Slurm gave a task; else its part of the cores that it shares with the node's
    /// other ranks, or all that it was bound to.
    pub fn cores(&self, local: Local) -> usize {
        if let Some(cpus) = self.cpus_per_task {
            return cpus.min(self.available).max(1);
        }
        let shared = self.available == self.online || self.job_cpus == Some(self.available);
        match shared {
            true => (self.available / local.ranks.max(1)).max(1),
            false => self.available,
        }
    }

    /// Which of the GPUs that this rank sees are its own: with `--gpus` every task sees all of the job's, so that the ranks of a
    /// node share them out; with `--gpus-per-task` each sees its own. More ranks than GPUs: several share one.
    pub fn gpus(&self, local: Local, visible: usize) -> Vec<usize> {
        let ranks = match self.gpus_per_task == Some(visible) {
            true => 1,
            false => local.ranks.clamp(1, visible.max(1)),
        };
        (0..visible)
            .filter(|gpu| gpu % ranks == local.rank % ranks)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(available: usize, online: usize, variables: &[(&str, &str)]) -> View {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        View::of(available, online, &variables.iter().map(owned).collect())
    }

    #[test]
    fn cores_are_shared_by_the_ranks_of_a_node_unless_they_are_bound() {
        let second = Local { rank: 1, ranks: 4 };
        assert_eq!(view(40, 40, &[]).cores(second), 10, "mpirun --bind-to none");
        assert_eq!(view(1, 40, &[]).cores(second), 1, "mpirun binds to a core");
        let task = [("SLURM_CPUS_PER_TASK", "10"), ("SLURM_CPUS_ON_NODE", "20")];
        assert_eq!(view(20, 40, &task).cores(second), 10);
        assert_eq!(
            view(20, 40, &task[1..]).cores(Local { rank: 0, ranks: 2 }),
            10
        );
        assert_eq!(view(2, 2, &[]).cores(second), 1, "more ranks than cores");
        assert_eq!(view(2, 2, &[]).cores(Local::ALONE), 2);
    }

    /// Oracle: cluster.md, as tried with Slurm 22.05.
    #[test]
    fn a_rank_takes_the_gpu_of_its_place() {
        let all = view(1, 1, &[]);
        let of = |rank, ranks, visible| all.gpus(Local { rank, ranks }, visible);
        let four = |rank| of(rank, 4, 3);
        assert_eq!([four(0), four(2), four(3)], [[0], [2], [0]]);
        assert_eq!(of(3, 4, 1), [0], "each sees its own");
        assert_eq!([of(0, 2, 4), of(1, 2, 4)], [[0, 2], [1, 3]]);
        assert_eq!(all.gpus(Local::ALONE, 3), [0, 1, 2]);
        assert_eq!(all.gpus(Local::ALONE, 0), [0; 0]);
        for two in ["2", "v100:2"] {
            let two_each = view(1, 1, &[("SLURM_GPUS_PER_TASK", two)]);
            let second = Local { rank: 1, ranks: 2 };
            assert_eq!(two_each.gpus(second, 2), [0, 1]);
            assert_eq!(two_each.gpus(second, 4), [1, 3], "under mpirun it sees all");
        }
    }
}
