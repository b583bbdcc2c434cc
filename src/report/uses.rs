//! Evaluations: what becomes of a trained network's metrics when it is used in other ways. Means over seeds; nothing is compared.

use super::chart::{Chart, Line};
use super::floor;
use super::label;
use super::number::Digits;
use super::shown::{Shown, spread};
use super::stats::Summary;
use crate::outcome::Outcome;
use crate::record::{SweepRecord, TrialRow};
use std::collections::{BTreeMap, BTreeSet};

/// At most so many lines in a chart.
const LINES: usize = 24;

/// At most so many charts.
const CHARTS: usize = 60;

/// Metrics of evaluations as a table of text.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Uses {
    /// The axes' last names, "n", then the metrics.
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
        columns.extend(names.iter().map(|name| label::visible(name).into_owned()));
        let mut rows: Vec<Vec<String>> = points
            .iter()
            .map(|(point, rows)| {
                let values = point.iter().map(|value| shown(value));
                values.chain([rows.len().to_string()]).collect()
            })
            .collect();
        for name in names {
            let summaries: Vec<Summary> =
                points.iter().map(|(_, rows)| summary(rows, name)).collect();
            let digits = Digits::of(
                summaries
                    .iter()
                    .filter_map(|it| Some(it.interval?.half_width())),
                summaries.iter().filter_map(|it| it.mean),
            );
            for (row, summary) in rows.iter_mut().zip(&summaries) {
                row.push(digits.measured(summary));
            }
        }
        Self { columns, rows }
    }
}

/// A chart of every metric over every axis of `evaluate:` that varies, of the arms that are drawn; the compared metric first.
pub fn charts(record: &SweepRecord, shown: &Shown) -> Vec<Chart> {
    let mut points = points(record);
    let arm = |point: &[String]| {
        point
            .get(..record.axes.len())
            .is_some_and(|arm| shown.drawn.contains(arm))
    };
    points.retain(|(point, _)| arm(point));
    let axes = columns(record);
    let mut names = metrics(record);
    let compared = record
        .compare
        .as_ref()
        .map(|compare| compare.metric.as_str());
    names.sort_by_key(|name| Some(*name) != compared);
    let varied = (record.axes.len()..axes.len()).filter(|axis| levels(&points, *axis).len() > 1);
    let charts = names
        .iter()
        .flat_map(|name| varied.clone().map(|axis| chart(&points, &axes, axis, name)));
    charts.take(CHARTS).collect()
}

type Point<'a> = (&'a [String], Vec<&'a TrialRow>);

fn chart(points: &[Point], axes: &[String], axis: usize, metric: &str) -> Chart {
    let places = levels(points, axis);
    let without = |point: &'_ Point<'_>| -> Vec<String> {
        let others = point.0.iter().enumerate().filter(|(at, _)| *at != axis);
        others.map(|(_, value)| value.clone()).collect()
    };
    let mut keys: Vec<Vec<String>> = Vec::new();
    for point in points {
        let key = without(point);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    // Where another axis does not matter (`rule` after one pass), the point belongs to the lines of all its levels.
    let covers = |a: &[String], b: &[String]| a.iter().zip(b).all(|(a, b)| a == "null" || a == b);
    let written_out =
        |key: &&Vec<String>| !keys.iter().any(|other| other != *key && covers(key, other));
    let mut lines: Vec<(Vec<String>, Vec<Summary>)> = keys
        .iter()
        .filter(written_out)
        .map(|key| (key.clone(), vec![Summary::of(&[]); places.len()]))
        .collect();
    for point in points {
        let key = without(point);
        let Some(place) = places.iter().position(|place| *place == point.0[axis]) else {
            continue;
        };
        for (_, values) in lines.iter_mut().filter(|(line, _)| covers(&key, line)) {
            values[place] = summary(&point.1, metric);
        }
    }
    lines.retain(|(_, values)| values.iter().any(|value| value.mean.is_some()));
    let names: Vec<&String> = (0..axes.len())
        .filter(|at| *at != axis)
        .map(|at| &axes[at])
        .collect();
    let label = |values: &[String]| {
        let varied = |at: &usize| lines.iter().any(|(other, _)| other[*at] != values[*at]);
        let parts = (0..values.len()).filter(|at| varied(at) && values[*at] != "null");
        let parts: Vec<String> = parts
            .map(|at| format!("{} {}", names[at], shown(&values[at])))
            .collect();
        if parts.is_empty() {
            "every trial".into()
        } else {
            parts.join(" · ")
        }
    };
    let kept = spread(lines.len(), LINES).enumerate();
    let metric = label::visible(metric);
    Chart {
        name: format!("{metric} over {}", axes[axis]),
        x: axes[axis].clone(),
        lines: kept
            .map(|(number, at)| Line::of(label(&lines[at].0), number, lines[at].1.iter()))
            .collect(),
        y: metric.into_owned(),
        places: places.iter().map(|place| shown(place)).collect(),
        left_out: lines.len().saturating_sub(LINES),
    }
}

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
