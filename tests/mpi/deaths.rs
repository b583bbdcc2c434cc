//! A rank that dies, panics or hangs ends its job soon, and the same command goes on.

use crate::job::{SOON, long, rank_process, run, start, text, wait_for_nobody};
use crate::scene::{Scene, binary, expect_code, kill, wait_until};
use rustix::process::Signal;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

#[test]
fn a_killed_rank_ends_the_job_and_the_same_command_goes_on() {
    let calm = long();
    calm.run(&["--workers", "2"], 0);
    for victim in [0, 1] {
        let scene = long();
        let Some(job) = start(3, &scene, &["--workers", "1"], None) else {
            return;
        };
        wait_until("something is done and ranks train", || {
            scene.committed() >= 1 && scene.begun() >= 2
        });
        let pid = rank_process(&scene, victim).expect("a rank");
        kill(pid, Signal::KILL);
        let began = Instant::now();
        let output = job.end();
        assert!(began.elapsed() < SOON, "rank {victim}: {}", text(&output));
        // As a shell says it: 128 and the signal.
        assert_eq!(output.status.code(), Some(137), "{}", text(&output));
        wait_for_nobody(&scene);
        finish(&scene, &calm);
    }
}

/// The same command: it repeats only what was in flight, and what was committed before stays as it is.
fn finish(scene: &Scene, calm: &Scene) {
    assert_eq!(standing(scene), Some(75), "more to do");
    let results = || {
        let files = scene.files().into_iter();
        let trials = scene.folder().join("trials");
        let visible = |path: &Path| path.extension().is_some_and(|e| e == "h5");
        let results = files.filter(|(path, _)| path.parent() == Some(&trials) && visible(path));
        results.collect::<Vec<_>>()
    };
    let before = results();
    let again = run(2, scene, &["--workers", "1"]).expect("mpirun");
    expect_code(&again, 0);
    let said = text(&again);
    let trained = said.lines().filter(|line| line.contains(": test.bce "));
    assert_eq!(trained.count(), 16 - before.len(), "{said}");
    let now = results();
    assert!(before.iter().all(|file| now.contains(file)), "{said}");
    assert_eq!(scene.digests(), calm.digests());
    assert_eq!(scene.failures(), [""; 0], "a dead rank blames no trial");
    assert_eq!(standing(scene), Some(0));
}

/// What `ablate status --exit-code` says of a sweep: mpirun's own exit code tells nothing of it.
fn standing(scene: &Scene) -> Option<i32> {
    let mut status = Command::new(binary());
    status
        .arg("status")
        .arg(scene.folder())
        .arg("--exit-code")
        .stdout(Stdio::null());
    status.status().expect("started").code()
}

#[test]
fn a_killed_mpirun_takes_its_ranks_along_and_the_same_command_goes_on() {
    let calm = long();
    calm.run(&["--workers", "2"], 0);
    let scene = long();
    let Some(mut job) = start(3, &scene, &["--workers", "1"], None) else {
        return;
    };
    wait_until("something is done and ranks train", || {
        scene.committed() >= 1 && scene.begun() >= 2
    });
    job.signal(Signal::KILL);
    let began = Instant::now();
    assert_eq!(job.end().status.code(), None);
    wait_for_nobody(&scene);
    assert!(began.elapsed() < SOON);
    finish(&scene, &calm);
}

#[test]
fn a_panic_of_any_rank_ends_the_job() {
    let calm = Scene::new();
    calm.run(&[], 0);
    for victim in [0, 1] {
        let scene = Scene::new();
        let fault = format!("panic@rank{victim}");
        let Some(job) = start(2, &scene, &["--workers", "1"], Some(&fault)) else {
            return;
        };
        let began = Instant::now();
        let output = job.end();
        assert!(began.elapsed() < SOON);
        let said = text(&output);
        assert!(said.contains("ABLATE_FAULT asks for a panic"), "{said}");
        // 70, a bug; or 6 where another rank was quicker to say that this one is gone.
        let code = output.status.code();
        assert!(matches!(code, Some(70 | 6)), "{code:?}: {said}");
        expect_code(&run(2, &scene, &["--workers", "1"]).expect("mpirun"), 0);
        assert_eq!(scene.digests(), calm.digests());
        assert_eq!(scene.failures(), [""; 0], "a dead rank blames no trial");
    }
}

#[test]
fn a_rank_that_hangs_ends_the_job() {
    let calm = long();
    calm.run(&["--workers", "2"], 0);
    for victim in [0, 1] {
        let scene = long();
        let arguments = ["--workers", "1", "--hang-after", "4"];
        let Some(job) = start(2, &scene, &arguments, None) else {
            return;
        };
        wait_until("two ranks train", || scene.begun() >= 2);
        let pid = rank_process(&scene, victim).expect("a rank");
        kill(pid, Signal::STOP);
        let output = job.end();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(6), "{said}");
        let wanted = format!("rank {victim} has said nothing for");
        assert!(said.contains(&wanted), "{said}");
        wait_for_nobody(&scene);
        finish(&scene, &calm);
    }
}
