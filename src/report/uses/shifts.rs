//! What a step along an axis of `evaluate:` changes: by seed, against the first level of the axis.

use super::{Point, columns, levels, shown};
use crate::record::{SweepRecord, TrialRow};
use crate::report::number::Digits;
use crate::report::stats::{Paired, Summary};
use std::collections::BTreeMap;

/// A column of the table for every such axis that varies: its heading, and a cell for every point. `metric` as it is told.
pub fn columns_of(
    record: &SweepRecord,
    points: &[Point],
    metric: (&str, &str),
) -> Vec<(String, Vec<String>)> {
    let own = record.axes.len();
    let mut arms: BTreeMap<&[String], Vec<&Point>> = BTreeMap::new();
    for point in points {
        arms.entry(&point.0[..own]).or_default().push(point);
    }
    let axes = (own..record.evaluation_axes.len()).map(|axis| (axis, levels(points, axis)));
    let column = |(axis, levels): (usize, Vec<&str>)| {
        let name = &columns(record)[axis];
        let heading = format!("Δ {} against {name} {}", metric.1, shown(levels[0]));
        let of = |point: &Point| {
            shift(
                &arms[&point.0[..own]],
                point,
                own,
                (axis, levels[0]),
                metric.0,
            )
        };
        (heading, words(&points.iter().map(of).collect::<Vec<_>>()))
    };
    let varied = axes.filter(|(_, levels)| levels.len() > 1);
    varied.map(column).collect()
}

/// The difference of a use to that of the same arm at the first level of an axis, over the seeds that both have.
fn shift(
    uses: &[&Point],
    (point, rows): &Point,
    own: usize,
    (axis, first): (usize, &str),
    metric: &str,
) -> Summary {
    // Where another axis does not matter at the first level (`rule` after one pass), any of its levels is compared with that.
    let others = |other: &[String]| {
        let same = |at: usize| other[at] == point[at] || other[at] == "null";
        (own..point.len()).all(|at| at == axis || same(at))
    };
    let is_reference = |other: &&&Point| other.0[axis] == first && others(other.0);
    let is_level = point[axis] != "null" && point[axis] != first;
    let reference = uses.iter().find(is_reference).filter(|_| is_level);
    let reference = by_seed(reference.map_or(&[][..], |(_, rows)| rows), metric);
    let differences = by_seed(rows, metric)
        .into_iter()
        .filter_map(|(seed, value)| Some(value - reference.get(&seed)?));
    Paired::of(&differences.collect::<Vec<_>>()).summary
}

fn by_seed(rows: &[&TrialRow], metric: &str) -> BTreeMap<u64, f64> {
    let values = rows
        .iter()
        .filter_map(|row| Some((row.seed, *row.metrics.get(metric)?)));
    values.filter(|(_, value)| value.is_finite()).collect()
}

/// `−0.012 [−0.015, −0.009]`; nothing without a pair.
fn words(shifts: &[Summary]) -> Vec<String> {
    let halves = shifts
        .iter()
        .filter_map(|it| Some(it.interval?.half_width()));
    let digits = Digits::of(halves, shifts.iter().filter_map(|it| it.mean));
    let cell = |shift: &Summary| {
        let interval = shift.interval.map(|ends| digits.interval(ends));
        let mean = shift.mean.map(|mean| digits.signed(mean));
        let parts: Vec<String> = mean.into_iter().chain(interval).collect();
        parts.join(" ")
    };
    shifts.iter().map(cell).collect()
}
