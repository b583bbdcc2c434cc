//! One sweep beside the reference: every point that both have, seed by seed.

use super::differs::{self, Difference};
use super::effects::{self, Effect};
use super::matching::{Matching, Point, Points};
use super::side::Side;
use crate::outcome::Outcome;
use crate::record::TrialRow;
use crate::report::compare::{Comparisons, value_of};
use crate::report::evidence::left_details;
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

/// A sweep beside the reference.
pub struct Versus<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Which points belong together.
    pub matching: Matching,
    /// Those, in the reference's order.
    pub points: Vec<PointPair<'a>>,
    /// Labels and trials of the points that only one has: the reference, the other.
    pub alone: [Vec<(String, usize)>; 2],
    /// The difference averaged over points, one for each seed that all points with values have; `None` with fewer than
    /// two such points.
    pub overall: Option<Paired>,
    /// Logarithms of the wall-time ratios of all pairs.
    pub log_wall: Summary,
    /// The reference's comparisons with its own baseline, and what became of them here.
    pub effects: Vec<Effect>,
    /// What differs besides.
    pub differences: Vec<Difference>,
}

impl<'a> Versus<'a> {
    /// Puts `other` beside `reference`; the arms are of the same metric.
    pub fn of(
        reference: (&'a Side, &'a Comparisons<'a>),
        other: (&'a Side, &'a Comparisons<'a>),
    ) -> Self {
        let [ours, theirs] =
            [reference, other].map(|(side, arms)| Points::of(side, &side.record.axes, &arms.arms));
        let matching = Matching::of(&ours, &theirs);
        let sides = Sides {
            sides: [reference.0, other.0],
            metric: &reference.1.metric,
        };
        let pair = |&(ours_at, theirs_at): &(usize, usize)| {
            let [a, b] = [&ours.points[ours_at], &theirs.points[theirs_at]];
            let label = matching.label((&ours, a), (&theirs, b));
            sides.point(label, (ours_at, theirs_at), a, b)
        };
        let points: Vec<PointPair> = matching.pairs.iter().map(pair).collect();
        let alone = |points: &Points, indices: &[usize]| {
            let point = |index: &usize| {
                let arm = points.points[*index].arm;
                (arm.label.clone(), arm.trials.len())
            };
            indices.iter().map(point).collect()
        };
        let ratios = points.iter().flat_map(|point| &point.trials);
        let logs: Vec<f64> = ratios
            .filter_map(|pair| Some(pair.wall_ratio?.ln()))
            .collect();
        Self {
            name: &other.0.name,
            overall: overall(&points),
            log_wall: Summary::of(&logs),
            effects: effects::of(reference.1, other.1, &matching, &points),
            differences: differs::of([reference.0, other.0], [&ours, &theirs], &matching),
            alone: [
                alone(&ours, &matching.alone[0]),
                alone(&theirs, &matching.alone[1]),
            ],
            points,
            matching,
        }
    }

    /// All pairs of trials.
    pub fn trials(&self) -> impl Iterator<Item = &TrialPair<'a>> {
        self.points.iter().flat_map(|point| &point.trials)
    }

    /// Pairs with values.
    pub fn valued(&self) -> usize {
        self.points.iter().map(|point| point.paired.summary.n).sum()
    }

    /// Pairs whose values are equal.
    pub fn equal(&self) -> usize {
        self.points.iter().map(|point| point.equal).sum()
    }

    /// Pairs in which both trials ended with a result, divergence included.
    pub fn finished(&self) -> usize {
        let both = |pair: &&TrialPair| left_details(pair.reference) && left_details(pair.other);
        self.trials().filter(both).count()
    }

    /// Pairs that are at least so much alike.
    pub fn alike(&self, least: Alike) -> usize {
        self.trials().filter(|pair| pair.alike >= least).count()
    }
}

struct Sides<'a> {
    sides: [&'a Side; 2],
    metric: &'a str,
}

impl<'a> Sides<'a> {
    fn point(
        &self,
        label: String,
        arms: (usize, usize),
        reference: &Point<'a>,
        other: &Point<'a>,
    ) -> PointPair<'a> {
        let [mut ours, mut theirs] = [reference, other].map(by_seed);
        let mut trials = Vec::new();
        let mut lonely: [Vec<&TrialRow>; 2] = [Vec::new(), Vec::new()];
        for (seed, mut rows) in std::mem::take(&mut ours) {
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

/// Differences averaged over points within each seed, then taken across seeds: seeds are independent, points are not.
fn overall(points: &[PointPair]) -> Option<Paired> {
    let with_values: Vec<BTreeMap<u64, f64>> = points
        .iter()
        .map(|point| {
            let pairs = point.trials.iter();
            pairs
                .filter_map(|pair| pair.values.map(|[a, b]| (pair.reference.seed, b - a)))
                .collect()
        })
        .filter(|differences: &BTreeMap<u64, f64>| !differences.is_empty())
        .collect();
    let (first, others) = with_values.split_first()?;
    if others.is_empty() {
        return None;
    }
    let mean = |(seed, difference): (&u64, &f64)| {
        let others = others.iter().map(|other| other.get(seed).copied());
        let sum = others.sum::<Option<f64>>()? + difference;
        Some(sum / with_values.len() as f64)
    };
    let means: Vec<f64> = first.iter().filter_map(mean).collect();
    Some(Paired::of(&means))
}
