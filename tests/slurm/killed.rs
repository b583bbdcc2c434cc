//! Ranks under srun and whole jobs that are killed, and the same script sent again (promises 1 and 9).

use crate::cluster::{Cluster, TWO_BY_TWO};
use crate::drain::Drain;
use crate::scene::{Scene, kill, processes_with, wait_until};
use rustix::process::Signal;
use std::fs;
use std::time::{Duration, Instant};

/// Promise 9: a dead rank ends its job within this. A hang guard, far longer than it takes.
const SOON: Duration = Duration::from_secs(30);

/// The process of a rank that srun started.
fn rank_process(scene: &Scene, rank: usize) -> Option<u32> {
    let results = scene.folder();
    let of = results.parent()?.as_os_str().as_encoded_bytes();
    let wanted = format!("SLURM_PROCID={rank}");
    processes_with(of).into_iter().find(|pid| {
        let read = |name| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
        let has = |text: Vec<u8>, word: &[u8]| text.split(|byte| *byte == 0).any(|w| w == word);
        // The script and srun have both in their environment or command line, but are no ranks.
        has(read("cmdline"), b"--no-wait")
            && !has(read("cmdline"), b"--mpi=pmix")
            && has(read("environ"), wanted.as_bytes())
    })
}

/// The processes of `srun`: it has a helper of its own.
fn srun(scene: &Scene) -> Vec<u32> {
    let results = scene.folder();
    let of = results.parent().expect("results").as_os_str();
    let mut found = processes_with(of.as_encoded_bytes());
    found.retain(|pid| fs::read(format!("/proc/{pid}/comm")).is_ok_and(|name| name == b"srun\n"));
    assert!(!found.is_empty(), "no srun");
    found
}

/// What happens to a job.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// The first rank is killed.
    Rank,
    /// Rank 1 panics when its first trial ends.
    Panic,
    /// `srun` is killed.
    Launcher,
    /// Slurm kills everything at once.
    Job,
}

impl Death {
    fn send(self, drain: &Drain<'_>) -> u32 {
        let fault = match self {
            Self::Panic => "--export=ALL,ABLATE_FAULT=panic@rank1",
            Self::Rank | Self::Launcher | Self::Job => "--export=ALL",
        };
        drain.send(&[&TWO_BY_TWO[..], &[fault]].concat())
    }

    /// Happens, and gives the time at which it did as far as is known.
    fn happen(self, drain: &Drain<'_>, job: u32) -> Instant {
        match self {
            Self::Rank => {
                let rank = rank_process(&drain.scene, 0).expect("rank 0");
                kill(rank, Signal::KILL);
            }
            Self::Launcher => srun(&drain.scene)
                .into_iter()
                .for_each(|process| kill(process, Signal::KILL)),
            Self::Panic => wait_until("rank 1 panics", || {
                drain.log(job).contains("ABLATE_FAULT asks for a panic")
            }),
            Self::Job => {
                let job = job.to_string();
                drain
                    .cluster
                    .says("scancel", &["--signal=KILL", "--full", &job]);
            }
        }
        Instant::now()
    }
}

/// Oracle: the same sweep, run by one process that nobody killed.
#[test]
fn a_job_that_loses_a_rank_or_everything_ends_soon_and_goes_on_when_it_is_sent_again() {
    let Some(cluster) = Cluster::start("Slurm jobs that are killed") else {
        return;
    };
    // Enough that something is left, whenever the death comes.
    let sweep = || {
        let scene = Scene::slow();
        scene.with_seeds(6);
        scene
    };
    let calm = sweep();
    calm.run(&[], 0);
    let calm = calm.digests();
    for death in [Death::Rank, Death::Panic, Death::Launcher, Death::Job] {
        let drain = Drain {
            cluster: &cluster,
            scene: sweep(),
            launcher: "srun",
        };
        let job = death.send(&drain);
        wait_until("trials are in the middle", || drain.scene.begun() > 0);
        let began = death.happen(&drain, job);
        let ended = cluster.wait(job);
        assert!(began.elapsed() < SOON, "{death:?} {}", drain.log(job));
        assert_ne!(ended.state, "COMPLETED", "{death:?} {}", drain.log(job));
        wait_until("nobody is left", || {
            processes_with(drain.scene.folder().as_os_str().as_encoded_bytes()).is_empty()
        });
        assert_eq!(drain.status(), Some(75), "{death:?} {}", drain.log(job));
        let committed = drain.scene.committed();
        let again = drain.send(&TWO_BY_TWO);
        drain.expect(again, "COMPLETED", "0:0");
        let log = drain.log(again);
        let trained = log.lines().filter(|line| line.contains(": test.bce "));
        assert_eq!(trained.count(), 12 - committed, "{death:?} {log}");
        assert_eq!(drain.scene.digests(), calm, "{death:?}");
        assert_eq!(drain.scene.failures(), [""; 0], "{death:?} blames no trial");
    }
}
