//! Trials to arms, arms to seed-paired comparisons with their baselines.

use super::baseline::{Baseline, Configs};
use super::controls;
use super::stats::{Paired, Summary, holm};
use super::{label, provenance};
use crate::outcome::Outcome;
use crate::record::schema::column;
use crate::record::{SweepRecord, TrialRow};
use std::collections::{BTreeMap, BTreeSet};

/// All trials that share their axis values.
#[derive(Clone, Debug)]
pub struct Arm<'a> {
    /// Axis values in short words: `skip.at [14]`.
    pub label: String,
    /// Axis values as JSON text, in the order of the record's axes.
    pub axes: &'a [String],
    /// Its trials, by plan index.
    pub trials: Vec<&'a TrialRow>,
    /// The metric of the completed trials that have it, by seed.
    pub values: BTreeMap<u64, f64>,
    /// Mean and spread of `values`.
    pub summary: Summary,
    /// What it is compared with.
    pub role: Role,
    /// Position of the arm that it controls, if it is a control.
    pub controls: Option<usize>,
}

/// What an arm is compared with.
#[derive(Clone, Debug)]
pub enum Role {
    /// Nothing: no comparison was asked for.
    Alone,
    /// It is a baseline itself.
    Baseline,
    /// No arm has the baseline's values with equal values of all other axes.
    NoBaseline,
    /// With its baseline.
    Compared(Box<Comparison>),
}

/// An arm against its baseline.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Position of the baseline among the arms.
    pub baseline: usize,
    /// Differences arm − baseline over the seeds that both have.
    pub paired: Paired,
    /// p after Holm's correction over all comparisons that have a p.
    pub p_holm: Option<f64>,
    /// Seeds planned for both, whatever became of them.
    pub planned: usize,
    /// What the arm costs beside its baseline.
    pub cost: Cost,
}

/// What an arm costs beside its baseline; `None` where a side is unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Parameters.
    pub params: Option<Change>,
    /// Multiply-accumulates of one forward pass.
    pub macs: Option<Change>,
    /// Mean seconds of a completed trial.
    pub wall: Option<Change>,
}

/// A change of a cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The baseline's value.
    pub from: f64,
    /// The arm's value.
    pub to: f64,
}

/// Every arm of a record, with its comparisons.
#[derive(Clone, Debug)]
pub struct Comparisons<'a> {
    /// What the arms' values are; empty when nothing is compared and the record has no metric.
    pub metric: String,
    /// In the order of the plan.
    pub arms: Vec<Arm<'a>>,
    /// What the trials were trained with: `MNIST`; empty when nothing is known.
    pub images: String,
    /// Trials by outcome, in the order of [`Outcome::ALL`]; they add up to the planned ones.
    pub counts: [(Outcome, usize); 6],
}

impl<'a> Comparisons<'a> {
    /// Groups the record's trials into arms and compares them. `configs` tells which fields count in a trial.
    pub fn of(record: &'a SweepRecord, configs: &Configs) -> Self {
        Self::about(record, metric_of(record), configs)
    }

    /// As [`of`](Self::of), about another metric than the record's own.
    pub fn about(record: &'a SweepRecord, metric: String, configs: &Configs) -> Self {
        let mut arms = arms_of(record, &metric);
        if let Some(compare) = &record.compare {
            assign_roles(&Baseline::new(&record.axes, compare), configs, &mut arms);
        }
        let counts = Outcome::ALL.map(|outcome| {
            let with = record.trials.iter().filter(|row| row.outcome == outcome);
            (outcome, with.count())
        });
        Self {
            images: images(&arms, configs),
            metric,
            arms,
            counts,
        }
    }

    /// Trials that the same command would go on with.
    pub fn unfinished(&self) -> usize {
        let open = [Outcome::Pending, Outcome::Interrupted, Outcome::Failed];
        let counts = self.counts.iter();
        counts
            .filter(|(outcome, _)| open.contains(outcome))
            .map(|(_, n)| n)
            .sum()
    }

    /// The arms that are compared, with their comparisons.
    pub fn compared(&self) -> impl Iterator<Item = (&Arm<'a>, &Comparison)> {
        self.arms.iter().filter_map(|arm| match &arm.role {
            Role::Compared(comparison) => Some((arm, &**comparison)),
            _ => None,
        })
    }

    /// Those of them that the question is about: not the controls.
    pub fn edited(&self) -> impl Iterator<Item = (&Arm<'a>, &Comparison)> {
        self.compared().filter(|(arm, _)| arm.controls.is_none())
    }
}

/// The metric that is compared, else the first one whose name starts with `test.`, else the first.
pub fn metric_of(record: &SweepRecord) -> String {
    let names = || record.trials.iter().flat_map(|row| row.metrics.keys());
    let compared = record.compare.as_ref().map(|compare| &compare.metric);
    compared
        .or_else(|| names().filter(|name| name.starts_with("test.")).min())
        .or_else(|| names().min())
        .cloned()
        .unwrap_or_default()
}

/// A trial's value of a metric. What a trial costs is not among its final metrics; 0 means unknown there.
pub fn value_of(row: &TrialRow, metric: &str) -> Option<f64> {
    let known = |count: u64| (count > 0).then_some(count as f64);
    match metric {
        column::PARAMS => known(row.params),
        column::MACS => known(row.macs),
        column::WALL_SECONDS => Some(row.wall_seconds),
        name => row.metrics.get(name).copied(),
    }
}

