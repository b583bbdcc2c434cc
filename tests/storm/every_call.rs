//! Rows 2 and 15 of the promises, exhaustively: a fault at every single call to the file system of a small sweep.
//! `ABLATE_STORM_FAULT` (as it is printed: `kill`, `ENOSPC`, `ENOSPC for good`, …) and `ABLATE_STORM_CALL` replay one.

use crate::shim::{Fault, Tiny};
use rustix::io::Errno;

const FAULTS: [Fault; 8] = [
    Fault::Kill,
    Fault::Error(Errno::NOSPC),
    Fault::Lasting(Errno::NOSPC),
    Fault::Error(Errno::IO),
    Fault::Error(Errno::ACCESS),
    Fault::Error(Errno::ROFS),
    Fault::Error(Errno::MFILE),
    Fault::Error(Errno::DQUOT),
];

#[test]
fn a_fault_at_any_call_to_the_file_system_costs_no_result() {
    let tiny = Tiny::new();
    let mut violations = Vec::new();
    let only = std::env::var("ABLATE_STORM_FAULT").ok();
    let call = std::env::var("ABLATE_STORM_CALL").ok();
    let call: Option<u32> = call.map(|text| text.parse().expect("a whole number"));
    for fault in FAULTS {
        if only.as_ref().is_some_and(|name| *name != fault.to_string()) {
            continue;
        }
        let seen = tiny
            .visit(fault, |at| call.is_none_or(|only| only == at))
            .expect("a C compiler, cc");
        crate::report(&format!(
            "{fault} at any call: {} calls, {} faults, ends {:?}, {} violations",
            seen.calls,
            seen.faults,
            seen.ends,
            seen.violations.len()
        ));
        seen.violations
            .iter()
            .for_each(|what| eprintln!("  {what}"));
        violations.extend(seen.violations);
    }
    assert!(
        violations.is_empty(),
        "{} violations, above",
        violations.len()
    );
}
