//! The table of all trials for the page, with values to sort by.

use super::compare::Comparisons;
use super::evidence::Evidence;
use super::floor;
use super::label;
use super::number;
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
    /// Every planned trial: arm, the value of every axis, seed, outcome, the metrics with the compared one first, what it cost,
    /// machine and id.
    pub fn of(evidence: &Evidence, comparisons: &Comparisons) -> Self {
        let (trials, axes) = (&evidence.record.trials, &evidence.record.axes);
        let metrics: BTreeSet<&str> = trials
            .iter()
            .flat_map(|row| row.metrics.keys())
            .map(String::as_str)
            .collect();
        let mut metrics: Vec<&str> = metrics.into_iter().collect();
        metrics.retain(|name| !is_constant_floor(name, trials));
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
            let label = labels.get(&row.axes[..]).copied().unwrap_or_default();
            let mut cells = vec![Cell::text(label)];
            cells.extend(row.axes.iter().map(|json| axis_value(json)));
            cells.push(Cell::Number(row.seed.to_string(), row.seed as f64));
            cells.push(outcome);
            let of_metric = |name: &&str| Cell::number(row.metrics.get(*name).copied());
            cells.extend(metrics.iter().map(of_metric));
            cells.extend([count(row.params), count(row.macs)]);
            cells.push(Cell::number(
                Some(row.wall_seconds).filter(|_| row.outcome != Outcome::Pending),
            ));
            cells.push(Cell::text(&row.host));
            cells.push(Cell::text(row.id.get(..16).unwrap_or(&row.id)));
            cells
        };
        let visible = |name: &str| label::visible(name).into_owned();
        let own = |names: &[&str]| names.iter().map(|name| visible(name)).collect::<Vec<_>>();
        let axes = (0..axes.len()).map(|axis| label::axis(axes, axis));
        Self {
            columns: [
                own(&["arm"]),
                axes.collect(),
                own(&["seed", "outcome"]),
                own(&metrics),
                own(&["params", "MACs", "seconds", "machine", "trial"]),
            ]
            .concat(),
            rows: trials.iter().map(row).collect(),
        }
    }
}

/// The value of an axis: a number sorts as one, a field without effect is empty.
fn axis_value(json: &str) -> Cell {
    match serde_json::from_str::<serde_json::Number>(json) {
        Ok(number) => Cell::Number(label::value(json), number.as_f64().unwrap_or_default()),
        Err(_) if json == "null" => Cell::text(""),
        Err(_) => Cell::Text(label::value(json)),
    }
}

/// A count; 0 is unknown.
fn count(n: u64) -> Cell {
    match n {
        0 => Cell::text(""),
        n => Cell::Number(number::scaled(n as f64), n as f64),
    }
}

/// Whether a metric is a floor that is the same for all trials: it is told beside the answer.
fn is_constant_floor(name: &str, trials: &[TrialRow]) -> bool {
    let mut values = trials.iter().filter_map(|row| row.metrics.get(name));
    let first = values.next();
    name.ends_with(floor::SUFFIX) && values.all(|value| Some(value) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_axes_sort_as_numbers_and_show_as_they_are_written() {
        assert_eq!(axis_value("1000000.0"), Cell::Number("1e6".into(), 1e6));
        assert_eq!(axis_value("[14,28]"), Cell::Text("[14, 28]".into()));
        assert_eq!(axis_value("null"), Cell::Text(String::new()));
        assert_eq!(count(11_889), Cell::Number("11,889".into(), 11_889.0));
    }

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
