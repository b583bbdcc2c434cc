//! Signals with little grace, preemptions and short jobs (promises 7 and 11): nothing saved is lost, nothing counts as a failure.

mod common;
mod scene;

use ablate::outcome::Outcome;
use rustix::process::Signal;
use scene::{Running, Scene, expect_code, is_alive, kill, wait_until};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

/// Trials of one seed, saved all the time, that take long enough to be interrupted in the middle again and again.
fn long(skips: &str, epochs: usize) -> Scene {
    let scene = Scene::new();
    scene.write(skips, epochs);
    scene.with_seeds(1);
    scene
}

const OPTIONS: [&str; 4] = ["--workers", "2", "--checkpoint-every", "0.05"];

/// The steps of the checkpoints on disk, by trial and attempt.
fn saved(scene: &Scene) -> BTreeMap<(String, u32), Vec<u64>> {
    let list = |folder: &Path| {
        let names = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        names.collect::<Vec<_>>()
    };
    let mut saved = BTreeMap::new();
    let root = scene.folder().join("checkpoints");
    for id in list(&root) {
        for attempt in list(&root.join(&id)) {
            let files = list(&root.join(&id).join(&attempt));
            let step = |name: &String| {
                name.strip_prefix("step-")?
                    .strip_suffix(".ckpt")?
                    .parse()
                    .ok()
            };
            let steps: Vec<u64> = files.iter().filter_map(step).collect();
            if let (Ok(attempt), false) = (attempt.parse(), steps.is_empty()) {
                saved.insert((id.clone(), attempt), steps);
            }
        }
    }
    saved
}

/// The newest step on disk of each trial.
fn newest(scene: &Scene) -> BTreeMap<String, u64> {
    let mut newest = BTreeMap::new();
    for ((id, _), steps) in saved(scene) {
        let best = newest.entry(id).or_default();
        *best = steps.into_iter().fold(*best, u64::max);
    }
    newest
}

/// The latest attempt of each trial that has saved something.
fn attempts(scene: &Scene) -> BTreeMap<String, u32> {
    saved(scene).into_keys().collect()
}

/// Lets something happen after which a new attempt of every one of `trials` saves: it has to go on from no older step than
/// was saved before.
fn go_on(scene: &Scene, trials: usize, happen: impl FnOnce() -> Running) -> Running {
    let (steps, before) = (newest(scene), attempts(scene));
    let mut running = happen();
    wait_until("new attempts save", || {
        assert!(running.is_alive(), "the run ended before it was caught");
        let now = attempts(scene);
        now.len() == trials && now.iter().all(|(id, n)| before.get(id) != Some(n))
    });
    for ((id, attempt), new) in saved(scene) {
        if attempts(scene).get(&id) == Some(&attempt) {
            let old = steps.get(&id).copied().unwrap_or_default();
            assert!(
                new.iter().all(|step| *step >= old),
                "{id}: {new:?} after {old}"
            );
        }
    }
    running
}

/// The steps that a run said are on disk, by the start of the trial's id.
fn reported(output: &Output) -> Vec<(String, u64)> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = |line: &str| {
        let (trial, step) = line.split_once(": stopped, checkpoint of step ")?;
        let id = trial.split_once("] ")?.1.split(' ').next()?;
        Some((id.to_owned(), step.split(' ').next()?.parse().ok()?))
    };
    said.lines().filter_map(report).collect()
}

/// Sends signals, and some time later kills whatever still lives.
fn stop(mut running: Running, signals: &[Signal], grace: Duration) -> Output {
    let mut workers = running.workers();
    for signal in signals {
        running.signal(*signal);
        std::thread::sleep(Duration::from_millis(5));
    }
    let began = Instant::now();
    while running.is_alive() && began.elapsed() < grace {
        std::thread::sleep(Duration::from_millis(5));
    }
    workers.extend(running.workers());
    running.signal(Signal::KILL);
    workers
        .iter()
        .for_each(|worker| kill(*worker, Signal::KILL));
    let output = running.end();
    wait_until("nobody is left", || {
        !workers.iter().any(|pid| is_alive(*pid))
    });
    output
}

