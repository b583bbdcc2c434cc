//! Storms: seeded random faults over real runs, until the sweep is done. Oracle: the digests of a calm run.
//!
//! `make storm` runs this (it takes minutes); `ABLATE_STORM_SEED` replays one schedule, `ABLATE_STORM_RUNS` sets how many.

#[path = "../damage/mod.rs"]
mod damage;
mod damaged;
mod every_call;
#[path = "../large/mod.rs"]
mod large;
#[path = "../scene/mod.rs"]
mod scene;
#[path = "../shim/mod.rs"]
mod shim;
mod ten_thousand;

use ablate::outcome::Outcome;
use ablate::seed::{Key, Stream};
use rustix::process::Signal;
use scene::{Scene, kill};
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::time::Duration;

/// What may happen to a run.
#[derive(Clone, Copy, Debug)]
enum Fault {
    WorkerKilled,
    SupervisorKilled,
    AllKilled,
    Interrupted,
    CheckpointTruncated,
    TrialFileTruncated,
}

const FAULTS: [Fault; 6] = [
    Fault::WorkerKilled,
    Fault::SupervisorKilled,
    Fault::AllKilled,
    Fault::Interrupted,
    Fault::CheckpointTruncated,
    Fault::TrialFileTruncated,
];

fn number(variable: &str, default: u64) -> u64 {
    let value = std::env::var(variable).ok();
    value.map_or(default, |text| text.parse().expect("a whole number"))
}

#[test]
fn no_storm_changes_a_result() {
    let calm = Scene::slow();
    calm.run(&["--workers", "2"], 0);
    let oracle = calm.digests();
    let (first, runs) = (
        number("ABLATE_STORM_SEED", 1),
        number("ABLATE_STORM_RUNS", 12),
    );
    let mut faults = 0;
    for seed in first..first + runs {
        let scene = Scene::slow();
        let mut dice = Key::new(seed, "storm").stream();
        for _ in 0..10 {
            faults += bad_weather(&scene, &mut dice);
        }
        scene.run(&["--workers", "2", "--retry-quarantined"], 0);
        assert_eq!(
            scene.outcomes(),
            [Outcome::Completed; 4],
            "ABLATE_STORM_SEED={seed}"
        );
        assert!(
            scene.digests() == oracle,
            "a result changed: ABLATE_STORM_SEED={seed} ABLATE_STORM_RUNS=1"
        );
        eprintln!("storm {seed}: {faults} faults so far, 0 losses");
    }
}

/// One run that something happens to; returns the number of faults injected.
fn bad_weather(scene: &Scene, dice: &mut Stream) -> u64 {
    let workers = (1 + dice.below(2)).to_string();
    let threads = (1 + dice.below(2)).to_string();
    let options = [
        "--workers",
        &workers,
        "--threads",
        &threads,
        "--checkpoint-every",
        "0.01",
    ];
    let mut running = scene.launch(&options);
    let mut injected = 0;
    while running.is_alive() && injected < 4 {
        std::thread::sleep(Duration::from_millis(dice.below(400)));
        let fault = FAULTS[dice.below(FAULTS.len() as u64) as usize];
        let victims = running.workers();
        match fault {
            Fault::WorkerKilled => victims
                .first()
                .into_iter()
                .for_each(|pid| kill(*pid, Signal::KILL)),
            Fault::SupervisorKilled => running.signal(Signal::KILL),
            Fault::AllKilled => {
                victims.iter().for_each(|pid| kill(*pid, Signal::KILL));
                running.signal(Signal::KILL);
            }
            Fault::Interrupted => running.signal(Signal::TERM),
            Fault::CheckpointTruncated => truncate_one(scene, "checkpoints", dice),
            // As bit rot would: the trial is then noticed and done again.
            Fault::TrialFileTruncated => truncate_one(scene, "trials", dice),
        }
        injected += 1;
    }
    running.end();
    injected
}

fn files_below(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

fn truncate_one(scene: &Scene, part: &str, dice: &mut Stream) {
    let files = files_below(scene.folder().join(part));
    if files.is_empty() {
        return;
    }
    let victim = &files[dice.below(files.len() as u64) as usize];
    // It may be gone already.
    if let Ok(file) = OpenOptions::new().write(true).open(victim) {
        let length = file.metadata().map_or(0, |data| data.len());
        let _ = file.set_len(dice.below(length + 1));
    }
}
