//! Storms: seeded random faults over real runs, and faults at every place, exhaustively.
//!
//! `make storm` runs this (it takes most of an hour); `ABLATE_STORM_SEED` is the first schedule of [`runs`],
//! `ABLATE_STORM_RUNS` sets how many runs it has. `ABLATE_STORM_REPORT` names a file that gets a line of figures of each storm.

#[path = "../bits/mod.rs"]
mod bits;
#[path = "../cluster/mod.rs"]
mod cluster;
#[path = "../common/mod.rs"]
mod common;
#[path = "../damage/mod.rs"]
mod damage;
mod damaged;
mod deluge;
#[path = "../den/mod.rs"]
mod den;
mod every_call;
#[path = "../record/fixture.rs"]
#[allow(dead_code, reason = "the record's tests take the rest")]
mod fixture;
mod flat;
mod hostile;
#[path = "../large/mod.rs"]
mod large;
#[path = "../launch/mod.rs"]
mod launch;
#[path = "../reading/mod.rs"]
mod reading;
mod runs;
#[path = "../scene/mod.rs"]
mod scene;
#[path = "../shim/mod.rs"]
mod shim;
mod smoke;
mod start;
mod ten_thousand;
mod weather;

use std::io::Write as _;

fn number(variable: &str, default: u64) -> u64 {
    let value = std::env::var(variable).ok();
    value.map_or(default, |text| text.parse().expect("a whole number"))
}

/// A line of figures, for whoever reads the summary of `make storm`.
fn report(line: &str) {
    eprintln!("{line}");
    if let Some(path) = std::env::var_os("ABLATE_STORM_REPORT") {
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(path);
        writeln!(file.expect("the file of figures"), "{line}").expect("written");
    }
}
