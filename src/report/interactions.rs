//! The charts of interactions and of the loss over timesteps.

use super::chart::{Chart, Line};
use super::compare::Comparisons;
use super::factorial::design::Design;
use super::factorial::lines::{self, Means};
use super::figures::Look;
use super::label;
use super::shown::Shown;
use super::stats::Summary;
use crate::outcome::Outcome;
use std::collections::BTreeSet;

/// At most so many places or lines of one chart.
const LEVELS: usize = 24;

/// At most so many charts.
const CHARTS: usize = 60;

/// One chart for every ordered pair of factors: crossing or diverging lines are an interaction.
pub fn of(design: &Design, metric: &str) -> Vec<Chart> {
    let factors = &design.factors;
    let chart = |means: &Means| {
        let (along, lines) = (&factors[means.along], &factors[means.lines]);
        let has = |(_, summaries): &(usize, &Vec<Summary>)| {
            let mut summaries = summaries.iter();
            summaries.any(|summary| summary.mean.is_some())
        };
        let line = |(number, summaries): (usize, &Vec<Summary>)| {
            let label = format!("{} {}", lines.name, lines.levels[number]);
            let line = Line::of(label, Look::level(number), summaries.iter());
            Line {
                mark: number,
                ..line
            }
        };
        Chart {
            name: format!("{} along {}", lines.name, along.name),
            x: along.name.clone(),
            y: label::visible(metric).into_owned(),
            places: along.levels.clone(),
            lines: means
                .values
                .iter()
                .enumerate()
                .filter(has)
                .map(line)
                .collect(),
            left_out: 0,
        }
    };
    let means = lines::of(design, LEVELS);
    means.iter().take(CHARTS).map(chart).collect()
}

/// Metrics measured by tenth of something (`test.loss_d0` … `test.loss_d9`: of the timesteps) as charts over it.
/// `looks`: of every arm.
pub fn tenths(comparisons: &Comparisons, shown: &Shown, looks: &[Look]) -> Vec<Chart> {
    let rows = comparisons.arms.iter().flat_map(|arm| &arm.trials);
    let names: BTreeSet<&str> = rows
        .flat_map(|row| row.metrics.keys())
        .filter_map(|name| name.strip_suffix("_d0"))
        .collect();
    // Ten of a name, not a metric that happens to end so.
    let has = |name: &str| {
        let mut rows = comparisons.arms.iter().flat_map(|arm| &arm.trials);
        rows.any(|row| row.metrics.contains_key(name))
    };
    let names = names
        .into_iter()
        .filter(|name| (0..10).all(|tenth| has(&format!("{name}_d{tenth}"))));
    let drawn = |at: &usize| shown.drawn.contains(comparisons.arms[*at].axes);
    let kept: Vec<usize> = (0..comparisons.arms.len()).filter(drawn).collect();
    let chart = |name: &str| {
        let line = |at: &usize| {
            let arm = &comparisons.arms[*at];
            let completed = || {
                arm.trials
                    .iter()
                    .filter(|row| row.outcome == Outcome::Completed)
            };
            let summary = |tenth: usize| {
                let name = format!("{name}_d{tenth}");
                let values = completed().filter_map(|row| row.metrics.get(&name).copied());
                Summary::of(&values.filter(|value| value.is_finite()).collect::<Vec<_>>())
            };
            let summaries: Vec<Summary> = (0..10).map(summary).collect();
            let line = Line::of(arm.label.clone(), looks[*at], summaries.iter());
            Line {
                first: shown.first.contains(arm.axes),
                ..line
            }
        };
        Chart {
            name: format!("{} by tenth of the timesteps", label::visible(name)),
            x: "tenth of the timesteps (t small to t large)".into(),
            y: label::visible(name).into_owned(),
            places: (1..=10).map(|tenth| tenth.to_string()).collect(),
            lines: kept.iter().map(line).collect(),
            left_out: comparisons.arms.len() - kept.len(),
        }
    };
    names.take(CHARTS).map(chart).collect()
}
