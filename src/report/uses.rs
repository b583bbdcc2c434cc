//! Evaluations: what becomes of a trained network's metrics when it is used in other ways. Means over seeds, and what a step
//! along an axis of uses changes, by seed; arms are not compared.

mod charts;
mod shifts;

use super::floor;
use super::label;
use super::number::Digits;
use super::stats::Summary;
use crate::outcome::Outcome;
use crate::record::{SweepRecord, TrialRow};
use std::collections::{BTreeMap, BTreeSet};

pub use charts::charts;

/// What the columns of [`Uses`] are.
pub const CAPTION: &str = "Mean ± half of the 95% t-interval over seeds. Δ: paired by seed, with its 95% t-interval, not corrected for their number. Nothing was trained again for this.";

/// Metrics of evaluations as a table of text.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Uses {
    /// The axes' last names, "n", then the metrics; behind the compared one what steps along the axes of uses change.
    pub columns: Vec<String>,
    /// One row an arm and use.
    pub rows: Vec<Vec<String>>,
}

/// One use of one arm's networks, in numbers.
pub(super) struct Use<'a> {
    /// Axis values as JSON text, in the order of the record's evaluation axes.
    pub axes: &'a [String],
    /// How many seeds.
    pub n: usize,
    /// Every metric over the completed evaluations.
    pub metrics: BTreeMap<&'a str, Summary>,
}

/// Every use, in the record's order.
pub(super) fn summaries(record: &SweepRecord) -> Vec<Use<'_>> {
    let names = metrics(record);
    let summaries = |rows: &[&TrialRow]| {
        let metrics = names.iter().map(|name| (*name, summary(rows, name)));
        metrics.filter(|(_, summary)| summary.n > 0).collect()
    };
    let points = points(record).into_iter();
    let uses = points.map(|(axes, rows)| Use {
        axes,
        n: rows.len(),
        metrics: summaries(&rows),
    });
    uses.collect()
}

impl Uses {
    /// The table of all arms.
    pub fn of(record: &SweepRecord) -> Self {
        Self::among(record, |_| true)
    }

    /// The table of these arms, by their axis values; without rows where there are no evaluations.
    pub fn among(record: &SweepRecord, keep: impl Fn(&[String]) -> bool) -> Self {
        let mut points = points(record);
        points.retain(|(point, _)| point.get(..record.axes.len()).is_some_and(&keep));
        if points.is_empty() {
            return Self::default();
        }
        let names = metrics(record);
        let mut columns = columns(record);
        columns.push("n".into());
        let mut rows: Vec<Vec<String>> = points
            .iter()
            .map(|(point, rows)| {
                let values = point.iter().map(|value| shown(value));
                values.chain([rows.len().to_string()]).collect()
            })
            .collect();
        let compared = record.compare.as_ref().map(|compare| &*compare.metric);
        let told = names.iter().copied().find(|name| Some(*name) == compared);
        let told = told.or(names.first().copied());
        for name in names {
            let summaries: Vec<Summary> =
                points.iter().map(|(_, rows)| summary(rows, name)).collect();
            let digits = Digits::of(
                summaries
                    .iter()
                    .filter_map(|it| Some(it.interval?.half_width())),
                summaries.iter().filter_map(|it| it.mean),
            );
            columns.push(label::visible(name).into_owned());
            for (row, summary) in rows.iter_mut().zip(&summaries) {
                row.push(digits.measured(summary));
            }
            if Some(name) != told {
                continue;
            }
            let metric = (name, &*label::visible(name));
            for (heading, cells) in shifts::columns_of(record, &points, metric) {
                columns.push(heading);
                for (row, cell) in rows.iter_mut().zip(cells) {
                    row.push(cell);
                }
            }
        }
        Self { columns, rows }
    }
}

type Point<'a> = (&'a [String], Vec<&'a TrialRow>);

/// Every arm and use with its completed evaluations, in the record's order.
fn points(record: &SweepRecord) -> Vec<Point<'_>> {
    let mut points: Vec<Point> = Vec::new();
    let mut places: BTreeMap<&[String], usize> = BTreeMap::new();
    for row in &record.evaluations {
        let place = *places.entry(&row.axes).or_insert_with(|| {
            points.push((&row.axes, Vec::new()));
            points.len() - 1
        });
        if row.outcome == Outcome::Completed {
            points[place].1.push(row);
        }
    }
    points
}

fn metrics(record: &SweepRecord) -> Vec<&str> {
    let names: BTreeSet<&String> = record
        .evaluations
        .iter()
        .flat_map(|row| row.metrics.keys())
        .collect();
    // A floor is the same whatever the use.
    let names = names
        .into_iter()
        .filter(|name| !name.ends_with(floor::SUFFIX));
    names.map(String::as_str).collect()
}

/// The levels of an axis in the order of the record, those where it does not matter left out.
fn levels<'a>(points: &[Point<'a>], axis: usize) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let values = points.iter().map(|(point, _)| point[axis].as_str());
    values
        .filter(|value| *value != "null" && seen.insert(*value))
        .collect()
}

fn summary(rows: &[&TrialRow], metric: &str) -> Summary {
    let values = rows
        .iter()
        .filter_map(|row| row.metrics.get(metric).copied());
    Summary::of(&values.filter(|value| value.is_finite()).collect::<Vec<_>>())
}

/// The axes of arms and of their uses, by short names.
pub(super) fn columns(record: &SweepRecord) -> Vec<String> {
    let short = |path: &String| {
        let name = match path.rsplit_once('.') {
            Some((before, last)) if last == "at" || last == "mode" => {
                format!("{}.{last}", before.rsplit('.').next().unwrap_or(before))
            }
            Some((_, last)) => last.to_owned(),
            None => path.clone(),
        };
        label::visible(&name).into_owned()
    };
    record.evaluation_axes.iter().map(short).collect()
}

/// A level of such an axis; nothing where it does not matter.
pub(super) fn shown(value: &str) -> String {
    match value {
        "null" => String::new(),
        json => label::value(json),
    }
}
