//! The verdicts of the reference's comparisons on both sides: is what was expected confirmed here too?
//!
//! Both sides are judged over the same seeds, those that all four arms have, so that the sides differ in their numbers alone. Holm's
//! correction counts all comparisons of the reference: where all seeds have partners its verdicts are those of its own report.

use super::effects::Effect;
use crate::report::compare::{Arm, Comparison};
use crate::report::stats::{Paired, holm};
use crate::report::verdict::{Expected, Verdict, judge};

/// Judges the comparisons of the reference in it and in the other sweep; those without an effect in both have no verdict.
pub fn of(
    expected: Expected,
    compared: &[(&Arm, &Comparison)],
    effects: &[Option<Effect>],
) -> Vec<Option<[Verdict; 2]>> {
    let told = |effect: &Effect| effect.change.summary.n > 0;
    let effects: Vec<Option<&Effect>> = effects
        .iter()
        .map(|effect| effect.as_ref().filter(|effect| told(effect)))
        .collect();
    let p = |paired: &Paired| paired.p.map(|(p, _)| p);
    let ours = effects
        .iter()
        .zip(compared)
        .map(|(effect, (_, own))| p(effect.map_or(&own.paired, |effect| &effect.reference)));
    // What the other sweep does not tell counts as not found.
    let theirs = effects
        .iter()
        .map(|effect| effect.map_or(Some(1.0), |effect| p(&effect.other)));
    let corrected = [corrected(ours.collect()), corrected(theirs.collect())];
    let verdicts =
        |(index, (effect, (arm, own))): (usize, (&Option<&Effect>, &(&Arm, &Comparison)))| {
            let effect = effect.filter(|_| arm.controls.is_none())?;
            let over = |paired: &Paired, side: usize| {
                let comparison = Comparison {
                    paired: paired.clone(),
                    p_holm: corrected[side][index],
                    ..(*own).clone()
                };
                judge(expected, &comparison, compared.len())
            };
            Some([over(&effect.reference, 0)?, over(&effect.other, 1)?])
        };
    let all = effects.iter().zip(compared).enumerate();
    all.map(verdicts).collect()
}

/// Holm's correction over all that have a p.
fn corrected(p: Vec<Option<f64>>) -> Vec<Option<f64>> {
    let known: Vec<f64> = p.iter().flatten().copied().collect();
    let mut adjusted = holm(&known).into_iter();
    p.iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

/// `confirmed in both`, `confirmed → not resolved`.
pub fn words(sides: [Verdict; 2]) -> String {
    let [reference, other] = sides.map(word);
    match reference == other {
        true => format!("{reference} in both"),
        false => format!("{reference} → {other}"),
    }
}

/// Whether it is the same on both sides, whatever number of seeds would tell.
pub fn is_kept(sides: [Verdict; 2]) -> bool {
    word(sides[0]) == word(sides[1])
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Confirmed => "confirmed",
        Verdict::Contradicted => "contradicted",
        Verdict::NotResolved(_) => "not resolved",
    }
}

/// As `report.json` says it.
pub fn key(verdict: Verdict) -> String {
    word(verdict).replace(' ', "_")
}
