//! Where a trial is trained changes no result, and ranks leave together.

use crate::job::{long, mpirun, rank_process, ranks, run, start, text, workers_of};
use crate::scene::{Scene, expect_code, kill};
use rustix::process::Signal;
use std::time::Duration;

#[test]
fn results_do_not_depend_on_the_number_of_ranks() {
    let serial = Scene::new();
    serial.run(&["--workers", "1"], 0);
    for count in [2, 3, 7] {
        let scene = Scene::new();
        let Some(output) = run(count, &scene, &["--workers", "1"]) else {
            return;
        };
        expect_code(&output, 0);
        assert_eq!(scene.digests(), serial.digests(), "{count} ranks");
        assert!(text(&output).contains("report.html"), "{}", text(&output));
        // With nothing to do, too: no rank waits for the others.
        let files = scene.files();
        let again = run(count, &scene, &["--workers", "1"]).expect("mpirun");
        expect_code(&again, 0);
        assert!(scene.files() == files, "not a byte changed");
    }
}

/// A rank whose node is busy with something else most of the time.
#[test]
fn a_slow_rank_changes_no_result() {
    let calm = long();
    calm.run(&["--workers", "2"], 0);
    let scene = long();
    let Some(mut job) = start(3, &scene, &["--workers", "1"], None) else {
        return;
    };
    let mut stops = 0;
    while job.is_alive() {
        let slow: Vec<_> = rank_process(&scene, 1)
            .into_iter()
            .chain(workers_of(&scene, 1))
            .collect();
        stops += slow.len();
        for (signal, ms) in [(Signal::STOP, 80), (Signal::CONT, 20)] {
            slow.iter().for_each(|pid| kill(*pid, signal));
            std::thread::sleep(Duration::from_millis(ms));
        }
    }
    expect_code(&job.end(), 0);
    assert!(stops > 1, "it was slow");
    assert_eq!(scene.digests(), calm.digests());
    assert_eq!(scene.failures(), [""; 0]);
}

/// As under a launcher whose `MPI_Finalize` holds nobody back (Slurm 22.05): who still sends must find the others there.
#[test]
fn ranks_leave_together_where_mpi_lets_them_go_alone() {
    for seeds in [1, 4] {
        let scene = Scene::new();
        scene.with_seeds(seeds);
        let Some(mut command) = mpirun() else {
            return;
        };
        command
            .args(["--mca", "async_mpi_finalize", "1", "--timeout", "120"])
            // Over sockets; shared memory would outlive who leaves.
            .args([
                "--mca",
                "btl",
                "self,tcp",
                "--mca",
                "btl_tcp_if_include",
                "lo",
            ]);
        ranks(&mut command, 4, &scene, &["--workers", "1"]);
        for _ in 0..3 {
            let output = command.output().expect("mpirun ends");
            expect_code(&output, 0);
            assert!(!text(&output).contains("WARNING"), "{}", text(&output));
        }
    }
}
