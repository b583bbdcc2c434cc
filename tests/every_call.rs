//! Rows 2 and 15 of the promises at a few calls to the file system; `make storm` visits every one (tests/storm/every_call.rs).

mod common;
mod scene;
mod shim;

use ablate::seed::Key;
use rustix::io::Errno;
use shim::{Fault, Loss, Tiny};
use std::collections::BTreeSet;

/// So many different calls out of `calls`.
fn some(calls: u32, how_many: usize, seed: &str) -> BTreeSet<u32> {
    let mut dice = Key::new(7, seed).stream();
    let mut chosen = BTreeSet::new();
    while chosen.len() < how_many {
        chosen.insert(1 + dice.below(u64::from(calls)) as u32);
    }
    chosen
}

fn visit(tiny: &Tiny, fault: Fault, how_many: usize) {
    let calls = match tiny.calls(fault) {
        Ok(calls) => calls,
        Err(missing) => return common::skip("faults at calls to the file system", &missing),
    };
    assert!(calls > 20, "{fault}: only {calls} calls are seen");
    let chosen = some(calls, how_many, &fault.to_string());
    let seen = tiny
        .visit(fault, |at| chosen.contains(&at))
        .expect("compiled");
    assert!(seen.violations.is_empty(), "{}", seen.violations.join("\n"));
    assert!(seen.faults > 0, "{seen:?}");
}

#[test]
fn a_death_at_any_call_leaves_the_old_state_or_the_new_one() {
    visit(&Tiny::new(), Fault::Kill, 12);
}

#[test]
fn a_death_while_trials_are_used_or_packed_costs_no_result() {
    visit(&Tiny::with_uses(), Fault::Kill, 3);
    let mut packing = Tiny::packing();
    packing.only = Some(("unlink", "/trials/"));
    visit(&packing, Fault::Power(Loss::Unsynced), 1);
}

#[test]
fn a_loss_of_power_at_any_call_takes_nothing_that_was_told_to_be_done() {
    let tiny = Tiny::new();
    visit(&tiny, Fault::Power(Loss::Unsynced), 8);
    visit(&tiny, Fault::Power(Loss::Contents), 4);
}

/// A save is reported when it is on disk; the next one begins after that. (The test of the test: without synced folders it is gone.)
#[test]
fn a_loss_of_power_leaves_the_checkpoint_that_was_reported_last() {
    let mut tiny = Tiny::new();
    tiny.only = Some(("open", "/.step-"));
    for (loss, expected) in [(Loss::Unsynced, true), (Loss::Folders, false)] {
        let saves = match tiny.calls(Fault::Power(loss)) {
            Ok(saves) => saves,
            Err(missing) => return common::skip("a loss of power", &missing),
        };
        let some = (1..=saves).step_by(4);
        let kept = some.filter_map(|at| tiny.keeps_the_save_before(loss, at).expect("compiled"));
        let kept: Vec<bool> = kept.collect();
        assert!(kept.len() > 1, "{saves} saves");
        assert!(
            kept.iter().all(|kept| *kept == expected),
            "{loss:?}: {kept:?}"
        );
    }
}

/// The test of the test: a program that forgets to sync folders is found out.
#[test]
fn a_loss_of_power_without_synced_folders_is_noticed() {
    let tiny = Tiny::new();
    let fault = Fault::Power(Loss::Folders);
    let calls = match tiny.calls(fault) {
        Ok(calls) => calls,
        Err(missing) => return common::skip("a loss of power", &missing),
    };
    let seen = tiny.visit(fault, |at| at == calls - 8).expect("compiled");
    let lost = |what: &&String| what.contains("was told to be done, and is lost");
    assert_eq!(seen.violations.iter().filter(lost).count(), 2, "{seen:?}");
}

#[test]
fn an_error_at_any_call_is_told_and_costs_no_result() {
    let tiny = Tiny::new();
    for errno in [
        Errno::NOSPC,
        Errno::IO,
        Errno::ACCESS,
        Errno::ROFS,
        Errno::MFILE,
        Errno::DQUOT,
    ] {
        visit(&tiny, Fault::Error(errno), 2);
    }
    visit(&tiny, Fault::Lasting(Errno::NOSPC), 2);
}

/// HDF5 makes a file and writes into it with one call, and asked again the system says only that it is there.
#[test]
fn a_full_disk_while_hdf5_makes_a_file_is_called_that() {
    let mut tiny = Tiny::new();
    tiny.only = Some(("pwrite", "/.sweep.h5."));
    let seen = match tiny.visit(Fault::Error(Errno::NOSPC), |at| at == 1) {
        Ok(seen) => seen,
        Err(missing) => return common::skip("a full disk under HDF5", &missing),
    };
    assert_eq!((seen.faults, seen.violations), (1, Vec::new()));
}
