//! Two trials of one seed, and all of them at one point that both sweeps have.

use super::matching::Point;
use super::side::Side;
use crate::outcome::Outcome;
use crate::record::TrialRow;
use crate::report::compare::value_of;
use crate::report::stats::{Paired, Summary};
use std::collections::BTreeMap;

/// How much of what two trials left is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alike {
    /// Neither of the below, or it is not known.
    Unequal,
    /// Every bit of the final parameters.
    Parameters,
    /// Every bit of every epoch, metric, picture and parameter, with the same config, seed and data.
    Everything,
}

impl Alike {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unequal => "no",
            Self::Parameters => "parameters",
            Self::Everything => "everything",
        }
    }
}

/// Two trials of one point and seed.
pub struct TrialPair<'a> {
    /// The reference's.
    pub reference: &'a TrialRow,
    /// The other's.
    pub other: &'a TrialRow,
    /// Their values of the metric, when both completed with one.
    pub values: Option<[f64; 2]>,
    /// What is the same.
    pub alike: Alike,
    /// Seconds of the other over those of the reference, when both completed.
    pub wall_ratio: Option<f64>,
}

/// A point that both have.
pub struct PointPair<'a> {
    /// `skip.at [14] · depth 2`.
    pub label: String,
    /// Positions among the arms of the reference and of the other.
    pub arms: (usize, usize),
    /// The seeds that were planned in both, in order.
    pub trials: Vec<TrialPair<'a>>,
    /// Trials whose seed only one of them has: the reference, the other.
    pub lonely: [Vec<&'a TrialRow>; 2],
    /// The values of the pairs: the reference's, the other's.
    pub summaries: [Summary; 2],
    /// Differences other − reference.
    pub paired: Paired,
    /// p after Holm's correction over all points of all sweeps that are compared.
    pub p_holm: Option<f64>,
    /// Pairs whose values are equal.
    pub equal: usize,
}

/// Two sweeps whose trials are paired.
pub struct Sides<'a> {
    /// The reference, the other.
    pub sides: [&'a Side; 2],
    /// What is compared.
    pub metric: &'a str,
}

impl<'a> Sides<'a> {
    /// Pairs the trials of a point by seed. `arms`: its positions among the arms.
    pub fn point(
        &self,
        label: String,
        arms: (usize, usize),
        reference: &Point<'a>,
        other: &Point<'a>,
    ) -> PointPair<'a> {
        let [ours, mut theirs] = [reference, other].map(by_seed);
        let mut trials = Vec::new();
        let mut lonely: [Vec<&TrialRow>; 2] = [Vec::new(), Vec::new()];
        for (seed, mut rows) in ours {
            let mut others = theirs.remove(&seed).unwrap_or_default();
            let both = rows.len().min(others.len());
            lonely[0].extend(rows.drain(both..));
            lonely[1].extend(others.drain(both..));
            let pairs = rows.into_iter().zip(others);
            trials.extend(pairs.map(|(a, b)| self.pair(a, b)));
        }
        lonely[1].extend(theirs.into_values().flatten());
        let values: Vec<[f64; 2]> = trials.iter().filter_map(|pair| pair.values).collect();
        let side = |of: usize| values.iter().map(|pair| pair[of]).collect::<Vec<f64>>();
        let differences: Vec<f64> = values.iter().map(|[a, b]| b - a).collect();
        PointPair {
            label,
            arms,
            lonely,
            summaries: [Summary::of(&side(0)), Summary::of(&side(1))],
            paired: Paired::of(&differences),
            p_holm: None,
            equal: values.iter().filter(|[a, b]| a == b).count(),
            trials,
        }
    }

    fn pair(&self, reference: &'a TrialRow, other: &'a TrialRow) -> TrialPair<'a> {
        let both = |value: &dyn Fn(&TrialRow) -> Option<f64>| {
            let completed = |row: &TrialRow| match row.outcome {
                Outcome::Completed => value(row).filter(|value| value.is_finite()),
                _ => None,
            };
            Some([completed(reference)?, completed(other)?])
        };
        let wall = both(&|row| Some(row.wall_seconds).filter(|seconds| *seconds > 0.0));
        TrialPair {
            reference,
            other,
            values: both(&|row| value_of(row, self.metric)),
            alike: self.alike(reference, other),
            wall_ratio: wall.map(|[a, b]| b / a).filter(|ratio| ratio.is_normal()),
        }
    }

    fn alike(&self, reference: &TrialRow, other: &TrialRow) -> Alike {
        let [a, b] =
            [(0, reference), (1, other)].map(|(side, row)| self.sides[side].print(&row.id));
        let (Some(a), Some(b)) = (a, b) else {
            return Alike::Unequal;
        };
        let same = |a: &str, b: &str| !a.is_empty() && a == b;
        if same(&a.logical_digest, &b.logical_digest) {
            Alike::Everything
        } else if same(&a.parameters_digest, &b.parameters_digest) {
            Alike::Parameters
        } else {
            Alike::Unequal
        }
    }
}

/// The trials of a point by seed; a seed has one, unless a record says otherwise.
fn by_seed<'a>(point: &Point<'a>) -> BTreeMap<u64, Vec<&'a TrialRow>> {
    let mut seeds: BTreeMap<u64, Vec<&TrialRow>> = BTreeMap::new();
    for row in &point.arm.trials {
        seeds.entry(row.seed).or_default().push(row);
    }
    seeds
}
