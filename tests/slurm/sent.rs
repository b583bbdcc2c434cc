//! `ablate submit` and `cancel` with a real Slurm.

use crate::cluster::{Cluster, LAUNCHERS};
use crate::drain::Drain;
use crate::scene::{Scene, expect_code, wait_until};
use std::process::Output;

const QUEUE: [&str; 5] = ["-h", "-t", "all", "-o", "%i %P %T"];

/// `ablate submit` on the sweep of a scene, with the profile of a cluster like the tests'.
fn submit(drain: &Drain<'_>, options: &[&str]) -> Output {
    let results = drain.scene.folder().parent().expect("results").to_owned();
    let mut submit = drain
        .cluster
        .launching(env!("CARGO_BIN_EXE_ablate"), drain.launcher);
    submit
        .arg("submit")
        .arg(results.with_file_name("tiny.yaml"))
        .args(["--profile", "local", "--results"])
        .arg(results)
        .args(options);
    submit.output().expect("started")
}

fn all_jobs(cluster: &Cluster) -> String {
    cluster.says("squeue", &QUEUE)
}

/// Waits until Slurm has no job that waits or runs.
fn wait_for_all(cluster: &Cluster) {
    wait_until("every job has ended", || {
        cluster.says("squeue", &["-h"]).is_empty()
    });
}

#[test]
fn generated_scripts_drain_a_sweep_and_their_follow_up_ends_by_itself() {
    let Some(cluster) = Cluster::start("ablate submit") else {
        return;
    };
    let serial = Scene::new();
    serial.run(&["--workers", "1"], 0);
    for launcher in LAUNCHERS {
        let drain = Drain {
            cluster: &cluster,
            scene: Scene::new(),
            launcher,
        };
        let shape = [
            "--partition",
            "gpu",
            "--nodes",
            "2",
            "--tasks-per-node",
            "2",
            "--cores",
            "1",
            "--gpus",
            "4",
        ];
        let sent = submit(
            &drain,
            &[&shape[..], &["--jobs", "1", "--time", "10"]].concat(),
        );
        expect_code(&sent, 0);
        wait_for_all(&cluster);
        let jobs = all_jobs(&cluster);
        let text = String::from_utf8_lossy(&sent.stdout).into_owned();
        assert_eq!(drain.status(), Some(0), "{text}\n{jobs}");
        assert_eq!(drain.scene.digests(), serial.digests(), "{launcher}");
        assert!(jobs.lines().all(|job| job.ends_with("COMPLETED")), "{jobs}");
        // Nothing is left, so nothing is sent.
        let before = jobs;
        expect_code(&submit(&drain, &shape), 0);
        assert_eq!(all_jobs(&cluster), before);
    }
}

#[test]
fn what_a_partition_would_refuse_is_refused_before_sbatch() {
    let Some(cluster) = Cluster::start("ablate submit over the limits") else {
        return;
    };
    let drain = Drain {
        cluster: &cluster,
        scene: Scene::new(),
        launcher: "mpirun",
    };
    for over in [
        ["--partition", "gpu-shared", "--nodes", "2"],
        ["--partition", "gpu-shared", "--gpus", "4"],
        ["--partition", "gpu", "--time", "49:00:00"],
    ] {
        let refused = submit(&drain, &over);
        expect_code(&refused, 2);
        assert_eq!(all_jobs(&cluster), "", "{over:?}");
    }
}

#[test]
fn cancel_ends_every_job_of_a_sweep_and_no_other() {
    let Some(cluster) = Cluster::start("ablate cancel") else {
        return;
    };
    let drain = |launcher| Drain {
        cluster: &cluster,
        scene: Scene::slow(),
        launcher,
    };
    let (mine, other) = (drain("none"), drain("none"));
    for drain in [&mine, &other] {
        // They wait for ever: what is held is not started.
        let options = ["--partition", "gpu-shared", "--time", "10", "--", "--hold"];
        expect_code(&submit(drain, &options), 0);
    }
    let waiting = || cluster.says("squeue", &["-h"]).lines().count();
    assert_eq!(waiting(), 4, "a job and a follow-up each");
    let mut cancel = mine
        .cluster
        .launching(env!("CARGO_BIN_EXE_ablate"), mine.launcher);
    cancel.arg("cancel").arg(mine.scene.folder());
    expect_code(&cancel.output().expect("started"), 0);
    wait_until("its jobs are gone", || waiting() == 2);
    assert_eq!(other.status(), Some(75));
}
