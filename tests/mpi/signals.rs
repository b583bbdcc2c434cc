//! Signals to mpirun reach every rank.

use crate::job::{run, start, text};
use crate::scene::{Scene, expect_code, wait_until};
use ablate::outcome::Outcome;
use rustix::process::Signal;

#[test]
fn a_signal_reaches_every_rank_and_the_same_command_goes_on() {
    // mpirun passes TERM on only after `odls_base_sigkill_timeout`, 5 s here: the sweep must outlast that on any machine.
    let longer = || {
        let scene = Scene::new();
        scene.write("[[], [14]]", 60);
        scene.with_seeds(4);
        scene
    };
    let calm = longer();
    calm.run(&["--workers", "2"], 0);
    for signal in [Signal::USR1, Signal::TERM] {
        let scene = longer();
        let Some(mut job) = start(2, &scene, &["--workers", "1"], None) else {
            return;
        };
        wait_until("two ranks train", || scene.begun() >= 2);
        job.signal(signal);
        let said = text(&job.end());
        assert!(said.contains("everything is saved"), "{said}");
        let left = scene
            .outcomes()
            .into_iter()
            .filter(|o| *o == Outcome::Interrupted);
        assert!(left.count() >= 1, "{said}");
        expect_code(&run(3, &scene, &["--workers", "1"]).expect("mpirun"), 0);
        assert_eq!(scene.digests(), calm.digests());
    }
}
