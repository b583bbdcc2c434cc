//! Statistics, tables and pages from a record.
//!
//! - [`stats`], [`verdict`]: pure numbers.
//! - [`compare`], [`baseline`], [`controls`]: trials to arms to paired comparisons.
//! - [`rows`], [`answer`], [`notes`], [`number`], [`label`]: numbers to words; every output shows these same words.
//! - [`table`] (terminal), [`markdown`], [`csv`], [`html`], [`latex`], [`json`], [`figures`]: the outputs. [`factorial`],
//!   [`floor`], [`curves`], [`interactions`], [`pareto`], [`images`] (of [`picture_rows`] and [`strip`]s), [`effect`], [`chart`],
//!   [`trials`], [`packing`] and [`changes`] are their parts, [`shown`] says which of many arms, [`provenance`] where the numbers come from.
//! - [`across`]: several records beside each other.
//! - [`evidence`]: what an output may look at. [`output`]: which files there are, and how they are put in place.
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
pub mod figures;
pub mod floor;
pub mod html;
pub mod images;
pub mod interactions;
pub mod json;
pub mod label;
pub mod latex;
pub mod markdown;
pub mod notes;
pub mod number;
pub mod output;
pub mod packing;
mod page;
pub mod pareto;
pub mod picture_rows;
pub mod png;
pub mod provenance;
pub mod rows;
pub mod shown;
pub mod stats;
pub mod strip;
pub mod table;
pub mod trials;
mod uses;
pub mod verdict;

pub use output::{Format, Written, files, write};

use crate::record::SweepRecord;
use answer::Answer;
use compare::Comparisons;
use factorial::Factorial;
use rows::Rows;
use verdict::Expected;

/// What the record says, in numbers and in words: made once, shown by every output.
pub struct Findings<'a> {
    /// Arms and comparisons.
    pub comparisons: Comparisons<'a>,
    /// The comparison table.
    pub rows: Rows,
    /// Arms beside their controls.
    pub beside: Vec<controls::Beside>,
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
        let mut answer = Answer::of(&comparisons, &rows, compare);
        answer.notes.extend(provenance::quick_note(record));
        let beside = controls::of(&comparisons, &record.axes);
        let found = controls::note(&beside, &comparisons.metric, rows.difference_digits);
        answer.notes.extend(found);
        if !record.evaluations.is_empty() {
            answer.notes.push(
                "This compares the networks as they were trained; what becomes of them in other uses is told below, not compared.".into(),
            );
        }
        let factorial = Factorial::of(&factorial::design(&comparisons, &record.axes, compare));
        Self {
            comparisons,
            rows,
            beside,
            factorial,
            answer,
        }
    }

    /// Arms beside their controls in words.
    fn beside_rows(&self, record: &SweepRecord) -> Vec<controls::Row> {
        controls::rows(
            &self.beside,
            &self.comparisons,
            &record.axes,
            self.rows.difference_digits,
        )
    }
}
