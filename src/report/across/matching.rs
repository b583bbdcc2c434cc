//! Which points of two sweeps are the same point.
//!
//! Every field that is an axis in one of them counts. Where it is an axis in both, the values must be equal; where it is an
//! axis in one, the other's value stands in its resolved configs. When none of the axis's values is the other's (a
//! batch normalisation swept in one sweep, and none in the other), the axis cannot tell which points belong together: then it is a
//! *free* axis, all its points are matched with the one point of the other sweep, and what differs is said.

use super::differs::enumerated;
use super::side::Side;
use crate::record::schema::{CONTROL, NO_CONTROL};
use crate::report::compare::Arm;
use crate::report::label;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// An arm of a sweep with the config of its trials, where one is known.
pub struct Point<'a> {
    /// Its trials and values.
    pub arm: &'a Arm<'a>,
    /// Resolved config of the first trial that left one.
    pub config: Option<Map<String, Value>>,
}

/// The points of a sweep, in the order of the plan.
pub struct Points<'a> {
    /// Paths of its axes.
    pub axes: &'a [String],
    /// One for each arm.
    pub points: Vec<Point<'a>>,
}

impl<'a> Points<'a> {
    /// Takes the arms of a sweep.
    pub fn of(side: &Side, axes: &'a [String], arms: &'a [Arm<'a>]) -> Self {
        let config = |arm: &Arm| arm.trials.iter().find_map(|row| side.config(&row.id));
        let point = |arm| Point {
            arm,
            config: config(arm),
        };
        Self {
            axes,
            points: arms.iter().map(point).collect(),
        }
    }

    /// The value of a field at a point, as JSON text; `None` when it is not known.
    fn text(&self, point: &Point, path: &str) -> Option<String> {
        let axis = self.axes.iter().position(|axis| axis == path);
        match (
            axis.and_then(|axis| point.arm.axes.get(axis)),
            &point.config,
        ) {
            (None, _) if path == CONTROL => Some(NO_CONTROL.into()),
            (None, None) => None,
            // An axis without effect at this point is in its config no more than one that is not there.
            (Some(_), Some(config)) if path != CONTROL && !config.contains_key(path) => {
                Some(Value::Null.to_string())
            }
            (Some(json), _) => Some(json.clone()),
            (None, Some(config)) => {
                Some(recorded(config, path).unwrap_or_else(|| Value::Null.to_string()))
            }
        }
    }

    /// As [`text`](Self::text), the same for equal values.
    fn value(&self, point: &Point, path: &str) -> Option<String> {
        self.text(point, path).map(|json| same_text(&json))
    }

    /// The values of a field at all points where they are known.
    fn values(&self, path: &str) -> BTreeSet<String> {
        let points = self.points.iter();
        points.filter_map(|point| self.value(point, path)).collect()
    }
}

/// The value of a field in a resolved config as an axis records it, as JSON text: a part that is left out is null there and
/// `"none"` here. `None` where the config does not have the field.
pub fn recorded(config: &Map<String, Value>, path: &str) -> Option<String> {
    Some(match config.get(path)? {
        Value::Null => Value::from("none").to_string(),
        value => value.to_string(),
    })
}

/// JSON text that is the same for equal values: `1` and `1.0`, whatever the spaces.
fn same_text(json: &str) -> String {
    fn same(value: Value) -> Value {
        match value {
            Value::Number(number) => number.as_f64().map_or(Value::Number(number), Value::from),
            Value::Array(items) => items.into_iter().map(same).collect(),
            other => other,
        }
    }
    serde_json::from_str(json).map_or_else(|_| json.into(), |value| same(value).to_string())
}

/// The points of two sweeps that belong together. Nothing is dropped: every point is in a pair or alone.
pub struct Matching {
    /// Axes whose values are equal in every pair.
    pub by: Vec<String>,
    /// Axes of one sweep that do not count, because the other has none of their values.
    pub free: Vec<String>,
    /// Positions in the reference and in the other sweep.
    pub pairs: Vec<(usize, usize)>,
    /// Positions of points that only one of them has: the reference, the other.
    pub alone: [Vec<usize>; 2],
    /// Where no pair was found, axes of which the two have no value in common.
    pub apart: Vec<Apart>,
}

/// An axis of which two sweeps have no value in common.
pub struct Apart {
    /// Its path.
    pub axis: String,
    /// What the reference and the other have, in words.
    pub values: [String; 2],
}

impl Matching {
    /// Matches the points of the reference with those of the other sweep.
    pub fn of(reference: &Points, other: &Points) -> Self {
        let extra = other
            .axes
            .iter()
            .filter(|axis| !reference.axes.contains(axis));
        let axes: Vec<&String> = reference.axes.iter().chain(extra).collect();
        let is_free = |axis: &String| {
            let one = reference.axes.contains(axis) != other.axes.contains(axis);
            let [ours, theirs] = [reference, other].map(|points| points.values(axis));
            one && !ours.is_empty() && !theirs.is_empty() && ours.is_disjoint(&theirs)
        };
        let (mut free, mut by): (Vec<&String>, Vec<&String>) =
            axes.into_iter().partition(|axis| is_free(axis));
        // Free axes on both sides would match everything with everything.
        if free.iter().any(|axis| reference.axes.contains(axis))
            && free.iter().any(|axis| other.axes.contains(axis))
        {
            by.append(&mut free);
        }
        let pairs = pairs(&keys(reference, &by), &keys(other, &by));
        let [ours, theirs]: [BTreeSet<usize>; 2] = [
            pairs.iter().map(|pair| pair.0).collect(),
            pairs.iter().map(|pair| pair.1).collect(),
        ];
        let alone = |points: &Points, paired: BTreeSet<usize>| {
            let all = 0..points.points.len();
            all.filter(|index| !paired.contains(index)).collect()
        };
        let apart = match pairs.as_slice() {
            [] => by
                .iter()
                .filter_map(|axis| apart(axis, reference, other))
                .collect(),
            _ => Vec::new(),
        };
        Self {
            apart,
            by: by.into_iter().cloned().collect(),
            free: free.into_iter().cloned().collect(),
            alone: [alone(reference, ours), alone(other, theirs)],
            pairs,
        }
    }

