//! One sweep beside the reference: every point that both have, seed by seed.

use super::differs::{self, Difference};
use super::effects::{self, Effect};
use super::matching::{Matching, Points};
use super::pair::{Alike, PointPair, Sides, TrialPair};
use super::side::Side;
use crate::report::compare::Comparisons;
use crate::report::evidence::left_details;
use crate::report::stats::{Paired, Summary};
use crate::report::verdict::Expected;
use std::collections::BTreeMap;

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
    /// Puts `other` beside `reference`; the arms are of the same metric. `expected`: what the reference's
    /// question expects of it.
    pub fn of(
        reference: (&'a Side, &'a Comparisons<'a>),
        other: (&'a Side, &'a Comparisons<'a>),
        expected: Expected,
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
            effects: effects::of([reference.1, other.1], expected, &matching, &points),
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
