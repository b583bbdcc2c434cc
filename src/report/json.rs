//! `report.json`: what the report says, as numbers in full precision, for scripts. results/README.md documents it.

mod arms;

use super::evidence::Evidence;
use super::{Findings, floor, label, packing, provenance, uses};
use crate::error::{Error, Result};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Version of the layout. Only additions leave it as it is.
const FORMAT: u32 = 1;

/// The file.
#[derive(Serialize)]
struct Report<'a> {
    format: u32,
    name: &'a str,
    question: &'a str,
    metric: &'a str,
    better: &'static str,
    compare: Option<Compare<'a>>,
    answer: Answer<'a>,
    counts: BTreeMap<&'static str, usize>,
    axes: &'a [String],
    arms: Vec<arms::Arm<'a>>,
    controls: Vec<Beside>,
    effects: Vec<Effect<'a>>,
    effects_left_out: usize,
    floor: Option<f64>,
    uses: Vec<UseNumbers<'a>>,
    packing: Vec<packing::Share>,
    provenance: Vec<Named>,
}

/// What the sweep file asked for.
#[derive(Serialize)]
struct Compare<'a> {
    baseline: BTreeMap<&'a str, Value>,
    expect: Option<&'a str>,
    margin: f64,
}

#[derive(Serialize)]
struct Answer<'a> {
    kind: &'static str,
    headline: &'a str,
    sentence: &'a str,
    notes: &'a [String],
}

#[derive(Serialize)]
struct UseNumbers<'a> {
    axes: BTreeMap<&'a str, Value>,
    n: usize,
    means: BTreeMap<&'a str, Option<f64>>,
    intervals: BTreeMap<&'a str, [f64; 2]>,
}

/// A main effect or interaction.
#[derive(Serialize)]
struct Effect<'a> {
    factor: &'a str,
    level: &'a str,
    order: usize,
    settings: usize,
    averaged: [usize; 2],
    planned: usize,
    #[serde(flatten)]
    effect: arms::Spread,
    p: Option<f64>,
    p_holm: Option<f64>,
    lower: usize,
    higher: usize,
}

/// An arm beside its control.
#[derive(Serialize)]
struct Beside {
    arm: usize,
    control: usize,
    #[serde(flatten)]
    difference: arms::Spread,
}

#[derive(Serialize)]
struct Named {
    name: String,
    value: String,
}

/// Writes the file.
///
/// # Errors
/// Only such as the code rules out.
pub fn text(evidence: &Evidence, findings: &Findings) -> Result<String> {
    let (record, comparisons) = (evidence.record, &findings.comparisons);
    let compare = record.compare.as_ref();
    let planned = comparisons.counts.iter().map(|(_, n)| n).sum();
    let outcomes = comparisons.counts.iter();
    let outcomes = outcomes.map(|(outcome, n)| (outcome.name(), *n));
    let used = uses::summaries(record).into_iter().map(|used| UseNumbers {
        axes: values(&record.evaluation_axes, used.axes),
        n: used.n,
        means: used
            .metrics
            .iter()
            .map(|(name, summary)| (*name, summary.mean))
            .collect(),
        intervals: used
            .metrics
            .iter()
            .filter_map(|(name, summary)| Some((*name, summary.interval.map(|i| [i.low, i.high])?)))
            .collect(),
    });
    let effects = findings.factorial.effects.iter().map(|effect| Effect {
        factor: &effect.factor,
        level: &effect.level,
        order: effect.order,
        settings: effect.contrast.settings,
        averaged: effect.contrast.averaged,
        planned: effect.contrast.planned,
        effect: arms::spread(&effect.contrast.paired.summary),
        p: effect.contrast.paired.p.map(|(p, _)| p),
        p_holm: effect.p_holm,
        lower: effect.contrast.paired.lower,
        higher: effect.contrast.paired.higher,
    });
    let beside = findings.beside.iter().map(|beside| Beside {
        arm: beside.arm,
        control: beside.control,
        difference: arms::spread(&beside.difference.summary),
    });
    let facts = provenance::facts(evidence).into_iter();
    let report = Report {
        format: FORMAT,
        name: &record.name,
        question: record.question.trim(),
        metric: &comparisons.metric,
        better: findings.rows.better.name(),
        compare: compare.map(|compare| Compare {
            baseline: compare
                .baseline
                .iter()
                .map(|(path, json)| (path.as_str(), value(json)))
                .collect(),
            expect: Some(compare.expect.as_str()).filter(|expect| !expect.is_empty()),
            margin: compare.margin,
        }),
        answer: Answer {
            kind: findings.answer.kind.name(),
            headline: &findings.answer.headline,
            sentence: &findings.answer.sentence,
            notes: &findings.answer.notes,
        },
        counts: outcomes.chain([("planned", planned)]).collect(),
        axes: &record.axes,
        arms: arms::of(evidence, findings),
        controls: beside.collect(),
        effects: effects.collect(),
        effects_left_out: findings.factorial.left_out,
        floor: floor::of(comparisons, &comparisons.metric).map(|floor| floor.mean),
        uses: used.collect(),
        packing: packing::of(evidence),
        provenance: facts.map(|(name, value)| Named { name, value }).collect(),
    };
    let text = serde_json::to_string_pretty(&report);
    let text = text.map_err(|error| Error::Internal(format!("report.json: {error}")))?;
    Ok(inert(&text) + "\n")
}

/// Axis values by path.
fn values<'a>(axes: &'a [String], values: &[String]) -> BTreeMap<&'a str, Value> {
    let pairs = axes.iter().zip(values);
    pairs
        .map(|(axis, json)| (axis.as_str(), value(json)))
        .collect()
}

/// The value that a JSON text says; a foreign file may hold any text.
fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| json.into())
}

/// JSON in which no text drives a terminal that shows it: marks that act are written as JSON's own escapes.
pub fn inert(json: &str) -> String {
    // Outside of strings, line ends are the only such marks.
    let write = |c: char| match label::acts(c) && c != '\n' {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    json.chars().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_act_are_escaped_and_read_back() {
        let text = "a\u{202e}b\u{7f}\n\u{1b}[2J";
        let json = inert(&serde_json::to_string(text).unwrap());
        assert!(!json.chars().any(label::acts), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn a_value_that_is_no_json_is_text() {
        assert_eq!(value("[14]"), serde_json::json!([14]));
        assert_eq!(value("[14"), Value::String("[14".into()));
    }
}
