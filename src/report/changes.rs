//! What each arm changed against its baseline: every field of the resolved config that differs.

use super::compare::{Arm, Comparisons, Role};
use super::evidence::Evidence;
use super::label;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// One field that an arm has otherwise than its baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// `model.skip.at`.
    pub path: String,
    /// The baseline's value; `–` where the field has no effect there.
    pub from: String,
    /// The arm's.
    pub to: String,
}

/// The changes of every compared arm, in order, with its position among the arms.
pub fn of(evidence: &Evidence, comparisons: &Comparisons) -> Vec<(usize, Vec<FieldChange>)> {
    let config = |arm: &Arm| arm.trials.iter().find_map(|row| evidence.config(&row.id));
    let changes = |(index, arm): (usize, &Arm)| {
        let Role::Compared(comparison) = &arm.role else {
            return None;
        };
        let from = config(&comparisons.arms[comparison.baseline])?;
        Some((index, between(&from, &config(arm)?)))
    };
    comparisons
        .arms
        .iter()
        .enumerate()
        .filter_map(changes)
        .collect()
}

fn between(from: &Map<String, Value>, to: &Map<String, Value>) -> Vec<FieldChange> {
    let show = |value: Option<&Value>| {
        value.map_or("–".into(), |value| label::value(&value.to_string()))
    };
    let paths: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let differing = paths
        .into_iter()
        .filter(|path| from.get(*path) != to.get(*path));
    differing
        .map(|path| FieldChange {
            path: label::visible(path).into_owned(),
            from: show(from.get(path)),
            to: show(to.get(path)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_differ_or_exist_on_one_side_are_named() {
        let map = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        let changes = between(
            &map(r#"{"model.depth":1,"model.skip.at":[]}"#),
            &map(r#"{"model.depth":1,"model.skip.at":[14],"model.skip.mode":"add"}"#),
        );
        let shown: Vec<_> = changes
            .iter()
            .map(|c| (c.path.as_str(), c.from.as_str(), c.to.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("model.skip.at", "[]", "[14]"),
                ("model.skip.mode", "–", "add")
            ]
        );
    }
}
