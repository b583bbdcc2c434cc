//! Running a sweep again does nothing that was done (promise 12): once, twenty times, beside a run that is just ending.

mod scene;

use ablate::outcome::Outcome;
use rustix::process::Signal;
use scene::{Scene, expect_code};
use std::time::{Duration, Instant};

#[test]
fn a_finished_sweep_run_twenty_times_changes_not_a_byte() {
    let scene = Scene::new();
    let first = scene.run(&["--workers", "2"], 0);
    let files = scene.files();
    let mut took = Vec::new();
    for time in 1..=20 {
        let began = Instant::now();
        let again = scene.run(&["--workers", "2"], 0);
        took.push(began.elapsed());
        assert_eq!(again.stdout, first.stdout, "time {time}");
        assert!(scene.files() == files, "time {time} changed something");
    }
    // The promise is 2 s for each; half of them may be held up by what else this machine does.
    took.sort();
    assert!(took[10] < Duration::from_secs(2), "{took:?}");
}

/// As when a job is requeued, or when somebody is impatient.
#[test]
fn a_run_beside_its_dying_predecessor_finishes_what_that_leaves() {
    let calm = Scene::slow();
    calm.run(&["--workers", "2"], 0);
    let scene = Scene::slow();
    let mut dying = scene.start(&["--workers", "2"], 2);
    dying.signal(Signal::TERM);
    let heir = scene.launch(&["--workers", "2"]);
    expect_code(&dying.end(), 75);
    expect_code(&heir.end(), 0);
    assert_eq!(scene.outcomes(), [Outcome::Completed; 4]);
    assert_eq!(scene.digests(), calm.digests());
    assert_eq!(scene.failures(), [""; 0]);
    let files = scene.files();
    scene.run(&["--workers", "2"], 0);
    assert!(scene.files() == files, "nothing was left to do");
}
