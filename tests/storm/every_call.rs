//! Rows 2 and 15 of the promises, exhaustively: a fault at every single call to the file system of a small sweep.
//! `ABLATE_STORM_FAULT` (as it is printed: `kill`, `ENOSPC`, `ENOSPC for good`, …) and `ABLATE_STORM_CALL` replay one.

use crate::shim::{Fault, Loss, Tiny};
use rustix::io::Errno;

/// For work whose writes are those of the plain sweep, otherwise mixed.
const FEW: [Fault; 3] = [
    Fault::Kill,
    Fault::Power(Loss::Unsynced),
    Fault::Error(Errno::NOSPC),
];

const FAULTS: [Fault; 13] = [
    Fault::Kill,
    Fault::Power(Loss::Unsynced),
    Fault::Power(Loss::Contents),
    Fault::Error(Errno::NOSPC),
    Fault::Lasting(Errno::NOSPC),
    Fault::Error(Errno::IO),
    Fault::Error(Errno::ACCESS),
    Fault::Error(Errno::ROFS),
    Fault::Error(Errno::MFILE),
    Fault::Error(Errno::DQUOT),
    Fault::Lasting(Errno::IO),
    Fault::Lasting(Errno::ROFS),
    Fault::Lasting(Errno::DQUOT),
];

/// All faults that are asked for, at the calls that `choose` takes.
fn visit(tiny: &Tiny, work: &str, faults: &[Fault], choose: impl Fn(u32) -> bool + Sync) {
    let only = std::env::var("ABLATE_STORM_FAULT").ok();
    let call = std::env::var("ABLATE_STORM_CALL").ok();
    let call: Option<u32> = call.map(|text| text.parse().expect("a whole number"));
    let wanted = |fault: &Fault| only.as_ref().is_none_or(|name| *name == fault.to_string());
    assert!(
        faults.iter().any(wanted),
        "ABLATE_STORM_FAULT is none of {work}"
    );
    let mut violations = 0;
    for fault in faults.iter().filter(|fault| wanted(fault)) {
        let seen = tiny
            .visit(*fault, |at| {
                call.map_or_else(|| choose(at), |only| only == at)
            })
            .expect("a C compiler, cc");
        crate::report(&format!(
            "{fault} at any call of {work}: {} calls, {} faults, ends {:?}, {} violations",
            seen.calls,
            seen.faults,
            seen.ends,
            seen.violations.len()
        ));
        let wrong = seen.violations.iter();
        wrong.for_each(|what| eprintln!("  {what}"));
        violations += seen.violations.len();
        assert!(seen.faults > 0, "{fault} did not happen: {seen:?}");
    }
    assert!(violations == 0, "{violations} violations, above");
}

#[test]
fn a_fault_at_any_call_to_the_file_system_costs_no_result() {
    visit(&Tiny::new(), "a sweep", &FAULTS, |_| true);
}

#[test]
fn a_fault_at_any_call_of_a_sweep_with_uses_costs_no_result() {
    visit(&Tiny::with_uses(), "a sweep with uses", &FEW, |_| true);
}

/// Ten thousand calls, most of which read one of many trials: of those that are alike some are visited.
#[test]
fn a_fault_at_any_call_of_a_packer_costs_no_result() {
    let mut tiny = Tiny::packing();
    // Removing needs no room.
    let (all, but_for_room) = (&FEW[..], &FEW[..2]);
    for (only, step, faults) in [
        (Some(("link", "")), 1, all),
        (Some(("fsync", "")), 1, all),
        (Some(("rename", "")), 1, all),
        (Some(("write", "")), 1, all),
        (Some(("unlink", "/trials/")), 32, but_for_room),
        (Some(("pwrite", "")), 199, all),
        (None, 499, all),
    ] {
        tiny.only = only;
        let work = format!("packing, every {step} of {only:?}");
        visit(&tiny, &work, faults, |at| at % step == 0);
    }
}
