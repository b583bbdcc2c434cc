//! The Slurm of the tests is what the other tests take it for.

use crate::cluster::{self, Cluster, Ended};
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
            Ended::new("COMPLETED", "0:0"),
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
        Ended::new("COMPLETED", "0:0"),
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

/// The doctor's part: partitions beside a profile that fits, and one that does not.
#[test]
fn the_doctor_compares_a_profile_with_the_partitions_of_slurm() {
    let Some(cluster) = Cluster::start("ablate doctor beside Slurm") else {
        return;
    };
    let doctor = |profile: &str| {
        let mut doctor = cluster.command(env!("CARGO_BIN_EXE_ablate"));
        doctor.args(["doctor", "--results", ".", "--profile", profile]);
        let output = doctor.output().expect("started");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text)
    };
    let (code, text) = doctor("local");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("partitions: gpu-shared, gpu"), "{text}");
    assert!(
        text.contains("gpu is up and gives what the profile says"),
        "{text}"
    );
    let local = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/slurm/local.yaml"));
    let more = local.expect("there").replacen("48:00:00", "49:00:00", 1);
    fs::write(cluster.work().join("more.yaml"), more).expect("written");
    let (code, text) = doctor("./more.yaml");
    assert_eq!(code, Some(6), "{text}");
    assert!(
        text.contains("gpu-shared gives only 48 h of walltime"),
        "{text}"
    );
}
