//! From the file to the tree, and from the tree's top-level keys to a [`Sweep`].

use super::assign::{Assignment, Entries, assignments, read};
use super::diagnose::{Diagnostic, Place, quote};
use super::node::{Node, Tree};
use super::{Form, Sweep, Written, axis, compare, controls, draws, evaluate, quick};
use crate::config::{TaskKind, TrialConfig};
use crate::error::{Error, Result};
use std::io::Read as _;
use std::path::Path;

/// Largest sweep file: 1 MiB.
const LARGEST: u64 = 1 << 20;

/// The file's text.
///
/// # Errors
/// When it cannot be read, is larger than 1 MiB or is not UTF-8.
pub fn text(path: &Path) -> Result<String> {
    let usage = |problem: String, next: &str| Error::Usage {
        problem: format!("{}: {problem}", path.display()),
        next: next.into(),
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| {
            usage(
                format!("cannot read: {error}"),
                "check the path of the sweep file",
            )
        })?;
    if bytes.len() as u64 > LARGEST {
        return Err(usage(
            "is larger than 1 MiB".into(),
            "write long axes as ranges, or split the sweep",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let begin = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let column = 1 + String::from_utf8_lossy(&before[begin..]).chars().count();
        let problem = match error.as_bytes() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the text is UTF-16",
            _ => "the text is not UTF-8",
        };
        let found = Diagnostic::new(Place { line, column }, "", problem, "a file saved as UTF-8");
        // No snippet: the line cannot be shown as text.
        super::diagnose::error(&path.display().to_string(), "", vec![found])
    })
}

const KEYS: &[&str] = &[
    "name", "question", "base", "grid", "zip", "include", "exclude", "seeds", "sample", "compare",
    "evaluate", "controls", "quick", "form",
];

/// Checks every key. What is missing has its default; what is wrong is in `found`.
pub fn sweep(file: &str, text: &str, root: &Node, found: &mut Vec<Diagnostic>) -> Option<Sweep> {
    let keys = Entries::read(root, "", KEYS, found);
    let name = match keys.get("name") {
        Some(node) => name(node, found),
        None if matches!(root.value, Tree::Map(_)) => {
            let expected = "a name for the results folder, for example name: my_sweep";
            found.push(Diagnostic::new(root.place, "name", "is missing", expected));
            None
        }
        None => None,
    };
    let question = keys
        .get("question")
        .and_then(|node| read::<String>(node, "question", found));
    let base_set = keys
        .get("base")
        .map(|node| assignments(node, "base", found))
        .unwrap_or_default();
    let mut base = TrialConfig::default();
    for assignment in &base_set {
        (assignment.set)(&mut base);
    }
    let mut axes = keys
        .get("grid")
        .map(|node| axis::grid(node, found))
        .unwrap_or_default();
    axes.extend(
        keys.get("zip")
            .map(|node| axis::zip(node, found))
            .unwrap_or_default(),
    );
    let include = written(&keys, "include", found);
    let exclude = written(&keys, "exclude", found);
    let seeds = keys
        .get("seeds")
        .map_or_else(|| vec![0], |node| draws::seeds(node, found));
    let sample = keys
        .get("sample")
        .and_then(|node| draws::sample(node, found));
    let evaluate = keys
        .get("evaluate")
        .map(|node| evaluate::evaluate(node, found))
        .unwrap_or_default();
    axis::refuse_shared_fields(axes.iter().chain(&evaluate), found);
    let validates = |a: &Assignment| a.field.path == "data.valid";
    let validated = base.data.valid > 0
        || axes
            .iter()
            .flat_map(|axis| &axis.fields)
            .any(|field| field.path == "data.valid")
        || include
            .iter()
            .flat_map(|point| &point.values)
            .any(validates);
    let compared = keys
        .get("compare")
        .and_then(|node| compare::compare(node, &tasks(&base, &axes, &include), validated, found));
    let (compare, baseline) = compared.unzip();
    let compared = keys.get("compare").is_some();
    let controls = keys
        .get("controls")
        .map(|node| controls::controls(node, compared, found))
        .unwrap_or_default();
    let mut sweep = Sweep {
        file: file.to_owned(),
        name: name?,
        question: question.unwrap_or_default(),
        text: text.to_owned(),
        base,
        base_set,
        axes,
        include,
        exclude,
        sample,
        seeds,
        evaluate,
        controls,
        compare,
        baseline,
    };
    let form = quick::form(keys.get("form"), found);
    match (keys.get("quick"), form) {
        (Some(node), _) => quick::apply(&mut sweep, form, node, found),
        (None, Form::Full) => {}
        (None, Form::Quick) => {
            let problem = "this sweep has no quick form";
            let example =
                "for example quick: { base: { data.train: 64, train.epochs: 1 }, seeds: 2 }";
            found.push(Diagnostic::new(root.place, "quick", problem, example));
        }
    }
    Some(sweep)
}

/// The tasks that trials may have: that of `base` unless an axis has others, and those of extra points.
fn tasks(base: &TrialConfig, axes: &[axis::Axis], include: &[Written]) -> Vec<TaskKind> {
    let of = |values: &[Assignment]| {
        let written = values.iter().find(|value| value.field.path == "task")?;
        let mut config = base.clone();
        (written.set)(&mut config);
        Some(config.task)
    };
    let mut tasks: Vec<TaskKind> = axes
        .iter()
        .flat_map(|axis| &axis.levels)
        .filter_map(|values| of(values))
        .collect();
    if tasks.is_empty() {
        tasks.push(base.task);
    }
    tasks.extend(include.iter().filter_map(|point| of(&point.values)));
    let mut known = Vec::new();
    for task in tasks {
        if !known.contains(&task) {
            known.push(task);
        }
    }
    known
}

/// A name is a folder's name, a job's name and part of a page: nothing in it can have a meaning there.
fn name(node: &Node, found: &mut Vec<Diagnostic>) -> Option<String> {
    let name: String = read(node, "name", found)?;
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let first = name
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric());
    if first && name.len() <= 64 && name.chars().all(good) {
        return Some(name);
    }
    let problem = format!("{} cannot be a name", quote(&name));
    let expected = "1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit";
    found.push(Diagnostic::new(node.place, "name", problem, expected));
    None
}

/// `include` and `exclude`: lists of mappings.
fn written(keys: &Entries<'_>, name: &str, found: &mut Vec<Diagnostic>) -> Vec<Written> {
    let Some(node) = keys.get(name) else {
        return Vec::new();
    };
    let Tree::List(items) = &node.value else {
        let problem = format!("found {}", node.describe());
        found.push(Diagnostic::new(
            node.place,
            name,
            problem,
            "a list of mappings of fields to values",
        ));
        return Vec::new();
    };
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let values = assignments(item, name, found);
        if matches!(&item.value, Tree::Map(entries) if entries.is_empty()) {
            found.push(Diagnostic::new(
                item.place,
                name,
                "the mapping is empty",
                "at least one field",
            ));
        }
        out.push(Written {
            place: item.place,
            values,
        });
    }
    out
}
