//! The arms of `report.json`, with their comparisons.

use super::super::compare::{self, Change, Comparison, Comparisons, Role};
use super::super::evidence::Evidence;
use super::super::rows::Better;
use super::super::stats::{Interval, Summary, Test};
use super::super::verdict::{Expected, MOST_SEEDS, Seeds, Verdict, judge};
use super::super::{Findings, changes};
use super::values;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// An arm in numbers.
#[derive(Serialize)]
pub struct Arm<'a> {
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

/// Mean, spread and interval.
#[derive(Serialize)]
pub struct Spread {
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

/// Every arm, in order.
pub fn of<'a>(evidence: &Evidence<'a>, findings: &'a Findings<'a>) -> Vec<Arm<'a>> {
    let comparisons = &findings.comparisons;
    let expected = evidence
        .record
        .compare
        .as_ref()
        .map_or(Expected::Nothing, Expected::of);
    let pictured = evidence.pictured();
    let mut changes: BTreeMap<usize, _> = changes::of(evidence, comparisons).into_iter().collect();
    let arm = |(index, arm): (usize, &'a compare::Arm<'a>)| {
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
        Arm {
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

pub fn spread(summary: &Summary) -> Spread {
    Spread {
        n: summary.n,
        mean: summary.mean,
        sd: summary.sd,
        interval: summary.interval.map(|Interval { low, high }| [low, high]),
    }
}
