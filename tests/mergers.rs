//! Row 13 of the promises: two packers or mergers at once, one of which stops in the middle and goes on when the other is done.

mod common;
mod scene;
mod shim;

use rustix::process::Signal;
use scene::{Running, Scene, expect_code, kill, sweeps, wait_until};
use shim::{Fault, Shim, verify};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A shard holds 256.
const TRIALS: usize = 260;

/// A run, and the process of it that stopped at this call.
struct Paused {
    run: Running,
    stopped: u32,
}

/// Starts it and waits until it has stopped. `None`: this machine cannot do that.
fn pause(mut command: Command, scene: &Scene, call: (&str, &str, u32)) -> Option<Paused> {
    let shim = match Shim::arm_at(&mut command, &scene.folder(), call, Fault::Stop) {
        Ok(shim) => shim,
        Err(missing) => {
            common::skip("a merger that stops in the middle", &missing);
            return None;
        }
    };
    let mut run = Running::new(&mut command);
    wait_until("it stops", || {
        assert!(run.is_alive(), "the run ended before it stopped");
        shim.victim().is_some()
    });
    // It has the lock. Runs on another machine, or where no locks are, do not see that.
    fs::remove_file(scene.folder().join(".lock")).expect("a lock");
    let stopped = shim.victim().expect("stopped");
    Some(Paused { run, stopped })
}

impl Paused {
    fn go_on(self) {
        kill(self.stopped, Signal::CONT);
        expect_code(&self.run.end(), 0);
    }
}

fn merged(scene: &Scene) -> Vec<u8> {
    fs::read(scene.folder().join("sweep.h5")).expect("a record")
}

fn packed(scene: &Scene) -> [usize; 2] {
    ["shards", "trials"].map(|folder| records(&scene.folder().join(folder)))
}

fn records(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("listed");
    let paths = entries.map(|entry| entry.expect("entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|e| e == "h5"))
        .count()
}

#[test]
fn a_packer_that_stops_between_shard_and_unlink_harms_nothing_when_it_goes_on() {
    let scene = Scene::of(&sweeps::one_step(TRIALS));
    let mut unpacked = scene.command(&["--workers", "2"]);
    let unpacked = unpacked.env("ABLATE_FAULT", "segv@pack").output();
    expect_code(&unpacked.expect("started"), 75);
    // A function of what is committed, wherever it lies: all digests at once.
    let calm = merged(&scene);
    let Some(paused) = pause(scene.command(&[]), &scene, ("unlink", "/trials/", 1)) else {
        return;
    };
    let line = fs::read(format!("/proc/{}/cmdline", paused.stopped)).expect("a process");
    assert!(line.starts_with(b"ablate\0pack"), "another process stopped");
    assert_eq!(packed(&scene), [1, TRIALS], "a shard, and nothing gone yet");
    scene.run(&[], 0);
    assert_eq!(packed(&scene), [1, TRIALS - 256]);
    paused.go_on();
    assert_eq!(packed(&scene), [1, TRIALS - 256]);
    assert_eq!(verify(&scene, None), Ok(()));
    // What a packer lost would be missing in a record that is made anew.
    fs::remove_file(scene.folder().join("sweep.h5")).expect("removed");
    scene.run(&[], 0);
    assert!(merged(&scene) == calm, "results are lost or others");
}

#[test]
fn a_merger_that_stops_before_its_rename_harms_nothing_when_it_goes_on() {
    let scene = Scene::of(&sweeps::one_step(4));
    // The first rename is that of a record without results.
    let Some(paused) = pause(scene.command(&[]), &scene, ("rename", "/sweep.h5", 2)) else {
        return;
    };
    scene.run(&[], 0);
    let calm = merged(&scene);
    paused.go_on();
    assert!(merged(&scene) == calm);
    assert_eq!(verify(&scene, None), Ok(()));
}

#[test]
fn what_a_late_merger_of_an_older_sweep_replaces_the_same_command_makes_anew() {
    let scene = Scene::of(&sweeps::one_step(2));
    let Some(paused) = pause(scene.command(&[]), &scene, ("rename", "/sweep.h5", 2)) else {
        return;
    };
    scene.with_seeds(6);
    scene.run(&[], 0);
    let calm = merged(&scene);
    paused.go_on();
    assert_eq!(
        scene.record().trials.len(),
        2,
        "the late one has replaced it"
    );
    assert_eq!(verify(&scene, None), Ok(()), "nothing is lost");
    scene.run(&[], 0);
    assert!(merged(&scene) == calm);
}
