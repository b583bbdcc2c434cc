//! Row 10 of the promises: a file system that stalls. A worker that waits for it is watched. Nobody watches a supervisor: it waits as long as
//! the file system lets it, and blames no worker for what it did not hear meanwhile.

mod common;
mod scene;
mod shim;

use scene::{Scene, expect_code};
use shim::{Fault, Shim};

/// Runs the small sweep with a call that takes so many seconds longer; what it said. `None`: this machine cannot do that.
fn run(scene: &Scene, call: (&str, &str, u32), seconds: u32, hang_after: &str) -> Option<String> {
    let options = ["--workers", "2", "--checkpoint-every", "0"];
    let mut command = scene.command(&[&options[..], &["--hang-after", hang_after]].concat());
    let shim = Shim::arm_at(&mut command, &scene.folder(), call, Fault::Stall(seconds));
    let shim = match shim {
        Ok(shim) => shim,
        Err(missing) => {
            common::skip("a file system that stalls", &missing);
            return None;
        }
    };
    let output = command.output().expect("started");
    expect_code(&output, 0);
    assert_eq!(shim.seen().faults, 1, "nothing stalled");
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}

fn assert_right(scene: &Scene) {
    let calm = Scene::new();
    calm.run(&["--workers", "1"], 0);
    assert_eq!(scene.digests(), calm.digests());
}

const CHECKPOINT: (&str, &str, u32) = ("open", ".ckpt", 1);

#[test]
fn a_worker_that_a_file_system_stalls_is_noticed_killed_and_replaced() {
    let scene = Scene::new();
    // Longer than any test may take: only a kill ends it.
    let Some(said) = run(&scene, CHECKPOINT, 36_000, "8") else {
        return;
    };
    assert!(said.contains("was silent for"), "{said}");
    assert_eq!(scene.failures(), ["hang"]);
    assert_right(&scene);
}

#[test]
fn a_stall_that_ends_in_time_is_nobodys_failure() {
    let scene = Scene::new();
    let Some(said) = run(&scene, CHECKPOINT, 1, "600") else {
        return;
    };
    assert!(!said.contains("silent"), "{said}");
    assert_eq!(scene.failures(), [""; 0]);
    assert_right(&scene);
}

#[test]
fn a_supervisor_that_a_file_system_stalls_blames_no_worker() {
    let scene = Scene::new();
    // The claim of a third trial: one of two workers trains meanwhile, and speaks to nobody who listens.
    let Some(said) = run(&scene, ("link", "/claims/", 3), 12, "8") else {
        return;
    };
    assert!(!said.contains("silent"), "{said}");
    assert_eq!(scene.failures(), [""; 0]);
    assert_right(&scene);
}
