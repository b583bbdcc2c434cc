//! Slurm jobs that are stopped in the middle, and the same script sent again.

use crate::cluster::{Cluster, LAUNCHERS, TWO_BY_TWO};
use crate::drain::Drain;
use crate::scene::{Scene, kill, processes_with, wait_until};
use rustix::process::Signal;
use std::fs;
use std::path::{Path, PathBuf};

/// Process ids of the workers that train in a folder.
fn workers(folder: &Path) -> Vec<u32> {
    processes_with(format!("\0--folder\0{}\0", folder.display()).as_bytes())
}

/// Waits until trials are in the middle, and stops their workers there: however fast the machine is, they do not end.
fn hold(scene: &Scene) {
    wait_until("trials are in the middle", || scene.begun() > 0);
    let held = workers(&scene.folder());
    assert!(!held.is_empty(), "the sweep was over before it was held");
    held.into_iter()
        .for_each(|worker| kill(worker, Signal::STOP));
}

/// How a job is stopped.
#[derive(Clone, Copy, Debug)]
enum Stop {
    /// The signal that Slurm sends some minutes before the time is up, to the script.
    Warning,
    /// `scancel`.
    Cancel,
    /// The time is up, and nobody could heed a warning: the workers stand still. (A trial needs a minute and more until
    /// its next checkpoint, so that none would start in a shorter job.)
    TimeLimit,
    /// The time is nearly up, and the runner knows: the workers stand still until it says so.
    Walltime,
}

/// Lets the workers go on when the run says that its time is near.
fn release(folder: PathBuf, log: PathBuf) {
    wait_until("the walltime is near", || {
        let said = fs::read_to_string(&log).unwrap_or_default();
        said.contains("the job's walltime is near")
    });
    workers(&folder)
        .into_iter()
        .for_each(|worker| kill(worker, Signal::CONT));
}

impl Stop {
    fn send(self, drain: &Drain<'_>) -> u32 {
        let options: &[&str] = match self {
            Self::TimeLimit => &["--time=2", "--signal=B:USR1@5"],
            // Slurm warns up to a minute early: here by a signal that says nothing to the script.
            Self::Walltime => &["--time=2", "--signal=B:URG@1"],
            Self::Warning | Self::Cancel => &[],
        };
        drain.send(&[&TWO_BY_TWO[..], options].concat())
    }

    fn act(self, drain: &Drain<'_>, job: u32) {
        let folder = drain.scene.folder();
        match self {
            Self::Warning => {
                drain
                    .cluster
                    .says("scancel", &["--batch", "--signal=USR1", &job.to_string()]);
                workers(&folder)
                    .into_iter()
                    .for_each(|worker| kill(worker, Signal::CONT));
            }
            Self::Cancel => {
                drain.cluster.says("scancel", &[&job.to_string()]);
            }
            Self::TimeLimit => {}
            Self::Walltime => {
                let log = folder.join(format!("logs/slurm-{job}.out"));
                std::thread::spawn(|| release(folder, log));
            }
        }
    }

    /// What Slurm says then: who is warned in time ends with our own code, "more to do".
    fn expect(self, drain: &Drain<'_>, job: u32) {
        let ended = drain.cluster.wait(job);
        let expected = match self {
            Self::Warning | Self::Walltime => "FAILED",
            Self::Cancel => "CANCELLED",
            Self::TimeLimit => "TIMEOUT",
        };
        assert_eq!(
            ended.state,
            expected,
            "{self:?}: {ended:?} {}",
            drain.log(job)
        );
        if expected == "FAILED" {
            assert_eq!(ended.exit, "75:0", "{}", drain.log(job));
        }
    }
}

/// Oracle: the same sweep, run by one process that nobody stopped.
#[test]
fn a_job_that_is_warned_cancelled_or_out_of_time_goes_on_when_it_is_sent_again() {
    let Some(cluster) = Cluster::start("Slurm jobs that are stopped") else {
        return;
    };
    let mut stopped = Vec::new();
    for (launcher, limit) in LAUNCHERS.into_iter().zip([Stop::TimeLimit, Stop::Walltime]) {
        for stop in [limit, Stop::Warning, Stop::Cancel] {
            let drain = Drain {
                cluster: &cluster,
                scene: Scene::slow(),
                launcher,
            };
            let job = stop.send(&drain);
            hold(&drain.scene);
            stop.act(&drain, job);
            stopped.push((stop, drain, job));
        }
    }
    let calm = Scene::slow();
    calm.run(&[], 0);
    let calm = calm.digests();
    for (stop, drain, job) in &stopped {
        stop.expect(drain, *job);
        assert_eq!(drain.status(), Some(75), "{stop:?} {}", drain.log(*job));
        if let Stop::Warning | Stop::Walltime = stop {
            let saved = drain.scene.files().into_keys();
            let saved = saved.filter(|path| path.extension().is_some_and(|e| e == "ckpt"));
            assert!(saved.count() > 0, "{stop:?} saves nothing");
        }
        let again = drain.send(&TWO_BY_TWO);
        drain.expect(again, "COMPLETED", "0:0");
        assert_eq!(drain.scene.digests(), calm, "{stop:?} {}", drain.launcher);
        assert_eq!(drain.scene.failures(), [""; 0], "{stop:?} blames no trial");
    }
}
