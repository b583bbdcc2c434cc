//! Several `ablate run`s on one results folder, started at once, killed, paused: they share the trials, and each is committed once.

mod common;
mod scene;
mod shim;

use ablate::outcome::Outcome;
use ablate::record::done;
use rustix::process::Signal;
use scene::{Running, Scene, expect_code, kill, sweeps, wait_until};
use shim::{Fault, Shim, verify};
use std::collections::BTreeMap;
use std::process::Output;

/// Two arms of so many seeds, each trial a moment's work.
fn sweep(seeds: usize, epochs: usize) -> Scene {
    Scene::of(&format!(
        "name: tiny\n\
         base:\n  \
           task: denoise\n  \
           data: {{ dataset: digits, train: 32, test: 8 }}\n  \
           model: {{ arch: autoencoder, widths: [4], bottleneck: none }}\n  \
           train: {{ epochs: {epochs}, batch: 32 }}\n\
         grid:\n  \
           model.skip.at: [[], [28]]\n\
         seeds: {seeds}\n\
         compare: {{ baseline: {{ model.skip.at: [] }}, metric: test.bce }}\n"
    ))
}

/// How often each trial was told to be finished, by label.
fn told<'a>(outputs: impl IntoIterator<Item = &'a Output>) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for output in outputs {
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            if let Some((label, _)) = line.split_once(": test.bce ") {
                let label = label.split_once("] ").map_or(label, |(_, label)| label);
                *told.entry(label.to_owned()).or_default() += 1;
            }
        }
    }
    told
}

#[test]
fn sixteen_runs_started_at_once_train_every_trial_once() {
    let scene = sweep(100, 1);
    let runs: Vec<_> = (0..16).map(|_| scene.launch(&["--workers", "1"])).collect();
    let outputs: Vec<_> = runs.into_iter().map(Running::end).collect();
    for output in &outputs {
        expect_code(output, 0);
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("200 trials planned = 200 completed")
        );
    }
    let told = told(&outputs);
    assert_eq!(told.len(), 200);
    let twice: Vec<_> = told.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let folder = ablate::record::Folder::existing(scene.folder());
    assert_eq!(done(&folder).expect("readable").len(), 200);
}

#[test]
fn whoever_is_killed_the_others_finish() {
    let calm = sweep(8, 20);
    calm.run(&["--workers", "2"], 0);
    let scene = sweep(8, 20);
    let mut runs: Vec<_> = (0..6).map(|_| scene.launch(&["--workers", "1"])).collect();
    for victim in 0..4 {
        wait_until("some trial more is done", || {
            scene.committed() > victim || !runs[0].is_alive()
        });
        runs.remove(0).signal(Signal::KILL);
    }
    for run in runs {
        expect_code(&run.end(), 0);
    }
    assert_eq!(scene.outcomes(), [Outcome::Completed; 16]);
    assert_eq!(scene.digests(), calm.digests());
    assert_eq!(scene.failures(), [""; 0], "a killed run blames no trial");
}

/// Whoever claims the trial has to notice that the other has trained what it needs.
#[test]
fn runs_share_a_sweep_whose_trials_need_a_network_trained_first() {
    let scene = || Scene::of(&sweeps::with_uses(2, "[3, 5]"));
    let alone = scene();
    alone.run(&["--workers", "1"], 0);
    for _ in 0..3 {
        let scene = scene();
        let runs: Vec<_> = (0..3).map(|_| scene.launch(&["--workers", "1"])).collect();
        for run in runs {
            expect_code(&run.end(), 0);
        }
        assert_eq!(scene.digests(), alone.digests());
    }
}

#[test]
fn a_run_that_was_paused_past_its_lease_harms_nothing_when_it_goes_on() {
    let calm = sweep(3, 30);
    calm.run(&["--workers", "2"], 0);
    let scene = sweep(3, 30);
    let lease = ["--workers", "1", "--lease", "2"];
    let mut paused = scene.launch(&lease);
    wait_until("it trains", || scene.begun() >= 1);
    let workers = paused.workers();
    paused.signal(Signal::STOP);
    workers
        .iter()
        .for_each(|pid| scene::kill(*pid, Signal::STOP));
    // Takes over what the paused one holds, and finishes.
    scene.run(&lease, 0);
    assert_eq!(scene.outcomes(), [Outcome::Completed; 6]);
    workers
        .iter()
        .for_each(|pid| scene::kill(*pid, Signal::CONT));
    paused.signal(Signal::CONT);
    expect_code(&paused.end(), 0);
    assert_eq!(scene.digests(), calm.digests());
    assert_eq!(scene.failures(), [""; 0]);
}

