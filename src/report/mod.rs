//! Statistics, tables and pages from a record.

use crate::error::{Error, Result};
use crate::record::{Folder, SweepRecord};

/// Writes `report.html`, `report.md` and `trials.csv` beside the record.
///
/// # Errors
/// When a file cannot be written or the record is damaged.
pub fn write(folder: &Folder, record: &SweepRecord) -> Result<()> {
    let _ = (folder, record);
    Err(Error::Internal("not built yet".into()))
}

/// The comparison table for the terminal.
pub fn terminal_table(record: &SweepRecord) -> String {
    let _ = record;
    String::new()
}
