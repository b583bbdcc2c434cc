//! Charts of metrics over the ways in which trained networks are used.

use super::{Point, columns, levels, metrics, points, shown as level, summary};
use crate::record::SweepRecord;
use crate::report::chart::{Chart, Line};
use crate::report::figures::Look;
use crate::report::label;
use crate::report::shown::Shown;
use crate::report::stats::Summary;
use std::collections::{BTreeMap, BTreeSet};

/// At most so many lines in a chart.
const LINES: usize = 24;

/// At most so many charts.
const CHARTS: usize = 60;

/// The values of the axes of one line: of its arm, then of its use without the axis of the chart.
type Key = Vec<String>;

/// A chart of every metric over every axis of `evaluate:` that varies, of the arms that are drawn; the compared metric first.
/// `looks`: of arms by their axis values.
pub fn charts(
    record: &SweepRecord,
    shown: &Shown,
    looks: &BTreeMap<&[String], Look>,
) -> Vec<Chart> {
    let own = record.axes.len();
    let mut points = points(record);
    let is_drawn = |arm: &[String]| shown.drawn.contains(arm);
    points.retain(|(point, _)| point.get(..own).is_some_and(is_drawn));
    let mut names = metrics(record);
    let compared = record.compare.as_ref();
    let compared = compared.map(|compare| compare.metric.as_str());
    names.sort_by_key(|name| Some(*name) != compared);
    let count = record.evaluation_axes.len();
    let varied = (own..count).filter(|axis| levels(&points, *axis).len() > 1);
    let of = Of {
        record,
        shown,
        looks,
        points: &points,
    };
    let charts = names
        .iter()
        .flat_map(|name| varied.clone().map(|axis| of.chart(axis, name)));
    charts.take(CHARTS).collect()
}

/// What charts are made of.
struct Of<'a> {
    record: &'a SweepRecord,
    shown: &'a Shown<'a>,
    looks: &'a BTreeMap<&'a [String], Look>,
    points: &'a [Point<'a>],
}

impl Of<'_> {
    fn chart(&self, axis: usize, metric: &str) -> Chart {
        let places = levels(self.points, axis);
        let all = self.lines(axis, &places, metric);
        let kept = self.kept(&all);
        let left_out = all.len() - kept.len();
        // Uses are told apart by marks: their first line decides which.
        let own = self.record.axes.len();
        let mut uses: Vec<&[String]> = Vec::new();
        for (key, _) in &kept {
            if !uses.contains(&&key[own..]) {
                uses.push(&key[own..]);
            }
        }
        let line = |(key, values): &&(Key, Vec<Summary>)| {
            let arm = &key[..own];
            let look = self.looks.get(arm).copied();
            let look = look.unwrap_or_else(|| Look::level(0));
            Line {
                mark: uses.iter().position(|it| *it == &key[own..]).unwrap_or(0),
                first: kept.len() <= LINES / 2 || self.shown.first.contains(arm),
                ..Line::of(self.label(key, axis, &all), look, values.iter())
            }
        };
        let metric = label::visible(metric);
        let x = &columns(self.record)[axis];
        Chart {
            name: format!("{metric} over {x}"),
            x: x.clone(),
            lines: kept.iter().map(line).collect(),
            y: metric.into_owned(),
            places: places.iter().map(|place| level(place)).collect(),
            left_out,
        }
    }

    /// All lines with their values at the places.
    fn lines(&self, axis: usize, places: &[&str], metric: &str) -> Vec<(Key, Vec<Summary>)> {
        let without = |point: &[String]| -> Key {
            let others = point.iter().enumerate().filter(|(at, _)| *at != axis);
            others.map(|(_, value)| value.clone()).collect()
        };
        let mut keys: Vec<Key> = Vec::new();
        for (point, _) in self.points {
            let key = without(point);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        // Where another axis does not matter (`rule` after one pass), the point belongs to the lines of all its levels.
        let covers =
            |a: &[String], b: &[String]| a.iter().zip(b).all(|(a, b)| a == "null" || a == b);
        let written_out =
            |key: &&Key| !keys.iter().any(|other| other != *key && covers(key, other));
        let mut lines: Vec<(Key, Vec<Summary>)> = keys
            .iter()
            .filter(written_out)
            .map(|key| (key.clone(), vec![Summary::of(&[]); places.len()]))
            .collect();
        for (point, rows) in self.points {
            let key = without(point);
            let Some(place) = places.iter().position(|place| *place == point[axis]) else {
                continue;
            };
            for (_, values) in lines.iter_mut().filter(|(line, _)| covers(&key, line)) {
                values[place] = summary(rows, metric);
            }
        }
        lines.retain(|(_, values)| values.iter().any(|value| value.mean.is_some()));
        lines
    }

    /// Those that are drawn: of each arm all lines or none, for they are there to be compared.
    fn kept<'b>(&self, lines: &'b [(Key, Vec<Summary>)]) -> Vec<&'b (Key, Vec<Summary>)> {
        let own = self.record.axes.len();
        let arms: BTreeSet<&[String]> = lines.iter().map(|(key, _)| &key[..own]).collect();
        let of_each = lines.len().div_ceil(arms.len().max(1)).max(1);
        let chosen = self
            .shown
            .choose((LINES / of_each).max(1), |arm| arms.contains(arm));
        let kept = lines.iter().filter(|(key, _)| chosen.contains(&key[..own]));
        kept.collect()
    }

    /// The arm, and what of its use varies: `skip.at [14] · rule plain`.
    fn label(&self, key: &Key, axis: usize, lines: &[(Key, Vec<Summary>)]) -> String {
        let own = self.record.axes.len();
        let names = columns(self.record);
        let names: Vec<&String> = (own..names.len())
            .filter(|at| *at != axis)
            .map(|at| &names[at])
            .collect();
        let varied = |at: &usize| lines.iter().any(|(other, _)| other[*at] != key[*at]);
        let used = (own..key.len()).filter(|at| varied(at) && key[*at] != "null");
        let used = used.map(|at| format!("{} {}", names[at - own], level(&key[at])));
        let arm = label::arm(&self.record.axes, &key[..own]);
        std::iter::once(arm)
            .chain(used)
            .collect::<Vec<_>>()
            .join(" · ")
    }
}
