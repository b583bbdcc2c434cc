//! Faults: real kills of real processes, and the deaths that only the inside can die (`ABLATE_FAULT`).
//! Oracle throughout: the digests of a run that nothing happened to.

mod scene;

use ablate::outcome::Outcome;
use rustix::process::Signal;
use scene::{Running, Scene, expect_code, is_alive, kill, processes_with, wait_until};
use std::collections::BTreeMap;

fn oracle(scene: fn() -> Scene) -> BTreeMap<String, String> {
    let calm = scene();
    calm.run(&["--workers", "1"], 0);
    calm.digests()
}

#[test]
fn a_killed_worker_costs_one_attempt_and_changes_no_result() {
    let scene = Scene::slow();
    let mut running = scene.start(&["--workers", "2", "--checkpoint-every", "0"], 2);
    let worker = running.workers()[0];
    kill(worker, Signal::KILL);
    let output = running.end();
    expect_code(&output, 0);
    assert_eq!(scene.failures(), ["SIGKILL"]);
    assert!(!is_alive(worker));
    assert_eq!(scene.digests(), oracle(Scene::slow));
}

#[test]
fn workers_die_with_their_supervisor_and_the_same_command_goes_on() {
    let scene = Scene::slow();
    let running = scene.start(&["--workers", "2", "--checkpoint-every", "0"], 2);
    kill_and_mourn(running);
    scene.run(&["--workers", "2"], 0);
    assert!(scene.failures().is_empty());
    assert_eq!(scene.digests(), oracle(Scene::slow));
}

#[test]
fn workers_that_hang_or_are_stopped_by_force_die_with_their_supervisor() {
    let scene = Scene::new();
    let mut command = scene.command(&["--workers", "2"]);
    let running = Running::new(command.env("ABLATE_FAULT", "hang@*"));
    let mut running = scene.catch(running, 2);
    kill(running.workers()[0], Signal::STOP);
    kill_and_mourn(running);
}

/// Kills a supervisor and waits until its workers are gone.
fn kill_and_mourn(mut running: Running) {
    let workers = running.workers();
    running.signal(Signal::KILL);
    assert_eq!(running.end().status.code(), None);
    wait_until("no worker is left", || {
        !workers.iter().any(|pid| is_alive(*pid))
    });
}

#[test]
fn a_stopped_worker_is_noticed_killed_and_replaced() {
    let scene = Scene::slow();
    let mut running = scene.start(&["--workers", "2", "--hang-after", "5"], 2);
    kill(running.workers()[0], Signal::STOP);
    let output = running.end();
    expect_code(&output, 0);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("silent"), "{said}");
    assert_eq!(scene.failures(), ["hang"]);
    assert_eq!(scene.digests(), oracle(Scene::slow));
}

#[test]
fn a_bad_trial_harms_only_itself_whatever_it_dies_of() {
    let calm = oracle(Scene::new);
    for (faults, bad, class) in [
        ("panic@2", &[2][..], "panic"),
        ("abort@2", &[2][..], "SIGABRT"),
        ("segv@2", &[2][..], "SIGSEGV"),
        ("exit0@2", &[2][..], "exit code 0 without a result"),
        ("hang@1,spin@2", &[1, 2][..], "hang"),
        ("memory@2", &[2][..], "out of memory"),
        (
            "garbage@2",
            &[2][..],
            "not a message: ABLATE_FAULT asks for garbage",
        ),
        ("flood@2,panic@2", &[2][..], "panic"),
    ] {
        let scene = Scene::new();
        let patience = if class == "hang" { "8" } else { "600" };
        let mut command = scene.command(&["--workers", "2", "--hang-after", patience]);
        let output = command.env("ABLATE_FAULT", faults).output();
        expect_code(&output.expect("started"), 1);
        assert_eq!(scene.failures(), vec![class; 3 * bad.len()], "{faults}");
        let expected = [0, 1, 2, 3].map(|index| match bad.contains(&index) {
            true => Outcome::Quarantined,
            false => Outcome::Completed,
        });
        assert_eq!(scene.outcomes(), expected, "{faults}");
        let digests = scene.digests();
        assert_eq!(digests.len(), 4 - bad.len());
        assert!(
            digests
                .iter()
                .all(|(id, digest)| calm.get(id) == Some(digest))
        );
        let logged = scene.files().into_iter();
        let logged = logged.filter(|(path, _)| path.extension().is_some_and(|e| e == "log"));
        let longest = logged.map(|(_, (bytes, _))| bytes.len()).max();
        assert!(longest < Some(2 << 20), "{faults} leaves {longest:?} bytes");
        wait_until("no process is left", || {
            processes_with(scene.folder().as_os_str().as_encoded_bytes()).is_empty()
        });
    }
}

