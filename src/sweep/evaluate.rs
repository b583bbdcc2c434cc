//! `evaluate`: settings of how a trained network is used, varied without training it again.

use super::axis::{self, Axis};
use super::diagnose::Diagnostic;
use super::node::{Node, Tree};
use crate::config::{FIELDS, Field};

/// Sections whose settings matter only when a network is used.
const SECTIONS: [&str; 2] = ["generate.", "iterate."];

/// Most evaluations of one trained network.
const MOST: usize = 1000;

/// The fields that can be varied, each with the short name that is allowed here: `passes` for `iterate.passes`.
fn fields() -> impl Iterator<Item = (&'static str, &'static Field)> {
    FIELDS.iter().copied().filter_map(|field| {
        let short = SECTIONS
            .iter()
            .find_map(|section| field.path.strip_prefix(section))?;
        Some((short, field))
    })
}

/// Reads the axes, in written order.
pub fn evaluate(node: &Node, found: &mut Vec<Diagnostic>) -> Vec<Axis> {
    let names = || {
        fields()
            .map(|(short, _)| short)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let Tree::Map(entries) = &node.value else {
        let problem = format!("found {}", node.describe());
        let expected = format!("a mapping of {} to lists", names());
        found.push(Diagnostic::new(node.place, "evaluate", problem, expected));
        return Vec::new();
    };
    let mut axes: Vec<Axis> = Vec::new();
    for (key, values) in entries {
        let path = format!("evaluate.{}", key.name);
        let named =
            fields().find(|(short, field)| [*short, field.path].contains(&key.name.as_str()));
        let Some((_, field)) = named else {
            let problem = match FIELDS.iter().any(|field| field.path == key.name) {
                true => "would need networks of their own, trained with it: an axis of grid",
                false => "there is nothing of that name to evaluate",
            };
            let expected = format!("one of {}", names());
            let near = fields().map(|(short, _)| short);
            found.push(Diagnostic::new(key.place, path, problem, expected).near(&key.name, near));
            continue;
        };
        if axes.iter().any(|axis| axis.fields[0].path == field.path) {
            let problem = format!("{} is varied already", field.path);
            found.push(Diagnostic::new(key.place, path, problem, "each field once"));
            continue;
        }
        let levels = axis::levels(field, values, found);
        axis::refuse_repeats(field, &levels, found);
        axes.push(Axis {
            fields: vec![field],
            place: key.place,
            levels: levels.into_iter().map(|level| vec![level]).collect(),
        });
    }
    let count = axes
        .iter()
        .try_fold(1usize, |all, axis| all.checked_mul(axis.levels.len()));
    if count.is_none_or(|count| count > MOST) {
        let problem = format!("asks for more than {MOST} evaluations of every trained network");
        found.push(Diagnostic::new(
            node.place,
            "evaluate",
            problem,
            "shorter lists",
        ));
        return Vec::new();
    }
    axes
}
