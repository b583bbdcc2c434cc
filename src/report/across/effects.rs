//! What an arm is worth against its baseline, in the reference and in another sweep: does the finding hold there too?

use super::judged;
use super::matching::Matching;
use super::pair::PointPair;
use crate::report::compare::{Arm, Comparisons};
use crate::report::stats::Paired;
use crate::report::verdict::{Expected, Verdict};
use std::collections::BTreeMap;

/// One comparison of the reference with its own baseline, made in both sweeps over the seeds that all four arms have.
pub struct Effect {
    /// The arm.
    pub label: String,
    /// Its baseline.
    pub baseline: String,
    /// arm − baseline in the reference.
    pub reference: Paired,
    /// arm − baseline in the other sweep.
    pub other: Paired,
    /// The latter less the former.
    pub change: Paired,
    /// What was expected of it, judged in the reference and in the other; `None` for controls and where nothing was.
    pub verdicts: Option<[Verdict; 2]>,
    /// p of the change after Holm's correction over the changes in all sweeps that are compared.
    pub p_holm: Option<f64>,
}

/// Every comparison of the reference whose arm and baseline have one partner each.
pub fn of(
    [reference, other]: [&Comparisons; 2],
    expected: Expected,
    matching: &Matching,
    points: &[PointPair],
) -> Vec<Effect> {
    let mut partners: BTreeMap<usize, Vec<(usize, &str)>> = BTreeMap::new();
    for (&(ours, theirs), point) in matching.pairs.iter().zip(points) {
        let of = partners.entry(ours).or_default();
        of.push((theirs, &point.label));
    }
    let partner = |index: usize| match partners.get(&index).map(Vec::as_slice) {
        Some([(theirs, label)]) => Some((&other.arms[*theirs], *label)),
        _ => None,
    };
    let positions: BTreeMap<&[String], usize> = reference
        .arms
        .iter()
        .enumerate()
        .map(|(index, arm)| (arm.axes, index))
        .collect();
    let compared: Vec<_> = reference.compared().collect();
    let effects: Vec<Option<Effect>> = compared
        .iter()
        .map(|(arm, comparison)| {
            let baseline = &reference.arms[comparison.baseline];
            let (their_arm, label) = partner(*positions.get(arm.axes)?)?;
            let (their_baseline, baseline_label) = partner(comparison.baseline)?;
            let differences = differences([arm, baseline], [their_arm, their_baseline]);
            let paired = |value: &dyn Fn(&[f64; 2]) -> f64| {
                Paired::of(&differences.iter().map(value).collect::<Vec<f64>>())
            };
            Some(Effect {
                label: label.into(),
                baseline: baseline_label.into(),
                reference: paired(&|[ours, _]| *ours),
                other: paired(&|[_, theirs]| *theirs),
                change: paired(&|[ours, theirs]| theirs - ours),
                verdicts: None,
                p_holm: None,
            })
        })
        .collect();
    let verdicts = judged::of(expected, &compared, &effects);
    let judged = |(effect, verdicts): (Option<Effect>, _)| effect.map(|e| Effect { verdicts, ..e });
    effects
        .into_iter()
        .zip(verdicts)
        .filter_map(judged)
        .collect()
}

/// arm − baseline in both sweeps, for each seed that all four have.
fn differences(reference: [&Arm; 2], other: [&Arm; 2]) -> Vec<[f64; 2]> {
    let difference = |[arm, baseline]: [&Arm; 2], seed: &u64| {
        Some(arm.values.get(seed)? - baseline.values.get(seed)?)
    };
    let seeds = reference[0].values.keys();
    seeds
        .filter_map(|seed| Some([difference(reference, seed)?, difference(other, seed)?]))
        .collect()
}