fn arms_of<'a>(record: &'a SweepRecord, metric: &str) -> Vec<Arm<'a>> {
    let mut groups: BTreeMap<&[String], Vec<&TrialRow>> = BTreeMap::new();
    for row in &record.trials {
        groups.entry(&row.axes).or_default().push(row);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, rows)| rows.iter().map(|row| row.index).min());
    let arm = |(axes, mut trials): (&'a [String], Vec<&'a TrialRow>)| {
        trials.sort_by_key(|row| row.index);
        let mut values = BTreeMap::new();
        for row in &trials {
            let value = value_of(row, metric).filter(|value| value.is_finite());
            if let (Outcome::Completed, Some(value)) = (row.outcome, value) {
                values.entry(row.seed).or_insert(value);
            }
        }
        Arm {
            label: label::arm(&record.axes, axes),
            axes,
            trials,
            summary: Summary::of(&values.values().copied().collect::<Vec<_>>()),
            values,
            role: Role::Alone,
            controls: None,
        }
    };
    let mut arms: Vec<Arm> = groups.into_iter().map(arm).collect();
    let positions: BTreeMap<&[String], usize> = arms
        .iter()
        .enumerate()
        .map(|(index, arm)| (arm.axes, index))
        .collect();
    for arm in &mut arms {
        let of = controls::controlled(&record.axes, arm.axes);
        arm.controls = of.and_then(|of| positions.get(&of[..]).copied());
    }
    arms
}

/// What the arms were trained with, each kind once.
fn images(arms: &[Arm], configs: &Configs) -> String {
    let config = |arm: &Arm| arm.trials.iter().find_map(|row| configs(&row.id));
    let names = arms
        .iter()
        .filter_map(|arm| provenance::images(&config(arm)?));
    let names: BTreeSet<String> = names.collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// Finds every arm's baseline, compares, and corrects over all comparisons.
fn assign_roles(baseline: &Baseline, configs: &Configs, arms: &mut [Arm]) {
    let candidates: Vec<(&[String], &str)> = arms
        .iter()
        .map(|arm| (arm.axes, arm.trials.first().map_or("", |row| &row.id)))
        .collect();
    let role = |arm: &Arm| {
        if baseline.is(arm.axes) {
            return Role::Baseline;
        }
        let found = baseline.find(arm.axes, &candidates, configs);
        found.map_or(Role::NoBaseline, |index| {
            Role::Compared(Box::new(comparison(arm, index, &arms[index])))
        })
    };
    let roles: Vec<Role> = arms.iter().map(role).collect();
    for (arm, role) in arms.iter_mut().zip(roles) {
        arm.role = role;
    }
    let tested = arms.iter_mut().filter_map(|arm| match &mut arm.role {
        Role::Compared(comparison) => Some((comparison.paired.p?.0, &mut comparison.p_holm)),
        _ => None,
    });
    let (p, adjusted): (Vec<f64>, Vec<_>) = tested.unzip();
    for (place, value) in adjusted.into_iter().zip(holm(&p)) {
        *place = Some(value);
    }
}

/// Differences arm − other over the seeds that both have.
pub fn paired(arm: &Arm, other: &Arm) -> Paired {
    let pair = |(seed, value): (&u64, &f64)| Some(value - other.values.get(seed)?);
    let differences: Vec<f64> = arm.values.iter().filter_map(pair).collect();
    Paired::of(&differences)
}

fn comparison(arm: &Arm, index: usize, baseline: &Arm) -> Comparison {
    let has = |seed: u64| baseline.trials.iter().any(|row| row.seed == seed);
    Comparison {
        baseline: index,
        p_holm: None,
        paired: paired(arm, baseline),
        planned: arm.trials.iter().filter(|row| has(row.seed)).count(),
        cost: Cost {
            params: change(baseline, arm, |arm| first_known(arm, |row| row.params)),
            macs: change(baseline, arm, |arm| first_known(arm, |row| row.macs)),
            wall: change(baseline, arm, mean_wall),
        },
    }
}

fn change(baseline: &Arm, arm: &Arm, value: impl Fn(&Arm) -> Option<f64>) -> Option<Change> {
    Some(Change {
        from: value(baseline)?,
        to: value(arm)?,
    })
}

/// Parameters and MACs are the same for all seeds of an arm; 0 means unknown.
pub(super) fn first_known(arm: &Arm, value: impl Fn(&TrialRow) -> u64) -> Option<f64> {
    let known = arm.trials.iter().map(|row| value(row)).find(|&n| n > 0);
    known.map(|n| n as f64)
}

/// Mean seconds of its completed trials.
pub(super) fn mean_wall(arm: &Arm) -> Option<f64> {
    let completed = arm
        .trials
        .iter()
        .filter(|row| row.outcome == Outcome::Completed && row.wall_seconds.is_finite());
    let seconds: Vec<f64> = completed.map(|row| row.wall_seconds).collect();
    Summary::of(&seconds).mean
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `train_loss` is a final metric like any other; the task's other names of costs are columns of their own.
    #[test]
    fn what_a_trial_costs_can_be_compared() {
        let row = TrialRow {
            id: String::new(),
            index: 0,
            seed: 0,
            outcome: Outcome::Completed,
            axes: Vec::new(),
            metrics: BTreeMap::from([("train_loss".into(), 0.5)]),
            params: 11,
            macs: 0,
            wall_seconds: 2.5,
            device: String::new(),
            host: String::new(),
            attempt: 1,
        };
        let value = |metric| value_of(&row, metric);
        assert_eq!(
            ["params", "wall_seconds", "train_loss"].map(value),
            [Some(11.0), Some(2.5), Some(0.5)]
        );
        assert_eq!(value("macs"), None, "0 is unknown");
    }
}
