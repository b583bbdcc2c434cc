//! `compare`: the baseline, the metric and what was expected before the run.

use super::assign::{Assignment, Entries, assignments, read};
use super::diagnose::{Diagnostic, Place};
use super::node::{Node, Tree};
use crate::config::TaskKind;
use serde_json::Value;

/// What the report answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// Field values that name the baseline arm.
    pub baseline: Vec<(String, Value)>,
    /// The metric: `test.bce`.
    pub metric: String,
    /// What was expected before the run.
    pub expect: Option<Expect>,
}

/// What was expected of the arms against the baseline, written down before the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expect {
    /// The metric gets lower.
    Lower,
    /// The metric gets higher.
    Higher,
    /// The metric stays within ±margin.
    Same {
        /// Half the width of what counts as the same.
        margin: f64,
    },
}

/// The conditions that name the baseline arm, and where the parts of `compare` are written.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Where `baseline` stands.
    pub place: Place,
    /// Where `metric` stands.
    pub metric: Place,
    /// The values that an arm must have.
    pub conditions: Vec<Assignment>,
}

/// Reads `compare`. `tasks` are those of all trials; `validated` says whether some trial has validation images.
pub(super) fn compare(
    node: &Node,
    tasks: &[TaskKind],
    validated: bool,
    found: &mut Vec<Diagnostic>,
) -> Option<(Compare, Baseline)> {
    let entries = Entries::read(node, "compare", &["baseline", "metric", "expect"], found);
    let expect = entries.get("expect").and_then(|node| expect(node, found));
    let written = entries.get("metric");
    let metric = written.map(|node| metric(node, tasks, validated, found));
    let baseline = entries.get("baseline").map(|node| {
        let conditions = assignments(node, "compare.baseline", found);
        if matches!(&node.value, Tree::Map(entries) if entries.is_empty()) {
            let problem = "names no field";
            let expected = "the axis values of the arm to compare with";
            found.push(Diagnostic::new(
                node.place,
                "compare.baseline",
                problem,
                expected,
            ));
        }
        Baseline {
            place: node.place,
            metric: written.map_or(node.place, |node| node.place),
            conditions,
        }
    });
    for (name, missing, example) in [
        (
            "baseline",
            baseline.is_none(),
            "baseline: { model.skip.at: [] }",
        ),
        ("metric", metric.is_none(), "metric: test.bce"),
    ] {
        if missing {
            let path = format!("compare.{name}");
            found.push(Diagnostic::new(
                node.place,
                path,
                "is missing",
                format!("for example {example}"),
            ));
        }
    }
    let baseline = baseline?;
    let named = |a: &Assignment| (a.field.path.to_owned(), a.value());
    let compare = Compare {
        baseline: baseline.conditions.iter().map(named).collect(),
        metric: metric??,
        expect,
    };
    Some((compare, baseline))
}

fn metric(
    node: &Node,
    tasks: &[TaskKind],
    validated: bool,
    found: &mut Vec<Diagnostic>,
) -> Option<String> {
    let name: String = read(node, "compare.metric", found)?;
    let mut known: Vec<String> = Vec::new();
    for metric in tasks.iter().flat_map(|task| task.metrics()) {
        if !known.contains(&metric) {
            known.push(metric);
        }
    }
    if !known.contains(&name) {
        let problem = format!(
            "the task {} has no metric {}",
            tasks
                .iter()
                .map(|task| task.name())
                .collect::<Vec<_>>()
                .join(" or "),
            super::diagnose::quote(&name)
        );
        let expected = format!("one of {}", known.join(", "));
        let diagnostic = Diagnostic::new(node.place, "compare.metric", problem, expected);
        found.push(diagnostic.near(&name, known.iter().map(String::as_str)));
        return None;
    }
    if name.starts_with("valid.") && !validated {
        let problem = format!("{name} needs validation images");
        found.push(Diagnostic::new(
            node.place,
            "compare.metric",
            problem,
            "data.valid above 0, or test.*",
        ));
    }
    Some(name)
}

fn expect(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Expect> {
    const PATH: &str = "compare.expect";
    const FORMS: &str = "lower, higher or { same: margin }";
    match &node.value {
        Tree::Scalar(Value::String(word)) if word == "lower" => Some(Expect::Lower),
        Tree::Scalar(Value::String(word)) if word == "higher" => Some(Expect::Higher),
        Tree::Map(_) => {
            let same = Entries::read(node, PATH, &["same"], found);
            let margin: f64 = read(same.get("same")?, PATH, found)?;
            if margin <= 0.0 {
                found.push(Diagnostic::new(
                    node.place,
                    PATH,
                    "the margin is not above 0",
                    FORMS,
                ));
            }
            Some(Expect::Same { margin })
        }
        _ => {
            let diagnostic = Diagnostic::new(
                node.place,
                PATH,
                format!("found {}", node.describe()),
                FORMS,
            );
            let word = node.to_json();
            let word = word.as_str().unwrap_or("");
            let mut diagnostic = diagnostic.near(word, ["lower", "higher", "same"]);
            // The word alone would be refused again: it needs its margin.
            if diagnostic.meant.as_deref() == Some("same") {
                diagnostic.meant = Some("{ same: 0.01 }".into());
            }
            found.push(diagnostic);
            None
        }
    }
}