    /// What a pair is called: its values of the axes; of a free one `norm batch → none`.
    pub fn label(&self, reference: (&Points, &Point), other: (&Points, &Point)) -> String {
        let text = |(points, point): (&Points, &Point), axis| points.text(point, axis);
        let null = || Value::Null.to_string();
        let equal = self.by.iter().map(|axis| {
            let known = text(reference, axis).or_else(|| text(other, axis));
            known.unwrap_or_else(null)
        });
        let free = self.free.iter().map(|axis| {
            let sides = [reference, other].map(|side| text(side, axis).unwrap_or_else(null));
            let [from, to] = sides.map(|json| label::value(&json));
            Value::String(format!("{from} → {to}")).to_string()
        });
        let values: Vec<String> = equal.chain(free).collect();
        label::arm(&[self.by.clone(), self.free.clone()].concat(), &values)
    }
}

fn apart(axis: &str, reference: &Points, other: &Points) -> Option<Apart> {
    let values = [reference, other].map(|points| points.values(axis));
    let shown = |points: &Points| {
        let mut seen = BTreeSet::new();
        let texts = points.points.iter().filter_map(|p| points.text(p, axis));
        let words =
            texts
                .filter(|text| seen.insert(text.clone()))
                .map(|text| match text.as_str() {
                    "null" => "without effect".into(),
                    json => label::value(json),
                });
        match enumerated(words.collect()).as_str() {
            "" => "not known yet".into(),
            words => words.to_owned(),
        }
    };
    values[0].is_disjoint(&values[1]).then(|| Apart {
        axis: axis.into(),
        values: [shown(reference), shown(other)],
    })
}

/// What points that belong together have in common; `None` where something of it is not known.
fn keys(points: &Points, by: &[&String]) -> Vec<Option<Vec<String>>> {
    let constant: Vec<Option<String>> = by
        .iter()
        .map(|axis| {
            let mut values = points.values(axis).into_iter();
            let only = values.next();
            only.filter(|_| values.next().is_none())
        })
        .collect();
    let key = |point| {
        let axes = by.iter().zip(&constant);
        axes.map(|(axis, constant)| points.value(point, axis).or_else(|| constant.clone()))
            .collect()
    };
    points.points.iter().map(key).collect()
}

/// Pairs of positions with equal keys: one with many, or one by one in order where a key comes more than once on both sides
/// (no record of ours has that).
fn pairs(reference: &[Option<Vec<String>>], other: &[Option<Vec<String>>]) -> Vec<(usize, usize)> {
    let mut groups: BTreeMap<&Vec<String>, [Vec<usize>; 2]> = BTreeMap::new();
    for (side, keys) in [reference, other].into_iter().enumerate() {
        for (index, key) in keys.iter().enumerate() {
            if let Some(key) = key {
                groups.entry(key).or_default()[side].push(index);
            }
        }
    }
    let mut pairs: Vec<(usize, usize)> = groups
        .values()
        .flat_map(|[ours, theirs]| -> Vec<(usize, usize)> {
            match (ours.as_slice(), theirs.as_slice()) {
                (ours, [one]) => ours.iter().map(|index| (*index, *one)).collect(),
                ([one], theirs) => theirs.iter().map(|index| (*one, *index)).collect(),
                (ours, theirs) => ours.iter().copied().zip(theirs.iter().copied()).collect(),
            }
        })
        .collect();
    pairs.sort_unstable();
    pairs
}
