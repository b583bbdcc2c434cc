//! `jobs/smoke.yaml`, run in every way that must not matter.

#![allow(dead_code, reason = "each test file takes what it needs")]

use crate::launch::mpirun;
use crate::scene::{Running, Scene, expect_code, kill, processes_with};
use ablate::nn::ops::kernel::level::Level;
use ablate::seed::{Key, Stream};
use rustix::process::Signal;
use std::fmt;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Promised: as many, at random instants, change no bit.
pub const KILLS: u32 = 20;

/// How long a launcher may stay when nobody is left that it started: a hang guard.
const ALONE: Duration = Duration::from_secs(100);

/// A way of running it.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Under mpirun with so many ranks; by hand without.
    pub ranks: Option<u64>,
    /// Workers of each rank.
    pub workers: u64,
    /// Threads of each trial.
    pub threads: u64,
    /// The instruction set.
    pub level: Level,
}

impl How {
    /// One process trains everything.
    pub fn serial(level: Level) -> Self {
        Self {
            ranks: None,
            workers: 1,
            threads: 1,
            level,
        }
    }

    fn command(self, scene: &Scene) -> Command {
        let [workers, threads] = [self.workers, self.threads].map(|n| n.to_string());
        let options = ["--workers", &workers, "--threads", &threads];
        // What a kill leaves claimed is free after two seconds; a kill is never the trial's fault.
        let patience = [
            "--lease",
            "2",
            "--checkpoint-every",
            "0",
            "--retry-quarantined",
        ];
        let mut run = scene.command(&[&options[..], &patience].concat());
        run.env("ABLATE_SIMD", self.level.name());
        match self.ranks {
            Some(ranks) => mpirun(ranks, &run),
            None => run,
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranks = self
            .ranks
            .map_or("by hand".into(), |ranks| format!("{ranks} ranks"));
        let (workers, threads) = (self.workers, self.threads);
        write!(
            f,
            "{ranks}, {workers} workers, {threads} threads, {}",
            self.level.name()
        )
    }
}

/// The sweep of `jobs/smoke.yaml`; its name is no part of a trial.
pub fn smoke() -> Scene {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/smoke.yaml");
    let yaml = std::fs::read_to_string(path).expect("jobs/smoke.yaml");
    Scene::of(&yaml.replace("name: smoke", "name: tiny"))
}

/// Runs it in peace.
pub fn calm(how: How) -> Scene {
    let scene = smoke();
    let output = how.command(&scene).output().expect("started");
    expect_code(&output, 0);
    scene
}

/// Runs it, again and again, while processes of it are killed at random instants; then in peace.
pub fn killed(how: How, seed: u64) -> Scene {
    let scene = smoke();
    let mut dice = Key::new(seed, "kills").stream();
    let mut kills = 0;
    while kills < KILLS {
        let mut command = how.command(&scene);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let mut running = Running::new(&mut command);
        let mut seen = Instant::now();
        while running.is_alive() {
            std::thread::sleep(Duration::from_millis(dice.below(120)));
            let living = living(&scene);
            if !living.is_empty() {
                seen = Instant::now();
                if kills < KILLS {
                    let victim = dice.below(living.len() as u64) as usize;
                    kill(living[victim], Signal::KILL);
                    kills += 1;
                }
            }
            // Of a rank that dies while MPI starts, Open MPI's mpirun may wait for a lock of PMIx's for ever.
            if seen.elapsed() > ALONE {
                running.signal(Signal::KILL);
            }
        }
        // Nothing is left to kill in a sweep that is done: some of it is trained again.
        if running.end().status.success() {
            forget_some(&scene, &mut dice);
        }
    }
    let output = how.command(&scene).output().expect("started");
    expect_code(&output, 0);
    scene
}

/// Supervisors, ranks and workers.
fn living(scene: &Scene) -> Vec<u32> {
    let folder = scene.folder();
    let results = folder.parent().expect("results").as_os_str();
    let mut found = processes_with(results.as_encoded_bytes());
    // mpirun names the folder, too, and its death leaves ranks that no one waits for.
    found.retain(|pid| {
        std::fs::read_link(format!("/proc/{pid}/exe"))
            .is_ok_and(|exe| exe == crate::scene::binary())
    });
    found.sort_unstable();
    found
}

fn forget_some(scene: &Scene, dice: &mut Stream) {
    for entry in std::fs::read_dir(scene.folder().join("trials"))
        .into_iter()
        .flatten()
        .flatten()
    {
        if dice.below(2) == 0 {
            std::fs::remove_file(entry.path()).expect("removed");
        }
    }
    let _ = std::fs::remove_file(scene.folder().join("sweep.h5"));
}
