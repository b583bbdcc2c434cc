//! The quick form of a sweep: fewer seeds, images and epochs, in a folder of its own. It shows that a sweep runs, and answers
//! nothing.

use super::assign::{Entries, assignments};
use super::axis::{self, Axis};
use super::diagnose::Diagnostic;
use super::node::{Node, Tree};
use super::{Sweep, draws, evaluate};
use serde_json::Value;

/// Which form of a sweep is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As written.
    Full,
    /// As written, with what `quick` says in place of the rest.
    Quick,
}

/// The line that makes a sweep file mean its quick form: added to what is kept, so that whoever reads it later means the same.
const LINE: &str = "form: quick";

/// What `quick` can replace.
const KEYS: [&str; 4] = ["base", "grid", "evaluate", "seeds"];

/// The text that means this form of the sweep.
pub(super) fn text_of(form: Form, text: &str) -> String {
    if form != Form::Quick {
        return text.to_owned();
    }
    // In place of a line that says which form, if there is one.
    let lines = text
        .trim_end()
        .lines()
        .filter(|line| !line.starts_with("form:"));
    let lines: Vec<_> = lines.chain([LINE, ""]).collect();
    lines.join("\n")
}

/// The form that a file means by its key `form`.
pub(super) fn form(node: Option<&Node>, found: &mut Vec<Diagnostic>) -> Form {
    let Some(node) = node else {
        return Form::Full;
    };
    match &node.value {
        Tree::Scalar(Value::String(word)) if word == "full" => Form::Full,
        Tree::Scalar(Value::String(word)) if word == "quick" => Form::Quick,
        _ => {
            let problem = format!("found {}", node.describe());
            found.push(Diagnostic::new(
                node.place,
                "form",
                problem,
                "full or quick",
            ));
            Form::Full
        }
    }
}

/// Replaces what `quick` names. It is checked in the full form too, so that it is right when it is needed.
pub(super) fn apply(sweep: &mut Sweep, form: Form, node: &Node, found: &mut Vec<Diagnostic>) {
    let keys = Entries::read(node, "quick", &KEYS, found);
    let base = keys
        .get("base")
        .map(|node| assignments(node, "quick.base", found));
    let axes = keys.get("grid").map(|node| axis::grid(node, found));
    let evaluate = keys
        .get("evaluate")
        .map(|node| evaluate::evaluate(node, found));
    let seeds = keys.get("seeds").map(|node| draws::seeds(node, found));
    let axes = axes.unwrap_or_default();
    for axis in &axes {
        if !sweep.axes.iter().any(|known| same(known, axis)) {
            let path = format!("quick.grid.{}", axis.fields[0].path);
            let problem = "is no axis of grid";
            found.push(Diagnostic::new(
                axis.place,
                path,
                problem,
                "shorter lists for axes of grid",
            ));
        }
    }
    if form == Form::Full {
        return;
    }
    sweep.name.push_str("-quick");
    for assignment in base.unwrap_or_default() {
        (assignment.set)(&mut sweep.base);
        sweep
            .base_set
            .retain(|known| known.field.path != assignment.field.path);
        sweep.base_set.push(assignment);
    }
    for axis in axes {
        if let Some(known) = sweep.axes.iter_mut().find(|known| same(known, &axis)) {
            *known = axis;
        }
    }
    if let Some(evaluate) = evaluate {
        sweep.evaluate = evaluate;
    }
    if let Some(seeds) = seeds {
        sweep.seeds = seeds;
    }
}

fn same(a: &Axis, b: &Axis) -> bool {
    let paths = |axis: &Axis| {
        axis.fields
            .iter()
            .map(|field| field.path)
            .collect::<Vec<_>>()
    };
    paths(a) == paths(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "name: x\nbase: { train: { epochs: 20, lr: 1e-2 } }\n\
        grid: { data.train: [1000, 2000], model.skip.at: [[], [14]] }\nseeds: 8\n\
        quick: { base: { train.epochs: 1 }, grid: { data.train: [8, 16] }, seeds: 2 }\n";

    #[test]
    fn the_quick_form_replaces_what_it_names_and_has_a_folder_of_its_own() {
        let full = Sweep::parse("x.yaml", YAML).expect("a good sweep");
        assert_eq!(
            (full.name.as_str(), full.base.train.epochs, full.seeds.len()),
            ("x", 20, 8)
        );
        let text = text_of(Form::Quick, YAML);
        let quick = Sweep::parse("x.yaml", &text).expect("a good sweep");
        assert_eq!((quick.name.as_str(), quick.seeds.len()), ("x-quick", 2));
        assert_eq!((quick.base.train.epochs, quick.base.train.lr), (1, 1e-2));
        let levels = |axis: usize| quick.axes[axis].levels[0][0].text.clone();
        assert_eq!((levels(0).as_str(), quick.axes[1].levels.len()), ("8", 2));
        assert_eq!(text_of(Form::Quick, &text), text, "once");
    }

    #[test]
    fn what_is_wrong_in_it_is_found_in_the_full_form_too() {
        let wrong = YAML.replace("data.train: [8", "data.valid: [8");
        let problem = Sweep::parse("x.yaml", &wrong)
            .expect_err("refused")
            .to_string();
        assert!(problem.contains("quick.grid.data.valid"), "{problem}");
    }

    #[test]
    fn a_sweep_without_a_quick_form_says_how_to_write_one() {
        let text = text_of(Form::Quick, "name: x\nseeds: 2\n");
        let problem = Sweep::parse("x.yaml", &text)
            .expect_err("refused")
            .to_string();
        assert!(problem.contains("has no quick form"), "{problem}");
    }
}
