//! The end of a run: the report, and what the terminal shows.

use super::sweeping::Sweeping;
use crate::error::{Error, ExitCode, Result};
use crate::fanout::queue::{ATTEMPTS, Queue};
use crate::plan::Plan;
use crate::record::{self, Folder, SweepRecord};
use crate::report;
use std::io::{Write as _, stdout};

/// Writes the report, and gives its table for the terminal, from `sweep.h5`; one that turns out damaged is set aside and merged anew first.
///
/// # Errors
/// When the file system or HDF5 refuses, or a trial is damaged.
pub fn write(sweeping: &Sweeping<'_>, queue: &Queue) -> Result<String> {
    let folder = sweeping.folder;
    let read = || {
        let record = SweepRecord::open(&folder.sweep_h5())?;
        Ok(report::write(folder, &record, &report::Format::ALL)?.table)
    };
    match read() {
        Err(damage @ (Error::Record { .. } | Error::Hdf5 { .. })) => {
            record::set_aside(folder, &damage)?;
            sweeping.merge(queue)?;
            read()
        }
        other => other,
    }
}

/// Shows the answer, and what was given up.
pub fn tell(table: &str, plan: &Plan, folder: &Folder, queue: &Queue) -> ExitCode {
    let page = folder.report("report.html");
    // All is written: a reader that left early (`| head`) is no failure.
    let _ = writeln!(stdout(), "{table}\nreport: {}", page.display());
    if queue.quarantined() == 0 {
        return ExitCode::Done;
    }
    tell!(
        "{} of {} trials failed {ATTEMPTS} times each and were given up; see {}\n  next: --retry-quarantined tries them again",
        queue.quarantined(),
        plan.len(),
        folder.attempts().display()
    );
    ExitCode::TrialsFailed
}
