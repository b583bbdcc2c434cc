//! Evaluations: what becomes of a trained network's metrics when it is used in other ways. Means over seeds; nothing is compared.

use super::label;
use crate::outcome::Outcome;
use crate::record::{SweepRecord, TrialRow};
use std::collections::{BTreeMap, BTreeSet};

/// Metrics of evaluations as a table of text.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Uses {
    /// The axes' last names, "n", then the metrics.
    pub columns: Vec<String>,
    /// One row an arm and use.
    pub rows: Vec<Vec<String>>,
}

impl Uses {
    /// The table; without rows where there are no evaluations.
    pub fn of(record: &SweepRecord) -> Self {
        let mut names: BTreeSet<&String> = BTreeSet::new();
        let mut points: Vec<&[String]> = Vec::new();
        let mut of: BTreeMap<&[String], Vec<&TrialRow>> = BTreeMap::new();
        for row in &record.evaluations {
            names.extend(row.metrics.keys());
            let rows = of.entry(&row.axes).or_insert_with(|| {
                points.push(&row.axes);
                Vec::new()
            });
            if row.outcome == Outcome::Completed {
                rows.push(row);
            }
        }
        if points.is_empty() {
            return Self::default();
        }
        let mut columns = columns(record);
        columns.push("n".into());
        columns.extend(names.iter().map(|name| (*name).clone()));
        let row = |point: &&[String]| {
            let rows = &of[point];
            let mean = |name: &&String| {
                let values = rows.iter().filter_map(|row| row.metrics.get(*name));
                let values: Vec<f64> = values.copied().collect();
                match values.len() {
                    0 => String::new(),
                    n => format!("{:.4}", values.iter().sum::<f64>() / n as f64),
                }
            };
            let mut cells: Vec<String> = point.iter().map(|value| shown(value)).collect();
            cells.push(rows.len().to_string());
            cells.extend(names.iter().map(mean));
            cells
        };
        Self {
            columns,
            rows: points.iter().map(row).collect(),
        }
    }
}

/// The axes of arms and of their uses, by short names.
pub(super) fn columns(record: &SweepRecord) -> Vec<String> {
    let short = |path: &String| match path.rsplit_once('.') {
        Some((before, last)) if last == "at" || last == "mode" => {
            format!("{}.{last}", before.rsplit('.').next().unwrap_or(before))
        }
        Some((_, last)) => last.to_owned(),
        None => path.clone(),
    };
    record.evaluation_axes.iter().map(short).collect()
}

/// A level of such an axis; nothing where it does not matter.
pub(super) fn shown(value: &str) -> String {
    match value {
        "null" => String::new(),
        text => label::visible(text.trim_matches('"')).into(),
    }
}
