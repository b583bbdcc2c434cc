//! `ablate slurm follow-up`: the chain goes on while it is of use.

use crate::stage::{Stage, expect};
use std::process::Output;

/// The follow-up with this number begins.
fn begins(stage: &Stage, id: &str) -> Output {
    let mut command = stage.command(env!("CARGO_BIN_EXE_ablate"));
    let command = command.args(["slurm", "follow-up", "results/tiny/submitted/1"]);
    command.env("SLURM_JOB_ID", id).output().expect("started")
}

fn submitted() -> Stage {
    let stage = Stage::new();
    let arguments = ["--profile", "local", "--partition", "gpu", "--", "--qos=x"];
    expect(&stage.submit(&arguments), 0);
    stage
}

#[test]
fn a_follow_up_sends_the_next_which_waits_for_it() {
    let stage = submitted();
    expect(&begins(&stage, "102"), 0);
    let log = stage.told("sbatch.log");
    let last = log.lines().last().expect("a line");
    assert!(
        last.starts_with("--parsable|--dependency=afterany:102|--qos=x|"),
        "{last}"
    );
    assert!(last.ends_with("/submitted/1/follow-up.sbatch"), "{last}");
    let jobs = stage.jobs();
    assert_eq!(jobs["jobs"][2]["id"], "103");
    assert_eq!(jobs["jobs"][2]["kind"], "follow-up");
    assert_eq!(jobs["jobs"][2]["sent_by"], "102");
    // Started again by Slurm: it has sent one.
    expect(&begins(&stage, "102"), 0);
    assert_eq!(stage.told("sbatch.log"), log);
}

#[test]
fn two_follow_ups_that_finish_no_trial_are_the_last() {
    let stage = submitted();
    expect(&begins(&stage, "102"), 0);
    expect(&begins(&stage, "103"), 0);
    let sent = stage.told("sbatch.log");
    let said = expect(&begins(&stage, "104"), 75);
    assert!(
        said.contains("two follow-ups in a row finished no trial"),
        "{said}"
    );
    assert_eq!(stage.told("sbatch.log"), sent);
}

#[test]
fn trials_that_were_finished_keep_the_chain_going() {
    let stage = submitted();
    expect(&begins(&stage, "102"), 0);
    expect(&begins(&stage, "103"), 0);
    let run = stage.ablate(&["run", "tiny.yaml", "--results", "results", "--workers", "1"]);
    expect(&run, 0);
    expect(&begins(&stage, "104"), 0);
    assert_eq!(stage.jobs()["jobs"][4]["id"], "105");
}

#[test]
fn a_follow_up_that_cannot_send_another_says_so_and_goes_on() {
    let stage = submitted();
    stage.tell("refuse", "3");
    let said = expect(&begins(&stage, "102"), 0);
    assert!(
        said.contains("no follow-up goes on after this job"),
        "{said}"
    );
}

#[test]
fn outside_of_a_job_it_does_nothing() {
    let stage = submitted();
    for id in ["", "x", "1;2", "$(touch CANARY)"] {
        expect(&begins(&stage, id), 2);
    }
    assert_eq!(stage.told("sbatch.log").lines().count(), 2);
}
