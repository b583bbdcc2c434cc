//! Statistics, tables and pages from a record.
//!
//! - [`stats`], [`verdict`]: pure numbers.
//! - [`compare`], [`baseline`], [`controls`]: trials to arms to paired comparisons.
//! - [`rows`], [`answer`], [`notes`], [`number`], [`label`]: numbers to words; every output shows these same words.
//! - [`table`] (terminal), [`markdown`], [`csv`], [`html`], [`latex`], [`json`], [`figures`]: the outputs. [`curves`],
//!   [`images`], [`effect`], [`trials`] and [`changes`] are their parts, [`provenance`] says where the numbers come from.
//! - [`evidence`]: what an output may look at. [`output`]: which files there are, and how they are put in place.
//!
//! The same record gives the same bytes: nothing here reads a clock, a locale or a map without order.

pub mod answer;
pub mod baseline;
pub mod changes;
pub mod compare;
pub mod controls;
pub mod csv;
pub mod curves;
pub mod effect;
pub mod evidence;
pub mod figures;
pub mod html;
pub mod images;
pub mod json;
pub mod label;
pub mod latex;
pub mod markdown;
pub mod notes;
pub mod number;
pub mod output;
pub mod provenance;
pub mod rows;
pub mod stats;
pub mod table;
pub mod trials;
mod uses;
pub mod verdict;

pub use output::{Format, files, write};

use crate::record::SweepRecord;
use answer::Answer;
use compare::Comparisons;
use rows::Rows;
use verdict::Expected;

/// What the record says, in numbers and in words: made once, shown by every output.
pub struct Findings<'a> {
    /// Arms and comparisons.
    pub comparisons: Comparisons<'a>,
    /// The comparison table.
    pub rows: Rows,
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
        let mut answer = Answer::of(&comparisons, &rows, compare);
        let beside = controls::note(&comparisons, &rows, &record.axes);
        answer.notes.extend(beside);
        Self {
            comparisons,
            rows,
            answer,
        }
    }
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
