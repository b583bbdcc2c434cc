//! Sweeps in Slurm jobs, with a real Slurm.

mod cluster;
mod common;
mod scene;

use cluster::{Cluster, Ended};
use std::fs;

/// Writes a batch script into the cluster's working folder.
fn script(cluster: &Cluster, name: &str, body: &str) {
    let text = format!("#!/usr/bin/env bash\n{body}\n");
    fs::write(cluster.work().join(name), text).expect("written");
}

fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn ended(state: &str, exit: &str) -> Ended {
    Ended {
        state: state.into(),
        exit: exit.into(),
    }
}

/// What the other tests rely on: two nodes, MPI over both, GPUs to share, limits, cancelling, and the end of the time.
#[test]
fn the_slurm_of_the_tests_is_a_real_one() {
    let Some(cluster) = Cluster::start("a real Slurm") else {
        return;
    };
    script(&cluster, "long.sh", "exec sleep 3600");
    let timed = cluster.submit(&["--time=1", "--ntasks=1", "long.sh"]);

    cluster::compile("ranks.c", &cluster.work().join("ranks"));
    let two_nodes = ["--partition=gpu", "--nodes=2", "--ntasks-per-node=2"];
    let four = [0, 1, 2, 3].map(|rank| format!("rank {rank} of 4 on n{}: 6", 1 + rank / 2));
    for (name, launch) in [
        ("srun.sh", "srun --mpi=pmix ./ranks"),
        ("mpirun.sh", "mpirun --oversubscribe --bind-to none ./ranks"),
    ] {
        script(&cluster, name, launch);
        let job = cluster.submit(&[&two_nodes[..], &[name]].concat());
        assert_eq!(
            cluster.wait(job),
            ended("COMPLETED", "0:0"),
            "{}",
            cluster.output(job)
        );
        assert_eq!(lines(&cluster.output(job)), four, "{name}");
    }

    script(
        &cluster,
        "gpus.sh",
        "srun --gpus-per-task=1 printenv CUDA_VISIBLE_DEVICES",
    );
    let job = cluster.submit(&["--gpus=2", "--ntasks=2", "gpus.sh"]);
    assert_eq!(
        cluster.wait(job),
        ended("COMPLETED", "0:0"),
        "{}",
        cluster.output(job)
    );
    assert_eq!(cluster.output(job).lines().count(), 2);

    let too_wide = cluster
        .command("sbatch")
        .args(["--nodes=2", "long.sh"])
        .output()
        .expect("started");
    assert!(
        !too_wide.status.success(),
        "gpu-shared gives one node: {too_wide:?}"
    );

    let job = cluster.submit(&[&two_nodes[..], &["long.sh"]].concat());
    cluster.wait_for(job, "RUNNING");
    let seen = cluster.says(
        "squeue",
        &["-h", "-j", &job.to_string(), "-o", "%i %P %D %t"],
    );
    assert_eq!(seen, format!("{job} gpu 2 R\n"));
    assert_eq!(cluster.says("scancel", &[&job.to_string()]), "");
    assert_eq!(cluster.wait(job).state, "CANCELLED");

    assert_eq!(cluster.wait(timed).state, "TIMEOUT");
}
