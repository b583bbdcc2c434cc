//! `ablate cancel`.

use crate::stage::{Stage, expect};

#[test]
fn what_slurm_still_knows_is_cancelled_follow_ups_first() {
    let stage = Stage::new();
    stage.sent(&["--jobs", "2", "--cores", "1"]);
    stage.tell(
        "known",
        "55 RUNNING\n101 RUNNING\n102 COMPLETING\n103 PENDING\n",
    );
    let said = expect(&stage.ablate(&["cancel", "results/tiny"]), 0);
    assert_eq!(stage.told("scancel.log"), "103\n101\n");
    assert!(said.contains("cancelled 103\ncancelled 101\n"), "{said}");
    let said = expect(&stage.ablate(&["cancel", "results/tiny/submitted/1"]), 0);
    assert!(said.contains("no Slurm job of"), "{said}");
    assert_eq!(stage.told("scancel.log"), "103\n101\n");
}

#[test]
fn a_state_that_nobody_knows_is_a_job_all_the_same() {
    let stage = Stage::new();
    stage.sent(&[]);
    stage.tell("known", "101 QUANTUM_SUPERPOSED\n");
    expect(&stage.ablate(&["cancel", "results/tiny"]), 0);
    assert_eq!(stage.told("scancel.log"), "101\n");
}

#[test]
fn a_sweep_that_was_never_submitted_has_nothing_to_cancel() {
    let stage = Stage::new();
    std::fs::create_dir_all(stage.folder()).expect("made");
    expect(&stage.ablate(&["cancel", "results/tiny"]), 0);
    let said = expect(&stage.ablate(&["cancel", "results/tony"]), 2);
    assert!(said.contains("there is no folder"), "{said}");
}
