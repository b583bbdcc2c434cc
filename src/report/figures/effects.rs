//! `effects`: the paired difference of every arm to its baseline; `factors`: the effects of a grid's factors. Each is a dot with
//! its 95% interval, against zero.

use super::super::Findings;
use super::super::compare::{Arm, Role};
use super::super::factorial;
use super::super::label;
use super::super::stats::Summary;
use super::drawing::Drawing;
use super::forest::{self, Row, Value};
use super::look::{Look, Tone};

/// The figures' names.
pub const NAME: &str = "effects";
/// As above.
pub const FACTORS: &str = "factors";

/// The differences to baselines; nothing where nothing is compared.
pub fn of(findings: &Findings, looks: &[Look]) -> Option<Drawing> {
    let comparisons = &findings.comparisons;
    let metric = label::visible(&comparisons.metric);
    let arms = comparisons.arms.iter().zip(&findings.rows.rows).zip(looks);
    let rows: Vec<Row> = arms
        .map(|((arm, row), look)| Row {
            name: arm.label.clone(),
            colour: look.colour(),
            value: value(arm, &row.difference),
        })
        .collect();
    let title = format!("Difference in {metric} of each arm to its baseline");
    let axis = format!("difference in {metric} to the baseline");
    forest::of(title, &axis, &rows, "arms")
}

fn value<'a>(arm: &Arm, words: &'a str) -> Value<'a> {
    match &arm.role {
        Role::Compared(comparison) => known(&comparison.paired.summary, words),
        Role::Baseline => Value::Zero,
        Role::Alone | Role::NoBaseline => Value::Missing(words),
    }
}

/// A mean with its interval if it has one; why not, where there is none that is finite.
fn known<'a>(summary: &Summary, words: &'a str) -> Value<'a> {
    let interval = summary.interval.map(|i| [i.low, i.high]);
    let interval = interval.filter(|ends| ends.iter().all(|end| end.is_finite()));
    match summary.mean.filter(|mean| mean.is_finite()) {
        Some(mean) => Value::Known(mean, interval),
        None => Value::Missing(words),
    }
}

/// The main effects and interactions; nothing where fewer than two factors vary.
pub fn factors(findings: &Findings) -> Option<Drawing> {
    let metric = label::visible(&findings.comparisons.metric);
    let told = factorial::rows(&findings.factorial, findings.rows.better);
    let effects = findings.factorial.effects.iter().zip(&told);
    // As on the page: interactions have a colour of their own.
    let rows: Vec<Row> = effects
        .map(|(effect, row)| Row {
            name: format!("{} {}", row.factor, row.level),
            colour: Look {
                tone: Tone::Arm(effect.order - 1),
                dash: 0,
            }
            .colour(),
            value: known(&effect.contrast.paired.summary, &row.effect),
        })
        .collect();
    let title =
        format!("What each factor is worth in {metric}, and how factors depend on each other");
    forest::of(title, &format!("effect on {metric}"), &rows, "effects")
}
