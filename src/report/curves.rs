//! Learning curves as numbers for the chart: per metric and arm the mean over completed seeds, its 95% band, and
//! every seed.

use super::chart::short;
use super::compare::{Arm, Comparisons};
use super::evidence::Evidence;
use super::floor;
use super::label;
use super::shown::spread;
use super::stats::Summary;
use crate::outcome::{Outcome, Table};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the epochs table that are no learning curves.
const NO_CURVES: [&str; 3] = ["epoch", "seconds", "lr"];

/// At most so many epochs of a curve, spread evenly, first and last among them.
const EPOCHS: usize = 240;

/// At most so many numbers of single seeds in all curves: some 2 MB. Beyond, means and bands are drawn alone.
const SEED_VALUES: usize = 250_000;

/// The curves of every metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curves {
    /// The compared metric first.
    pub metrics: Vec<Metric>,
    /// Whether single seeds are left out: they would make the page too large.
    pub without_seeds: bool,
    /// Whether epochs are left out.
    pub thinned: bool,
}

/// All curves of one metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metric {
    /// `test.bce`.
    pub name: String,
    /// Epochs, ascending.
    pub epochs: Vec<u64>,
    /// What no network can be better than, where it is known.
    pub floor: Option<f64>,
    /// One entry for every drawn arm, in order.
    pub arms: Vec<Curve>,
}

/// The curves of one arm. Every list is as long as the epochs; missing values are null.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curve {
    /// Mean over completed seeds.
    pub mean: Vec<Option<f64>>,
    /// Lower end of the 95% interval.
    pub low: Vec<Option<f64>>,
    /// Upper end.
    pub high: Vec<Option<f64>>,
    /// Each seed, diverged ones too.
    pub seeds: Vec<Vec<Option<f64>>>,
}

/// The curves of every metric, the compared one first.
pub fn of(evidence: &Evidence, comparisons: &Comparisons) -> Curves {
    let names: BTreeSet<&str> = evidence
        .detailed()
        .flat_map(|(_, detail)| detail.epochs.columns().map(|(name, _)| name))
        .filter(|name| !NO_CURVES.contains(name))
        .collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_by_key(|name| (*name != comparisons.metric, *name != "train_loss"));
    let metrics = names
        .into_iter()
        .map(|name| metric(evidence, comparisons, name));
    let found: Vec<(Metric, bool)> = metrics
        .filter(|(metric, _)| !metric.epochs.is_empty())
        .collect();
    let thinned = found.iter().any(|(_, thinned)| *thinned);
    let mut metrics: Vec<Metric> = found.into_iter().map(|(metric, _)| metric).collect();
    // What was measured only once is no curve yet.
    metrics.sort_by_key(|metric| metric.epochs.len() == 1);
    let curves = || metrics.iter().flat_map(|metric| &metric.arms);
    let numbers: usize = curves().flat_map(|curve| &curve.seeds).map(Vec::len).sum();
    let without_seeds = numbers > SEED_VALUES;
    if without_seeds {
        let curves = metrics.iter_mut().flat_map(|metric| &mut metric.arms);
        curves.for_each(|curve| curve.seeds = Vec::new());
    }
    Curves {
        thinned,
        metrics,
        without_seeds,
    }
}

/// The curves of one metric, and whether epochs are left out of them.
fn metric(evidence: &Evidence, comparisons: &Comparisons, name: &str) -> (Metric, bool) {
    let trial = |id: &str| points(&evidence.detail(id)?.epochs, name);
    let drawn = comparisons
        .arms
        .iter()
        .filter(|arm| evidence.shown.drawn.contains(arm.axes));
    let arms: Vec<Vec<(Outcome, BTreeMap<u64, f64>)>> = drawn
        .map(|arm: &Arm| {
            let with_points = arm
                .trials
                .iter()
                .filter_map(|row| Some((row.outcome, trial(&row.id)?)));
            with_points.collect()
        })
        .collect();
    let epochs: BTreeSet<u64> = arms
        .iter()
        .flatten()
        .flat_map(|(_, points)| points.keys().copied())
        .collect();
    let all: Vec<u64> = epochs.into_iter().collect();
    let epochs: Vec<u64> = spread(all.len(), EPOCHS).map(|at| all[at]).collect();
    let thinned = epochs.len() < all.len();
    let metric = Metric {
        name: label::visible(name).into_owned(),
        arms: arms.iter().map(|trials| curve(trials, &epochs)).collect(),
        floor: floor::of(comparisons, name).map(|floor| short(floor.mean)),
        epochs,
    };
    (metric, thinned)
}

/// The finite values of a column by epoch; without an epoch column rows count from 1.
fn points(table: &Table, name: &str) -> Option<BTreeMap<u64, f64>> {
    let values = table.column(name)?;
    let epochs = table.column("epoch");
    let epoch = |row: usize| epochs.map_or(row as f64 + 1.0, |epochs| epochs[row]);
    let in_range = |epoch: &f64| (0.0..=1e9).contains(epoch);
    let finite = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite());
    let placed =
        finite.filter_map(|(row, value)| Some((Some(epoch(row)).filter(in_range)? as u64, *value)));
    Some(placed.collect())
}

fn curve(trials: &[(Outcome, BTreeMap<u64, f64>)], epochs: &[u64]) -> Curve {
    let mut curve = Curve::default();
    for epoch in epochs {
        let completed = trials
            .iter()
            .filter(|(outcome, _)| *outcome == Outcome::Completed);
        let values: Vec<f64> = completed
            .filter_map(|(_, points)| points.get(epoch).copied())
            .collect();
        let summary = Summary::of(&values);
        curve.mean.push(summary.mean.map(short));
        curve.low.push(summary.interval.map(|i| short(i.low)));
        curve.high.push(summary.interval.map(|i| short(i.high)));
    }
    let seed = |(_, points): &(_, BTreeMap<u64, f64>)| {
        epochs
            .iter()
            .map(|epoch| points.get(epoch).copied().map(short))
            .collect()
    };
    curve.seeds = trials.iter().map(seed).collect();
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_over_completed_seeds_and_every_seed_is_drawn() {
        let points = |values: &[(u64, f64)]| values.iter().copied().collect::<BTreeMap<_, _>>();
        let trials = [
            (Outcome::Completed, points(&[(1, 1.0), (2, 0.5)])),
            (Outcome::Completed, points(&[(1, 3.0)])),
            (Outcome::Diverged, points(&[(1, 100.0)])),
        ];
        let curve = curve(&trials, &[1, 2]);
        assert_eq!(curve.mean, [Some(2.0), Some(0.5)]);
        assert!(
            curve.low[0].is_some() && curve.low[1].is_none(),
            "one seed has no band"
        );
        assert_eq!(curve.seeds[2], [Some(100.0), None]);
    }

    #[test]
    fn values_that_are_not_finite_or_have_no_epoch_are_left_out() {
        let mut table = Table::default();
        table.insert("epoch", vec![1.0, 2.0, f64::NAN]);
        table.insert("loss", vec![0.5, f64::INFINITY, 0.25]);
        assert_eq!(points(&table, "loss"), Some([(1, 0.5)].into()));
    }
}