/// A zombie: it stands still just before a call, others finish the sweep, and then it makes the call.
#[test]
fn a_commit_or_a_checkpoint_that_comes_when_others_have_finished_harms_nothing() {
    let calm = sweep(1, 6);
    calm.run(&["--workers", "1"], 0);
    let options = ["--workers", "1", "--lease", "1", "--checkpoint-every", "0"];
    for call in [
        ("link", "/trials/", 1),
        ("rename", ".ckpt", 3),
        ("open", "/.step-", 3),
        ("unlink", ".ckpt", 1),
    ] {
        let scene = sweep(1, 6);
        let results = scene.folder().parent().expect("results").to_owned();
        let mut command = scene.command(&options);
        let shim = match Shim::arm_at(&mut command, &results, call, Fault::Stop) {
            Ok(shim) => shim,
            Err(missing) => return common::skip("a zombie among runs", &missing),
        };
        let mut zombie = Running::new(&mut command);
        wait_until("a worker stands still", || {
            assert!(zombie.is_alive(), "the run ended before {call:?}");
            shim.victim().is_some()
        });
        zombie.signal(Signal::STOP);
        scene.run(&options, 0);
        assert_eq!(scene.digests(), calm.digests(), "{call:?}");
        let trials = || {
            let mut files = scene.files();
            files.retain(|path, _| path.extension().is_some_and(|e| e == "h5"));
            files.remove(&scene.folder().join("sweep.h5"));
            files
        };
        let before = trials();
        zombie.signal(Signal::CONT);
        kill(shim.victim().expect("stopped"), Signal::CONT);
        expect_code(&zombie.end(), 0);
        assert!(trials() == before, "{call:?}");
        assert_eq!(scene.digests(), calm.digests(), "{call:?}");
        assert_eq!(scene.failures(), [""; 0], "{call:?} blames no trial");
        assert_eq!(verify(&scene, None), Ok(()), "{call:?}");
    }
}

#[test]
fn who_does_not_wait_leaves_what_others_hold_to_them() {
    let scene = sweep(1, 400);
    let first = scene.launch(&["--workers", "2"]);
    wait_until("both trials are trained", || scene.begun() >= 2);
    let second = scene.run(&["--workers", "1", "--no-wait"], 75);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("in the hands of other runs"), "{said}");
    expect_code(&first.end(), 0);
}

/// Makes the heartbeat files of a scene those of another machine, of which nobody here can tell whether they live.
fn move_runners_elsewhere(scene: &Scene) {
    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").expect("a boot id");
    let boot = boot.trim_ascii();
    let plans = std::fs::read_dir(scene.folder().join("claims")).expect("claims");
    for plan in plans {
        let files = std::fs::read_dir(plan.expect("entry").path()).expect("listed");
        for path in files.map(|file| file.expect("entry").path()) {
            let mut bytes = std::fs::read(&path).expect("readable");
            if let Some(at) = bytes.windows(boot.len()).position(|text| text == boot) {
                bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
                // In place: its other names are the claims.
                std::fs::write(&path, bytes).expect("written");
            }
        }
    }
}

#[test]
fn what_a_run_on_another_machine_left_when_it_was_killed_is_taken_over_even_without_waiting() {
    let scene = sweep(2, 200);
    let mut killed = scene.launch(&["--workers", "1"]);
    wait_until("it trains", || scene.begun() >= 1);
    killed.signal(Signal::KILL);
    killed.end();
    move_runners_elsewhere(&scene);
    scene.run(&["--workers", "2", "--no-wait", "--lease", "2"], 0);
    assert_eq!(scene.outcomes(), [Outcome::Completed; 4]);
}
