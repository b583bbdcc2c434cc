//! `report.json`: what the report says, as numbers in full precision, for scripts. results/README.md documents it.

use super::compare::{Arm, Change, Comparison, Comparisons, Role};
use super::evidence::Evidence;
use super::rows::Better;
use super::stats::{Interval, Summary, Test};
use super::verdict::{Expected, MOST_SEEDS, Seeds, Verdict, judge};
use super::{Findings, changes, label, provenance, uses};
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
    arms: Vec<ArmNumbers<'a>>,
    uses: Vec<UseNumbers<'a>>,
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
struct ArmNumbers<'a> {
    label: &'a str,
    axes: BTreeMap<&'a str, Value>,
    role: &'static str,
    /// Position of the arm that it controls.
    controls: Option<usize>,
    planned: usize,
    #[serde(flatten)]
    summary: Spread,
    values: &'a BTreeMap<u64, f64>,
    comparison: Option<Compared>,
    changes: Vec<changes::FieldChange>,
    /// The trial whose pictures are shown.
    pictured: Option<&'a str>,
}

#[derive(Serialize)]
struct Spread {
    n: usize,
    mean: Option<f64>,
    sd: Option<f64>,
    interval: Option<[f64; 2]>,
}

#[derive(Serialize)]
struct Compared {
    /// Position among the arms.
    baseline: usize,
    planned: usize,
    #[serde(flatten)]
    difference: Spread,
    d_z: Option<f64>,
    p: Option<f64>,
    test: Option<&'static str>,
    p_holm: Option<f64>,
    t: Option<f64>,
    p_t: Option<f64>,
    wins: usize,
    lower: usize,
    higher: usize,
    costs: BTreeMap<&'static str, Option<FromTo>>,
    verdict: Option<&'static str>,
    seeds_needed: Option<SeedsNeeded>,
}

#[derive(Serialize)]
struct FromTo {
    from: f64,
    to: f64,
}

#[derive(Serialize)]
struct SeedsNeeded {
    bound: &'static str,
    n: usize,
}

#[derive(Serialize)]
struct UseNumbers<'a> {
    axes: BTreeMap<&'a str, Value>,
    n: usize,
    means: BTreeMap<&'a str, f64>,
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
    let used = uses::means(record).into_iter().map(|used| UseNumbers {
        axes: values(&record.evaluation_axes, used.axes),
        n: used.n,
        means: used.means,
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
        arms: arms(evidence, findings),
        uses: used.collect(),
        provenance: facts.map(|(name, value)| Named { name, value }).collect(),
    };
    let text = serde_json::to_string_pretty(&report);
    let text = text.map_err(|error| Error::Internal(format!("report.json: {error}")))?;
    Ok(inert(&text) + "\n")
}

fn arms<'a>(evidence: &Evidence<'a>, findings: &'a Findings<'a>) -> Vec<ArmNumbers<'a>> {
    let comparisons = &findings.comparisons;
    let expected = evidence
        .record
        .compare
        .as_ref()
        .map_or(Expected::Nothing, Expected::of);
    let pictured = evidence.pictured();
    let mut changes: BTreeMap<usize, _> = changes::of(evidence, comparisons).into_iter().collect();
    let arm = |(index, arm): (usize, &'a Arm<'a>)| {
        let (role, comparison) = match &arm.role {
            Role::Alone => ("alone", None),
            Role::Baseline => ("baseline", None),
            Role::NoBaseline => ("no_baseline", None),
            Role::Compared(comparison) => {
                // Of a control nothing was expected.
                let expected = match arm.controls {
                    None => expected,
                    Some(_) => Expected::Nothing,
                };
                let numbers = compared(comparison, expected, comparisons, findings.rows.better);
                ("compared", Some(numbers))
            }
        };
        ArmNumbers {
            label: &arm.label,
            axes: values(&evidence.record.axes, arm.axes),
            role,
            controls: arm.controls,
            planned: arm.trials.len(),
            summary: spread(&arm.summary),
            values: &arm.values,
            comparison,
            changes: changes.remove(&index).unwrap_or_default(),
            pictured: pictured.get(arm.axes).map(|row| row.id.as_str()),
        }
    };
    comparisons.arms.iter().enumerate().map(arm).collect()
}

fn compared(
    comparison: &Comparison,
    expected: Expected,
    all: &Comparisons,
    better: Better,
) -> Compared {
    let paired = &comparison.paired;
    let verdict = judge(expected, comparison, all.compared().count());
    let cost = |change: Option<Change>| change.map(|Change { from, to }| FromTo { from, to });
    Compared {
        baseline: comparison.baseline,
        planned: comparison.planned,
        difference: spread(&paired.summary),
        d_z: paired.d_z,
        p: paired.p.map(|(p, _)| p),
        test: paired.p.map(|(_, test)| match test {
            Test::SignFlip => "sign_flip",
            Test::StudentT => "student_t",
        }),
        p_holm: comparison.p_holm,
        t: paired.t,
        p_t: paired.p_t,
        wins: better.wins(comparison),
        lower: paired.lower,
        higher: paired.higher,
        costs: [
            ("params", cost(comparison.cost.params)),
            ("macs", cost(comparison.cost.macs)),
            ("wall_seconds", cost(comparison.cost.wall)),
        ]
        .into(),
        verdict: verdict.map(|verdict| match verdict {
            Verdict::Confirmed => "confirmed",
            Verdict::Contradicted => "contradicted",
            Verdict::NotResolved(_) => "not_resolved",
        }),
        seeds_needed: match verdict {
            Some(Verdict::NotResolved(seeds)) if paired.summary.n > 0 => Some(seeds_needed(seeds)),
            _ => None,
        },
    }
}

fn seeds_needed(seeds: Seeds) -> SeedsNeeded {
    let (bound, n) = match seeds {
        Seeds::About(n) => ("about", n),
        Seeds::AtLeast(n) => ("at_least", n),
        Seeds::TooMany => ("more_than", MOST_SEEDS),
    };
    SeedsNeeded { bound, n }
}

fn spread(summary: &Summary) -> Spread {
    Spread {
        n: summary.n,
        mean: summary.mean,
        sd: summary.sd,
        interval: summary.interval.map(|Interval { low, high }| [low, high]),
    }
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
fn inert(json: &str) -> String {
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
