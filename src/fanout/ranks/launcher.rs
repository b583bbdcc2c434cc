//! What the launcher (`mpirun`, `srun`) tells a process through its environment, before MPI is asked.

use std::collections::BTreeMap;

/// Variables of the launcher that workers must not inherit: a worker is no rank, and MPI would take it for one.
const OF_THE_LAUNCHER: [&str; 3] = ["OMPI_", "PMIX_", "PMI_"];

/// Whether this process was started as one of several ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launched {
    /// By hand, or by a launcher that starts one.
    Alone,
    /// As one of several.
    Rank {
        /// Which, from 0.
        rank: usize,
        /// Of how many.
        of: usize,
    },
}

/// The variables of this process that are text. `std::env::vars` would panic at others, which anybody may have set.
pub fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Asks the environment. `srun` without `--mpi` starts processes that know nothing of each other: they are alone, and share the
/// sweep by claims.
pub fn launched(variables: impl Iterator<Item = (String, String)>) -> Launched {
    let variables: BTreeMap<_, _> = variables.collect();
    let number = |name: &str| variables.get(name).and_then(|text| text.parse().ok());
    let pair = |rank: &str, of: &str| Some((number(rank)?, number(of)?));
    let found = pair("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE")
        .or_else(|| pair("PMIX_RANK", "SLURM_NTASKS"))
        .or_else(|| pair("PMI_RANK", "PMI_SIZE"));
    match found {
        Some((rank, of @ 2..)) => Launched::Rank { rank, of },
        _ => Launched::Alone,
    }
}

/// Names of variables that workers must not inherit.
pub fn of_the_launcher(names: impl Iterator<Item = String>) -> Vec<String> {
    names
        .filter(|name| OF_THE_LAUNCHER.iter().any(|start| name.starts_with(start)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Launched {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        launched(variables.iter().map(owned))
    }

    /// Oracle: what Open MPI 4.1 and Slurm 22.05 set (cluster.md).
    #[test]
    fn ranks_are_told_from_lone_processes() {
        let rank = |rank, of| Launched::Rank { rank, of };
        assert_eq!(of(&[]), Launched::Alone);
        let mpirun = [("OMPI_COMM_WORLD_RANK", "3"), ("OMPI_COMM_WORLD_SIZE", "4")];
        assert_eq!(of(&mpirun), rank(3, 4));
        let srun = [("SLURM_NTASKS", "3"), ("SLURM_PROCID", "0")];
        assert_eq!(of(&srun), Launched::Alone, "srun without --mpi=pmix");
        let pmix = [srun[0], srun[1], ("PMIX_RANK", "2")];
        assert_eq!(of(&pmix), rank(2, 3));
        // mpirun inside sbatch: Slurm's count is of the whole job.
        let both = [
            ("SLURM_NTASKS", "8"),
            ("PMIX_RANK", "3"),
            mpirun[0],
            mpirun[1],
        ];
        assert_eq!(of(&both), rank(3, 4));
        let one = [("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "1")];
        assert_eq!(of(&one), Launched::Alone);
        let broken = [("OMPI_COMM_WORLD_RANK", "one"), mpirun[1]];
        assert_eq!(of(&broken), Launched::Alone);
    }

    #[test]
    fn workers_do_not_inherit_the_launcher() {
        let names = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PATH", "SLURM_JOB_ID"];
        let removed = of_the_launcher(names.iter().map(|name| (*name).to_owned()));
        assert_eq!(removed, ["OMPI_COMM_WORLD_RANK", "PMIX_RANK"]);
    }
}
