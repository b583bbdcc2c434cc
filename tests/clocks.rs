//! Row 14 of the promises: whatever the wall clock and the times of files say, results are the same and nothing runs again.

#[path = "clocks/clock.rs"]
mod clock;
mod common;
mod scene;
#[path = "clocks/times.rs"]
mod times;

use clock::{Clock, DAY};
use rustix::process::Signal;
use scene::{Running, Scene, binary, expect_code, is_alive, kill, wait_until};
use serde_json::Value;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};
use times::{check_json, check_seen, spans};

const CHECKPOINTS: [&str; 4] = ["--workers", "2", "--checkpoint-every", "0"];

/// `ablate run` under a clock; `None`, said aloud, where this machine has no compiler.
fn command(scene: &Scene, arguments: &[&str], clock: Clock) -> Option<Command> {
    let mut command = scene.command(arguments);
    match clock.set(&mut command) {
        Ok(_) => Some(command),
        Err(missing) => {
            common::skip("wall clocks that are wrong", &missing);
            None
        }
    }
}

/// Two trials that take long enough to be caught in the middle.
fn pair() -> Scene {
    let scene = Scene::new();
    scene.write("[[], [14]]", 10);
    scene.with_seeds(1);
    scene
}

fn output(command: &mut Command, code: i32) -> Output {
    let output = command.output().expect("started");
    expect_code(&output, code);
    output
}

/// That the same command trains nothing and changes no trial.
fn check_rests(scene: &Scene, again: &mut Command) {
    let before = trial_files(scene);
    let said = output(again, 0).stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(
        !said.contains(": test.bce "),
        "something was trained: {said}"
    );
    assert_eq!(trial_files(scene), before);
}

fn trial_files(scene: &Scene) -> Vec<(PathBuf, Vec<u8>)> {
    let files = scene.files().into_iter();
    let files = files.map(|(path, (bytes, _))| (path, bytes));
    let trials = scene.folder().join("trials");
    files
        .filter(|(path, _)| path.starts_with(&trials))
        .collect()
}

/// That `status`, `report` and `verify` find all well, under the clock that `set` sets.
fn check_commands(scene: &Scene, set: impl Fn(&mut Command)) {
    for words in [
        &["status", "--json", "--exit-code"][..],
        &["report"],
        &["verify"],
    ] {
        let mut command = Command::new(binary());
        command.args(words).arg(scene.folder());
        set(&mut command);
        let said = output(&mut command, 0).stdout;
        if words[0] == "status" {
            let status: Value = serde_json::from_slice(&said).expect("JSON");
            assert_eq!(status["finished"], true, "{status}");
            check_json(&status);
        }
    }
}

#[test]
fn a_sweep_gives_the_same_results_by_any_wall_clock_and_rests_when_done() {
    let calm = Scene::new();
    calm.run(&["--workers", "2"], 0);
    for clock in Clock::ALL {
        let scene = Scene::new();
        let run = || command(&scene, &["--workers", "2"], clock);
        let Some(mut first) = run() else { return };
        output(&mut first, 0);
        assert_eq!(scene.digests(), calm.digests(), "{clock:?}");
        assert!(scene.failures().is_empty());
        check_seen(clock, &spans(&scene));
        check_rests(&scene, &mut run().expect("compiled"));
        check_rests(&scene, &mut scene.command(&["--workers", "2"]));
        check_commands(&scene, |command| {
            clock.set(command).expect("compiled");
        });
        assert_eq!(scene.digests(), calm.digests(), "{clock:?}");
    }
}

#[test]
fn a_run_killed_by_one_clock_goes_on_by_another() {
    let calm = pair();
    calm.run(&["--workers", "2"], 0);
    for (clock, next) in [
        (Clock::Off(DAY), Clock::Off(-DAY)),
        (Clock::Jumping(-60), Clock::Empty),
        (Clock::Empty, Clock::Jumping(DAY)),
    ] {
        let scene = pair();
        let Some(mut first) = command(&scene, &CHECKPOINTS, clock) else {
            return;
        };
        let mut running = scene.catch(Running::new(&mut first), 2);
        let workers = running.workers();
        running.signal(Signal::KILL);
        running.end();
        wait_until("no worker is left", || {
            !workers.iter().any(|pid| is_alive(*pid))
        });
        let mut second = command(&scene, &CHECKPOINTS, next).expect("compiled");
        output(&mut second, 0);
        assert_eq!(scene.digests(), calm.digests(), "{clock:?}, then {next:?}");
        assert!(scene.failures().is_empty());
        spans(&scene);
    }
}