/// The grace of 120, 30, 5 and 0 seconds, scaled to trials of a few seconds.
#[test]
fn whatever_the_signal_and_the_grace_a_run_goes_on_from_what_it_saved() {
    let calm = long("[[], [14]]", 100);
    calm.run(&OPTIONS, 0);
    for signals in [
        &[Signal::TERM][..],
        &[Signal::USR1][..],
        &[Signal::USR1, Signal::TERM, Signal::USR1, Signal::TERM][..],
    ] {
        let scene = long("[[], [14]]", 100);
        let mut clean = 0;
        for grace in [0.0, 0.5, 3.0, 12.0] {
            let running = go_on(&scene, 2, || scene.launch(&OPTIONS));
            let before = newest(&scene);
            let output = stop(running, signals, Duration::from_secs_f64(grace));
            let after = newest(&scene);
            for (id, step) in before {
                assert!(after[&id] >= step, "{id}: {} after {step}", after[&id]);
            }
            for (id, step) in reported(&output) {
                let held = after.iter().find(|(full, _)| full.starts_with(&id));
                assert!(
                    held.is_some_and(|(_, at)| *at >= step),
                    "{id}: {step}, {after:?}"
                );
            }
            // One that was killed in the end has no exit code, and one that had time says that there is more to do.
            if output.status.code().is_some() {
                expect_code(&output, 75);
                assert_eq!(reported(&output).len(), 2, "{output:?}");
                clean += 1;
            }
            assert_eq!(scene.failures(), [""; 0], "{signals:?}, {grace} s");
        }
        assert!(clean > 0, "{signals:?}: some grace is enough");
        scene.run(&OPTIONS, 0);
        assert_eq!(scene.digests(), calm.digests(), "{signals:?}");
        assert_eq!(scene.failures(), [""; 0]);
    }
}

/// Failures count over restarts, preemptions never do: neither those that were told nor those that killed everything.
#[test]
fn preemptions_between_failures_do_not_count() {
    let scene = long("[[]]", 2000);
    let caught = || go_on(&scene, 1, || scene.launch(&OPTIONS));
    let kill_worker = |running: &mut Running| {
        let workers = running.workers();
        assert_eq!(workers.len(), 1);
        kill(workers[0], Signal::KILL);
    };
    let preempted = [
        (&[Signal::TERM][..], 60),
        (&[][..], 0),
        (&[Signal::USR1][..], 60),
        (&[][..], 0),
    ];
    for (signals, grace) in preempted {
        stop(caught(), signals, Duration::from_secs(grace));
        assert_eq!(scene.failures(), [""; 0]);
    }
    let mut running = caught();
    for failures in 1..=2 {
        running = go_on(&scene, 1, move || {
            kill_worker(&mut running);
            running
        });
        assert_eq!(scene.failures(), vec!["SIGKILL"; failures]);
    }
    stop(running, &[Signal::TERM], Duration::from_secs(60));
    for (signals, grace) in preempted {
        stop(caught(), signals, Duration::from_secs(grace));
        assert_eq!(scene.failures(), ["SIGKILL"; 2]);
    }
    let mut running = caught();
    kill_worker(&mut running);
    expect_code(&running.end(), 1);
    assert_eq!(scene.failures(), ["SIGKILL"; 3]);
    assert_eq!(scene.outcomes(), [Outcome::Quarantined]);
}

/// The sweep in a Slurm job that has so long to go, as `squeue` says.
fn in_a_job(scene: &Scene, left: &str) -> Output {
    let bin = tempfile::tempdir().expect("a folder");
    let squeue = bin.path().join("squeue");
    let script = format!("#!/bin/sh\ncase $* in *'-j 7 '*%L*) echo {left} ;; *) exit 1 ;; esac\n");
    common::program(&squeue, script);
    let path = std::env::var("PATH").expect("a PATH");
    let mut command = scene.command(&["--workers", "2"]);
    command
        .env("PATH", format!("{}:{path}", bin.path().display()))
        .env("SLURM_JOB_ID", "7");
    command.output().expect("started")
}

#[test]
fn no_trial_starts_that_cannot_reach_its_next_checkpoint_within_the_job() {
    let scene = Scene::new();
    let output = in_a_job(&scene, "0:50");
    expect_code(&output, 75);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let why = "what is left of the job's walltime is shorter than --checkpoint-every: no trial starts here any more";
    assert!(said.contains(why), "{said}");
    assert_eq!((scene.begun(), scene.failures().len()), (0, 0), "{said}");
    assert_eq!(scene.outcomes(), [Outcome::Pending; 4]);
    expect_code(&in_a_job(&scene, "1:00:00"), 0);
    assert_eq!(scene.outcomes(), [Outcome::Completed; 4]);
}
