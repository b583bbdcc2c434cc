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

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// As shown.
    pub text: String,
    /// What to sort by, when it is a number.
    pub number: Option<f64>,
    /// Why the trial ended like this, beside its outcome.
    pub note: String,
}

impl Cell {
    fn text(text: &str) -> Self {
        Self {
            text: label::visible(text).into_owned(),
            number: None,
            note: String::new(),
        }
    }

    /// Five significant digits, or nothing.
    fn number(value: Option<f64>) -> Self {
        let value = value.filter(|value| value.is_finite());
        let rounded = value.map(|value| format!("{value:.4e}").parse::<f64>().unwrap_or(value));
        Self {
            text: rounded.map_or_else(String::new, |value| value.to_string().replace('-', "−")),
            number: rounded,
            note: String::new(),
        }
    }
}

/// Every planned trial: seed, arm, outcome, the metrics with the compared one first, seconds, machine and id.
pub fn of(evidence: &Evidence, comparisons: &Comparisons) -> TrialTable {
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
        let mut cells = vec![
            Cell::text(labels.get(&row.axes[..]).copied().unwrap_or_default()),
            Cell {
                number: Some(row.seed as f64),
                ..Cell::text(&row.seed.to_string())
            },
            Cell {
                note: label::visible(evidence.message(&row.id)).into_owned(),
                ..Cell::text(row.outcome.name())
            },
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
    TrialTable {
        columns: columns
            .map(|name| label::visible(name).into_owned())
            .collect(),
        rows: trials.iter().map(row).collect(),
    }
}
