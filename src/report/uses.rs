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

/// One use of one arm's networks, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Use<'a> {
    /// Axis values as JSON text, in the order of the record's evaluation axes.
    pub axes: &'a [String],
    /// How many seeds.
    pub n: usize,
    /// The mean of every metric that a completed evaluation has.
    pub means: BTreeMap<&'a str, f64>,
}

/// Every use, in the record's order.
pub(super) fn means(record: &SweepRecord) -> Vec<Use<'_>> {
    let mut points: Vec<&[String]> = Vec::new();
    let mut of: BTreeMap<&[String], Vec<&TrialRow>> = BTreeMap::new();
    for row in &record.evaluations {
        let rows = of.entry(&row.axes).or_insert_with(|| {
            points.push(&row.axes);
            Vec::new()
        });
        if row.outcome == Outcome::Completed {
            rows.push(row);
        }
    }
    let used = |axes: &'_ [String]| {
        let rows = &of[axes];
        let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (name, value) in rows.iter().flat_map(|row| &row.metrics) {
            values.entry(name).or_default().push(*value);
        }
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        let means = values
            .into_iter()
            .map(|(name, values)| (name, mean(values)));
        (rows.len(), means.collect())
    };
    let point = |axes| {
        let (n, means) = used(axes);
        Use { axes, n, means }
    };
    points.into_iter().map(point).collect()
}

impl Uses {
    /// The table; without rows where there are no evaluations.
    pub fn of(record: &SweepRecord) -> Self {
        if record.evaluations.is_empty() {
            return Self::default();
        }
        let names = record.evaluations.iter().flat_map(|row| row.metrics.keys());
        let names: BTreeSet<&str> = names.map(String::as_str).collect();
        let mut columns = columns(record);
        columns.push("n".into());
        columns.extend(names.iter().map(|name| (*name).to_owned()));
        let row = |used: Use| {
            let mean = |name: &&str| match used.means.get(name) {
                Some(mean) => format!("{mean:.4}"),
                None => String::new(),
            };
            let mut cells: Vec<String> = used.axes.iter().map(|value| shown(value)).collect();
            cells.push(used.n.to_string());
            cells.extend(names.iter().map(mean));
            cells
        };
        Self {
            columns,
            rows: means(record).into_iter().map(row).collect(),
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
