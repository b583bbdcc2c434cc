//! A sweep that Slurm jobs drain by `slurm/local.sbatch`, and what they must leave.

use crate::cluster::{Cluster, Ended, LAUNCHERS, TWO_BY_TWO};
use crate::scene::Scene;
use std::fs;

/// A sweep and the Slurm that drains it.
pub struct Drain<'a> {
    pub cluster: &'a Cluster,
    pub scene: Scene,
    pub launcher: &'static str,
}

impl Drain<'_> {
    /// Sends `slurm/local.sbatch` as a user does, with options of sbatch.
    pub fn send(&self, options: &[&str]) -> u32 {
        self.cluster.drain(&self.scene, self.launcher, options)
    }

    /// Waits for the end of a job, which has to be this one.
    pub fn expect(&self, job: u32, state: &str, exit: &str) {
        let ended = self.cluster.wait(job);
        assert_eq!(ended, Ended::new(state, exit), "{}", self.log(job));
    }

    /// What a job printed.
    pub fn log(&self, job: u32) -> String {
        let log = self.scene.folder().join(format!("logs/slurm-{job}.out"));
        let log = fs::read_to_string(log).unwrap_or_default();
        format!("{}: {}\n{log}", self.launcher, self.cluster.output(job))
    }

    /// What `ablate status --exit-code` ends with.
    pub fn status(&self) -> Option<i32> {
        let mut status = self
            .cluster
            .launching(env!("CARGO_BIN_EXE_ablate"), self.launcher);
        status
            .arg("status")
            .arg(self.scene.folder())
            .arg("--exit-code");
        status.output().expect("started").status.code()
    }
}

impl Drop for Drain<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let logs = fs::read_dir(self.scene.folder().join("logs"));
            for log in logs.into_iter().flatten().flatten() {
                let text = fs::read(log.path()).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                eprintln!("--- {} {}\n{text}", self.launcher, log.path().display());
            }
        }
    }
}

/// Oracle: the same sweep, run by one process with one worker.
#[test]
fn two_nodes_with_two_ranks_each_give_the_digests_of_a_serial_run() {
    let Some(cluster) = Cluster::start("a sweep over two nodes") else {
        return;
    };
    let serial = Scene::new();
    serial.run(&["--workers", "1"], 0);
    let drains = LAUNCHERS.map(|launcher| Drain {
        cluster: &cluster,
        scene: Scene::new(),
        launcher,
    });
    let jobs = drains.each_ref().map(|drain| drain.send(&TWO_BY_TWO));
    for (drain, job) in drains.iter().zip(jobs) {
        drain.expect(job, "COMPLETED", "0:0");
        assert_eq!(
            drain.scene.digests(),
            serial.digests(),
            "{}",
            drain.launcher
        );
        assert_eq!(drain.scene.failures(), [""; 0]);
        let log = drain.log(job);
        assert!(log.contains("report.html"), "{log}");
    }
    // Sent again, it finds nothing to do.
    let again = drains[0].send(&TWO_BY_TWO);
    drains[0].expect(again, "COMPLETED", "0:0");
}