/// It acts on the one that is silent, and only on that: to a wall clock that leaps a day at each look, all are silent.
#[test]
fn the_watchdog_acts_while_the_wall_clock_jumps() {
    let calm = pair();
    calm.run(&["--workers", "2"], 0);
    for clock in [Clock::Jumping(DAY), Clock::Jumping(-DAY)] {
        let scene = pair();
        let arguments = ["--workers", "2", "--hang-after", "5"];
        let Some(mut command) = command(&scene, &arguments, clock) else {
            return;
        };
        let mut running = scene.catch(Running::new(&mut command), 2);
        kill(running.workers()[0], Signal::STOP);
        let output = running.end();
        expect_code(&output, 0);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("silent"), "{said}");
        assert_eq!(scene.failures(), ["hang"], "{clock:?}");
        assert_eq!(scene.digests(), calm.digests(), "{clock:?}");
    }
}

#[test]
fn runs_whose_clocks_disagree_share_a_sweep() {
    let scene = Scene::new();
    scene.with_seeds(4);
    let mut runs = Vec::new();
    for clock in Clock::ALL {
        let Some(mut command) = command(&scene, &["--workers", "1", "--lease", "10"], clock) else {
            return;
        };
        runs.push(Running::new(&mut command));
    }
    let mut finished = Vec::new();
    for run in runs {
        let output = run.end();
        expect_code(&output, 0);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let lines = said.lines().filter(|line| line.contains(": test.bce "));
        finished.extend(lines.map(|line| {
            let (label, _) = line.split_once(": test.bce ").expect("found");
            label
                .split_once("] ")
                .map_or(label, |(_, label)| label)
                .to_owned()
        }));
    }
    finished.sort();
    let told = finished.len();
    finished.dedup();
    assert_eq!((finished.len(), told), (8, 8), "{finished:?}");
    assert_eq!(scene.digests().len(), 8);
}

/// Every file and folder gets one of a few times that cannot be.
fn scramble(scene: &Scene) {
    let now = SystemTime::now();
    let years = |years: u64| Duration::from_secs(years * 365 * 86_400);
    let times = [
        SystemTime::UNIX_EPOCH,
        now + years(10),
        now - years(10),
        now + Duration::from_secs(86_400),
    ];
    let paths = scene.files().into_keys();
    for (path, time) in paths.zip(times.iter().cycle()) {
        let file = File::open(&path).expect("opened");
        file.set_modified(*time).expect("set");
    }
    // Some files have two names.
    let mut now = scene.files().into_values();
    assert!(now.all(|(_, time)| times.contains(&time)));
}

#[test]
fn times_of_files_mean_nothing() {
    let calm = pair();
    calm.run(&["--workers", "2"], 0);

    let scene = pair();
    let mut running = scene.start(&CHECKPOINTS, 2);
    let workers = running.workers();
    running.signal(Signal::KILL);
    running.end();
    wait_until("no worker is left", || {
        !workers.iter().any(|pid| is_alive(*pid))
    });
    scramble(&scene);
    scene.run(&CHECKPOINTS, 0);
    assert_eq!(scene.digests(), calm.digests());

    let before = contents(&scene);
    scramble(&scene);
    check_rests(&scene, &mut scene.command(&CHECKPOINTS));
    check_commands(&scene, |_| {});
    assert_eq!(scene.digests(), calm.digests());
    let after = contents(&scene);
    let changed: Vec<_> = after
        .iter()
        .filter(|file| !before.contains(file))
        .map(|(path, _)| path)
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
}

fn contents(scene: &Scene) -> Vec<(PathBuf, Vec<u8>)> {
    let files = scene.files().into_iter();
    files.map(|(path, (bytes, _))| (path, bytes)).collect()
}
