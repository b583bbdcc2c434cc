//! Statistics, tables and pages from a record.
//!
//! - [`stats`], [`verdict`]: pure numbers.
//! - [`compare`], [`baseline`], [`controls`]: trials to arms to paired comparisons.
//! - [`rows`], [`answer`], [`notes`], [`number`], [`label`]: numbers to words; every output shows these same words.
//! - [`table`] (terminal), [`markdown`], [`csv`], [`html`]: the outputs. [`curves`], [`images`] (of [`strip`]s), [`effect`], [`trials`] and
//!   [`changes`] are its parts, [`provenance`] says where the numbers come from.
//! - [`across`]: several records beside each other.
//! - [`evidence`]: what an output may look at. [`output`]: files put in place.
//!
//! The same record gives the same bytes: nothing here reads a clock, a locale or a map without order.

pub mod across;
pub mod answer;
pub mod baseline;
pub mod changes;
pub mod chart;
pub mod compare;
pub mod controls;
pub mod csv;
pub mod curves;
pub mod effect;
pub mod evidence;
pub mod factorial;
pub mod floor;
pub mod html;
pub mod images;
pub mod interactions;
pub mod label;
pub mod markdown;
pub mod notes;
pub mod number;
mod page;
pub mod pareto;
pub mod provenance;
pub mod rows;
pub mod shown;
pub mod stats;
pub mod strip;
pub mod table;
pub mod trials;
mod uses;
pub mod verdict;

use crate::durable;
use crate::error::Result;
use crate::record::{Folder, SweepRecord};
use answer::Answer;
use compare::Comparisons;
use evidence::Evidence;
use factorial::Factorial;
use rows::Rows;
use verdict::Expected;

/// The names of the report's files, in the order in which they are written.
pub const FILES: [&str; 3] = ["report.html", "report.md", "trials.csv"];

/// What the record says, in numbers and in words: made once, shown by every output.
pub struct Findings<'a> {
    /// Arms and comparisons.
    pub comparisons: Comparisons<'a>,
    /// The comparison table.
    pub rows: Rows,
    /// Arms beside their controls.
    pub beside: Vec<controls::Row>,
    /// What each factor of a grid is worth.
    pub factorial: Factorial,
    /// The answer.
    pub answer: Answer,
}

impl<'a> Findings<'a> {
    /// Compares, judges and words. `configs` gives the resolved config of a trial by id where it is known.
    pub fn of(record: &'a SweepRecord, configs: &baseline::Configs) -> Self {
        let compare = record.compare.as_ref();
        let comparisons = Comparisons::of(record, configs);
        let rows = Rows::of(
            &comparisons,
            compare.map_or(Expected::Nothing, Expected::of),
        );
        let answer = Answer::of(&comparisons, &rows, compare);
        let beside = controls::rows(&comparisons, &rows, &record.axes);
        let factorial = Factorial::of(&factorial::design(&comparisons, &record.axes, compare));
        Self {
            comparisons,
            rows,
            beside,
            factorial,
            answer,
        }
    }
}

/// Writes `report.html`, `report.md` and `trials.csv` into the folder.
///
/// # Errors
/// When a file cannot be written or the record is damaged.
pub fn write(folder: &Folder, record: &SweepRecord) -> Result<()> {
    for (name, text) in FILES.iter().zip(pages(&Evidence::load(record)?)?) {
        durable::update(&folder.report(name), text.as_bytes())?;
    }
    Ok(())
}

/// The texts of [`FILES`].
///
/// # Errors
/// Only such as the code rules out.
pub fn pages(evidence: &Evidence) -> Result<[String; 3]> {
    let findings = Findings::of(evidence.record, &|id| evidence.config(id));
    Ok([
        html::text(evidence, &findings)?,
        markdown::text(evidence, &findings),
        csv::text(evidence, &findings.comparisons)?,
    ])
}

/// The comparison table for the terminal.
pub fn terminal_table(record: &SweepRecord) -> String {
    // A detail that cannot be read leaves a table with fewer comparisons; `write` reports the damage.
    let details = record.details().ok();
    let config = |id: &str| {
        let row = record.trials.iter().find(|row| row.id == id)?;
        let detail = evidence::left_details(row).then(|| details.as_ref()?.read(id).ok())??;
        serde_json::from_str(&detail.config).ok()
    };
    table::text(record, &Findings::of(record, &config), None)
}
