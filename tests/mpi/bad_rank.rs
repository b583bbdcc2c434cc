//! One rank whose machine fails every trial at once, among good ones: it is retired, and nobody is blamed (promise 8).

use crate::job::{long, mpirun, ranks, text, wait_for_nobody, workers_of};
use crate::scene::{Running, Scene, expect_code, kill, wait_until};
use ablate::outcome::Outcome;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;

/// So many ranks, of which one's workers all panic; each rank is a program of its own for mpirun.
fn start(scene: &Scene, count: usize, bad: usize) -> Option<Running> {
    let mut command = mpirun()?;
    for rank in 0..count {
        if rank > 0 {
            command.arg(":");
        }
        if rank == bad {
            ranks_with_a_fault(&mut command, scene);
        } else {
            ranks(&mut command, 1, scene, &["--workers", "1"]);
        }
    }
    Some(Running::new(&mut command))
}

fn ranks_with_a_fault(command: &mut std::process::Command, scene: &Scene) {
    command.args(["-n", "1", "env", "ABLATE_FAULT=panic@*"]);
    let run = scene.command(&["--workers", "1"]);
    command.arg(run.get_program()).args(run.get_args());
}

/// Trials with an attempt of this kind (`json`: it failed, `forgiven`: it does not count).
fn attempts(scene: &Scene, kind: &str) -> Vec<String> {
    let files = fs::read_dir(scene.folder().join("attempts"));
    let names = files.into_iter().flatten().flatten();
    let names = names.filter_map(|file| file.file_name().into_string().ok());
    let of = |name: String| Some(name.strip_suffix(kind)?.split_once('.')?.0.to_owned());
    names.filter_map(of).collect()
}

/// Keeps the good ranks from training until something has happened, however fast they are.
fn hold_the_good(scene: &Scene, count: usize, bad: usize, mut happened: impl FnMut() -> bool) {
    let good = || {
        let good = (0..count).filter(|rank| *rank != bad);
        good.flat_map(|rank| workers_of(scene, rank))
    };
    wait_until("the bad rank fails", || {
        good().for_each(|worker| kill(worker, Signal::STOP));
        happened()
    });
    good().for_each(|worker| kill(worker, Signal::CONT));
}

#[test]
fn a_bad_rank_is_retired_and_the_others_finish_what_it_failed() {
    let calm = long();
    calm.run(&["--workers", "2"], 0);
    for bad in [2, 1, 0] {
        let scene = long();
        let Some(job) = start(&scene, 3, bad) else {
            return;
        };
        hold_the_good(&scene, 3, bad, || attempts(&scene, ".forgiven").len() >= 3);
        let output = job.end();
        expect_code(&output, 0);
        let said = text(&output);
        let wanted = format!("rank {bad} is retired; the others go on");
        assert!(said.contains(&wanted), "{said}");
        let failed = attempts(&scene, ".json");
        assert_eq!(scene.failures(), ["panic"; 3], "rank {bad} is bad: {said}");
        assert_eq!(BTreeSet::from_iter(&failed).len(), 3, "different trials");
        let forgiven = attempts(&scene, ".forgiven");
        assert_eq!(BTreeSet::from_iter(&forgiven), BTreeSet::from_iter(&failed));
        assert_eq!(scene.outcomes(), [Outcome::Completed; 16]);
        assert_eq!(scene.digests(), calm.digests(), "rank {bad} was bad");
        wait_for_nobody(&scene);
    }
}

/// Too few trials to tell that the rank is bad: it gets none that it failed a second time while others train.
#[test]
fn a_bad_rank_at_the_end_of_a_sweep_uses_up_no_trial() {
    let few = || {
        let scene = Scene::slow();
        scene.with_seeds(1);
        scene
    };
    let calm = few();
    calm.run(&["--workers", "1"], 0);
    for bad in [1, 0] {
        let scene = few();
        let Some(job) = start(&scene, 2, bad) else {
            return;
        };
        hold_the_good(&scene, 2, bad, || !attempts(&scene, ".json").is_empty());
        let output = job.end();
        expect_code(&output, 0);
        let failed = attempts(&scene, ".json");
        let different = BTreeSet::from_iter(&failed);
        assert_eq!(different.len(), failed.len(), "{}", text(&output));
        assert_eq!(scene.digests(), calm.digests(), "rank {bad} was bad");
        wait_for_nobody(&scene);
    }
}