/// Steps so long that the loss is no number soon: that is a finding about the arm, and the run succeeds.
#[test]
fn a_loss_that_is_no_number_is_a_finding_and_harms_no_other_trial() {
    let sweep = |rates: &str| {
        Scene::of(&format!(
            "name: tiny\n\
             base:\n  \
               task: denoise\n  \
               data: {{ dataset: digits, train: 192, test: 32 }}\n  \
               model: {{ arch: autoencoder, widths: [4, 8], bottleneck: 4 }}\n  \
               train: {{ optimizer: sgd, epochs: 3, batch: 32 }}\n\
             grid: {{ train.lr: {rates} }}\n\
             seeds: 2\n"
        ))
    };
    let calm = sweep("[1e-3]");
    calm.run(&["--workers", "1"], 0);
    let scene = sweep("[1e-3, 1e38]");
    scene.run(&["--workers", "2"], 0);
    let expected = [
        Outcome::Completed,
        Outcome::Completed,
        Outcome::Diverged,
        Outcome::Diverged,
    ];
    assert_eq!(scene.outcomes(), expected);
    assert_eq!(scene.digests(), calm.digests());
    assert_eq!(scene.failures(), [""; 0]);
    // It is done with: nothing is tried again.
    let files = scene.files();
    scene.run(&["--workers", "2"], 0);
    assert!(scene.files() == files, "not a byte changed");
}

#[test]
fn quarantine_counts_over_restarts_and_is_lifted_on_request() {
    let scene = Scene::new();
    let crash = |arguments: &[&str]| {
        let mut command = scene.command(arguments);
        command.env("ABLATE_FAULT", "abort@2,hang@0,hang@1,hang@3");
        command
    };
    // Trial 2 is among the first, and untouched ones go before failed ones: its first attempt is all that fails until the kill.
    let first = Running::new(&mut crash(&["--workers", "2"]));
    wait_until("an attempt is recorded", || {
        scene.folder().join("attempts").exists() && !scene.failures().is_empty()
    });
    kill_and_mourn(first);
    assert_eq!(scene.failures(), ["SIGABRT"]);

    let abort = |arguments: &[&str]| {
        let mut command = scene.command(arguments);
        command
            .env("ABLATE_FAULT", "abort@2")
            .output()
            .expect("started")
    };
    expect_code(&abort(&[]), 1);
    assert_eq!(scene.failures(), ["SIGABRT"; 3], "three attempts in all");
    let quarantined = scene.files();
    expect_code(&abort(&[]), 1);
    assert_eq!(
        scene.files(),
        quarantined,
        "a quarantined trial is left alone"
    );

    scene.run(&["--retry-quarantined"], 0);
    assert_eq!(scene.digests(), oracle(Scene::new));
    assert_eq!(
        scene.failures(),
        ["SIGABRT"; 3],
        "what happened stays on disk"
    );
}

#[test]
fn a_build_that_fails_every_trial_ends_the_run_and_blames_none() {
    let scene = Scene::new();
    scene.write("[[], [14], [28], [14, 28]]", 3);
    let mut command = scene.command(&["--workers", "2"]);
    let output = command
        .env("ABLATE_FAULT", "panic@*")
        .output()
        .expect("started");
    expect_code(&output, 6);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("ABLATE_FAULT asks for a panic"), "{said}");
    scene.run(&[], 0);
    assert_eq!(scene.digests().len(), 8);
}
