//! Axes: the lists and ranges of `grid`, and the groups of `zip` whose lists move together.

use super::assign::{Assignment, leaves};
use super::diagnose::{Diagnostic, Place};
use super::node::{Node, Tree};
use super::range;
use crate::config::Field;
use std::collections::HashMap;

/// One direction of the grid.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The fields that it varies: one, or those of a zip group.
    pub fields: Vec<&'static Field>,
    /// Where it is written.
    pub place: Place,
    /// One entry a level; in it one value for each field.
    pub levels: Vec<Vec<Assignment>>,
}

/// The axes of `grid`, in written order.
pub fn grid(node: &Node, found: &mut Vec<Diagnostic>) -> Vec<Axis> {
    let mut axes = Vec::new();
    for (field, key, node) in leaves(node, "grid", found) {
        let levels = levels(field, node, found);
        refuse_repeats(field, &levels, found);
        axes.push(Axis {
            fields: vec![field],
            place: key.place,
            levels: levels.into_iter().map(|level| vec![level]).collect(),
        });
    }
    axes
}

/// The axes of `zip`, one for each group.
pub fn zip(node: &Node, found: &mut Vec<Diagnostic>) -> Vec<Axis> {
    let Tree::List(groups) = &node.value else {
        let problem = format!("found {}", node.describe());
        let expected = "a list of groups, each a mapping of fields to lists of equal length";
        found.push(Diagnostic::new(node.place, "zip", problem, expected));
        return Vec::new();
    };
    groups
        .iter()
        .filter_map(|group| zip_group(group, found))
        .collect()
}

fn zip_group(group: &Node, found: &mut Vec<Diagnostic>) -> Option<Axis> {
    let columns: Vec<_> = leaves(group, "zip", found)
        .into_iter()
        .map(|(field, key, node)| (field, key, levels(field, node, found)))
        .collect();
    let length = columns.first()?.2.len();
    for (field, key, column) in &columns {
        if column.len() != length && !column.is_empty() {
            let problem = format!("has {} values", column.len());
            let expected = format!("{length} values, as many as {}", columns[0].0.path);
            found.push(Diagnostic::new(key.place, field.path, problem, expected));
        }
    }
    if columns.iter().any(|(_, _, column)| column.len() != length) {
        return None;
    }
    let (fields, mut columns): (Vec<_>, Vec<_>) = columns
        .into_iter()
        .map(|(field, _, column)| (field, column.into_iter()))
        .unzip();
    let levels = (0..length)
        .map(|_| columns.iter_mut().filter_map(Iterator::next).collect())
        .collect();
    Some(Axis {
        fields,
        place: group.place,
        levels,
    })
}

/// The values of a list or range. Complains about none.
pub(super) fn levels(
    field: &'static Field,
    node: &Node,
    found: &mut Vec<Diagnostic>,
) -> Vec<Assignment> {
    let expected = "a list of values, { from, to, step } or { log: { from, to, count } }";
    match &node.value {
        Tree::List(items) if items.is_empty() => {
            let problem = "the axis has no values";
            found.push(Diagnostic::new(
                node.place,
                field.path,
                problem,
                "at least one value",
            ));
            Vec::new()
        }
        Tree::List(items) => {
            let mut out = Vec::with_capacity(items.len());
            for item in items {
                match Assignment::read(field, item) {
                    Ok(assignment) => out.push(assignment),
                    Err(diagnostic) => found.push(*diagnostic),
                }
            }
            out
        }
        Tree::Map(_) => range::values(field, node, found),
        Tree::Scalar(_) => {
            let problem = format!("found {}", node.describe());
            found.push(Diagnostic::new(node.place, field.path, problem, expected));
            Vec::new()
        }
    }
}

pub(super) fn refuse_repeats(field: &Field, levels: &[Assignment], found: &mut Vec<Diagnostic>) {
    let mut seen = HashMap::new();
    for level in levels {
        if let Some(first) = seen.insert(&level.text, level.place) {
            let problem = format!("the value {} is on line {} already", level.text, first.line);
            found.push(Diagnostic::new(
                level.place,
                field.path,
                problem,
                "every value once",
            ));
        }
    }
}

/// A field can vary in one direction only.
pub fn refuse_shared_fields<'a>(
    axes: impl IntoIterator<Item = &'a Axis>,
    found: &mut Vec<Diagnostic>,
) {
    let mut seen = HashMap::new();
    for axis in axes {
        for field in &axis.fields {
            if let Some(first) = seen.insert(field.path, axis.place) {
                let problem = format!("is an axis on line {} already", first.line);
                found.push(Diagnostic::new(
                    axis.place,
                    field.path,
                    problem,
                    "every field on one axis",
                ));
            }
        }
    }
}
