//! The end of a run that has trials to pack: another process packs them, and no death of it costs anything.

mod common;
mod scene;

use ablate::outcome::Outcome;
use rustix::process::Signal;
use scene::{Running, Scene, expect_code, kill, sweeps, wait_until};
use std::fs;
use std::path::Path;
use std::process::Output;

/// A shard holds 256.
const TRIALS: usize = 260;

/// As many trials as fill a shard, and four more; each is one step of the smallest network.
fn scene() -> Scene {
    Scene::of(&sweeps::one_step(TRIALS))
}

/// How many records a folder holds.
fn records(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|e| e == "h5"))
        .count()
}

/// Shards, and trial files.
fn packed(scene: &Scene) -> [usize; 2] {
    ["shards", "trials"].map(|folder| records(&scene.folder().join(folder)))
}

/// That the one file for people has every trial, whole.
fn assert_all_there(scene: &Scene) {
    let record = scene.record();
    assert_eq!(record.trials.len(), TRIALS);
    let details = record.details().expect("a record");
    for row in &record.trials {
        assert_eq!(row.outcome, Outcome::Completed);
        details.read(&row.id).expect("whole");
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_sweep_that_fills_a_shard_is_packed_and_merged() {
    let scene = scene();
    scene.run(&["--workers", "2"], 0);
    assert_eq!(packed(&scene), [1, TRIALS - 256]);
    assert_all_there(&scene);
}

#[test]
fn a_packer_that_dies_hides_no_result_and_the_same_command_mends_it() {
    let scene = scene();
    for (fault, code) in [("segv", 75), ("panic", 70)] {
        let mut command = scene.command(&["--workers", "2"]);
        let command = command.env("ABLATE_FAULT", format!("{fault}@pack"));
        let output = command.output().expect("started");
        expect_code(&output, code);
        assert!(String::from_utf8_lossy(&output.stdout).contains("report.html"));
        let said = said(&output);
        assert!(said.contains("could not be packed"), "{said}");
        assert_eq!(packed(&scene), [0, TRIALS]);
        assert_all_there(&scene);
    }
    let merged = fs::read(scene.folder().join("sweep.h5")).expect("read");
    scene.run(&[], 0);
    assert_eq!(packed(&scene), [1, TRIALS - 256]);
    assert!(fs::read(scene.folder().join("sweep.h5")).expect("read") == merged);
}

#[test]
fn a_binary_that_is_removed_while_the_sweep_runs_costs_nothing() {
    let scene = scene();
    let place = tempfile::tempdir().expect("a folder");
    let binary = place.path().join("ablate");
    fs::copy(env!("CARGO_BIN_EXE_ablate"), &binary).expect("copied");
    let mut running = Running::new(&mut scene.command_of(&binary, &["--workers", "2"]));
    wait_until("a trial is committed", || {
        assert!(running.is_alive(), "the run ended before it was caught");
        packed(&scene)[1] > 0
    });
    fs::remove_file(&binary).expect("removed");
    // So that a worker has to be started from it, too.
    let worker = running.workers().first().copied();
    kill(worker.expect("a worker"), Signal::KILL);
    let output = running.end();
    expect_code(&output, 0);
    assert!(!said(&output).contains("cannot start"), "{}", said(&output));
    assert_eq!(packed(&scene), [1, TRIALS - 256]);
    assert_all_there(&scene);
}

#[test]
fn a_sweep_file_that_lies_under_a_good_seal_is_set_aside_and_merged_anew() {
    let scene = Scene::new();
    scene.run(&[], 0);
    let path = scene.folder().join("sweep.h5");
    let whole = fs::read(&path).expect("read");
    let id = scene.record().trials[0].id.clone();
    let file = hdf5::File::open_rw(&path).expect("open");
    let losses = file.dataset(&format!("trial/{id}/epochs/train_loss"));
    let losses = losses.expect("a column");
    losses.write_raw(&[0.0, 0.0, 0.0]).expect("written");
    drop(losses);
    file.close().expect("closed");
    common::seal(&path);
    let changed = fs::read(&path).expect("read");

    let output = scene.run(&[], 0);
    assert!(
        said(&output).contains("sweep.damaged-1"),
        "{}",
        said(&output)
    );
    let evidence = scene.folder().join("sweep.damaged-1");
    assert!(fs::read(evidence).expect("read") == changed);
    assert!(fs::read(&path).expect("read") == whole);
}
