//! The table of all trials for the page, with values to sort by.

use super::compare::Comparisons;
use super::evidence::Evidence;
use super::label;
use crate::outcome::Outcome;
use crate::record::TrialRow;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrialTable {
    /// Headings.
    pub columns: Vec<String>,
    /// Cells, row by row.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell, as the script reads it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// As shown.
    Text(String),
    /// As shown, and what to sort by.
    Number(String, f64),
    /// As shown, and why the trial ended like this.
    Noted {
        /// As shown.
        text: String,
        /// The reason.
        note: String,
    },
}

impl Cell {
    fn text(text: &str) -> Self {
        Self::Text(label::visible(text).into_owned())
    }

    /// Five significant digits, or nothing.
    fn number(value: Option<f64>) -> Self {
        match value.filter(|value| value.is_finite()) {
            Some(value) => Self::Number(five_digits(value), value),
            None => Self::Text(String::new()),
        }
    }
}

fn five_digits(value: f64) -> String {
    let size = if value == 0.0 {
        0.0
    } else {
        value.abs().log10().floor()
    };
    let text = match size as i32 {
        size @ -4..=4 => format!("{value:.*}", usize::try_from(4 - size).unwrap_or(0)),
        5..=14 => format!("{value:.0}"),
        _ => format!("{value:.4e}"),
    };
    text.replace('-', "−")
}

impl TrialTable {
    /// Every planned trial: arm, seed, outcome, the metrics with the compared one first, seconds, machine and id.
    pub fn of(evidence: &Evidence, comparisons: &Comparisons) -> Self {
        let trials = &evidence.record.trials;
        let metrics: BTreeSet<&str> = trials
            .iter()
            .flat_map(|row| row.metrics.keys())
            .map(String::as_str)
            .collect();
        let mut metrics: Vec<&str> = metrics.into_iter().collect();
        metrics.sort_by_key(|name| *name != comparisons.metric);
        let arms = comparisons.arms.iter();
        let labels: BTreeMap<&[String], &str> =
            arms.map(|arm| (arm.axes, arm.label.as_str())).collect();
        let row = |row: &TrialRow| {
            let outcome = match evidence.message(&row.id) {
                "" => Cell::text(row.outcome.name()),
                note => Cell::Noted {
                    text: row.outcome.name().into(),
                    note: label::visible(note).into_owned(),
                },
            };
            let mut cells = vec![
                Cell::text(labels.get(&row.axes[..]).copied().unwrap_or_default()),
                Cell::Number(row.seed.to_string(), row.seed as f64),
                outcome,
            ];
            let of_metric = |name: &&str| Cell::number(row.metrics.get(*name).copied());
            cells.extend(metrics.iter().map(of_metric));
            cells.push(Cell::number(
                Some(row.wall_seconds).filter(|_| row.outcome != Outcome::Pending),
            ));
            cells.push(Cell::text(&row.host));
            cells.push(Cell::text(row.id.get(..16).unwrap_or(&row.id)));
            cells
        };
        let columns = ["arm", "seed", "outcome"].into_iter();
        let columns = columns
            .chain(metrics.iter().copied())
            .chain(["seconds", "machine", "trial"]);
        Self {
            columns: columns
                .map(|name| label::visible(name).into_owned())
                .collect(),
            rows: trials.iter().map(row).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_five_digits() {
        let shown = [0.1677, 19.93842, -0.5, 123456.7, 1.5e-9, 0.0].map(five_digits);
        assert_eq!(
            shown,
            [
                "0.16770",
                "19.938",
                "−0.50000",
                "123457",
                "1.5000e−9",
                "0.0000"
            ]
        );
    }
}
