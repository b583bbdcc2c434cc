//! The answer in words: are the numbers the same, and if not, by how much and how sure.

use super::Across;
use super::effects::Effect;
use super::judged::{self, is_kept};
use super::pair::Alike;
use super::setup::not_the_same;
use super::size::difference;
use super::versus::Versus;
use crate::report::label;
use crate::report::number;
use crate::report::stats::Paired;
use crate::report::verdict::ALPHA;

/// What came out for one sweep, in a headline and sentences; first of all, whether it was the same experiment.
pub fn answer(across: &Across, versus: &Versus) -> String {
    let setup = not_the_same(versus);
    let sentences: Vec<String> = setup.into_iter().chain([numbers(across, versus)]).collect();
    sentences.join(" ")
}

fn numbers(across: &Across, versus: &Versus) -> String {
    let metric = label::visible(across.metric);
    let (pairs, valued, equal) = (versus.trials().count(), versus.valued(), versus.equal());
    if versus.points.is_empty() {
        return format!("No point in common. {}", apart(across, versus));
    }
    if pairs == 0 {
        return format!(
            "No seed in common. {} in common, but no seed was planned for any of them in both.",
            points(versus.points.len())
        );
    }
    if versus.finished() > 0 && versus.alike(Alike::Everything) == versus.finished() {
        return format!(
            "Identical. {} that ended in both: every bit of every epoch, metric, picture and parameter is the same.",
            all_of(versus.finished())
        );
    }
    if valued == 0 {
        return format!(
            "Nothing to compare yet. {} and {} in common, but none has completed with a value of {metric} in both.",
            points(versus.points.len()),
            across.unit.counted(pairs)
        );
    }
    let mut sentences = vec![match equal == valued {
        true => format!(
            "The same numbers. {metric} is equal to the last bit in {}.",
            all_of(valued).to_lowercase()
        ),
        false => format!(
            "Different numbers. {metric} is equal in {equal} of {}.",
            in_pairs(valued)
        ),
    }];
    sentences.extend(same(versus, versus.finished()));
    if equal < valued {
        sentences.extend(difference(across, versus));
        sentences.extend(effects(versus));
    }
    sentences.join(" ")
}

/// How many pairs are alike beyond the metric, of those that ended in both.
fn same(versus: &Versus, of: usize) -> Option<String> {
    let [all, parameters] = [Alike::Everything, Alike::Parameters].map(|least| versus.alike(least));
    let words = match (all, parameters) {
        (0, 0) => return None,
        (all, parameters) if all == parameters => format!(
            "{} identical in every bit of every epoch, metric, picture and parameter.",
            are(all, of)
        ),
        (0, parameters) => format!(
            "{} networks of the same parameters, bit for bit.",
            have(parameters, of)
        ),
        (all, parameters) => format!(
            "{} networks of the same parameters, bit for bit; {} identical in everything else too.",
            have(parameters, of),
            are(all, of)
        ),
    };
    Some(words)
}

fn have(n: usize, of: usize) -> String {
    match n {
        1 => format!("1 of {of} has"),
        n => format!("{n} of {of} have"),
    }
}

fn are(n: usize, of: usize) -> String {
    match n {
        1 => format!("1 of {of} is"),
        n => format!("{n} of {of} are"),
    }
}

/// Whether the reference's own comparisons come out the same way here.
fn effects(versus: &Versus) -> Option<String> {
    let mean = |paired: &Paired| paired.summary.mean;
    let told: Vec<_> = versus
        .effects
        .iter()
        .filter(|e| e.change.summary.n > 0)
        .collect();
    let same = told
        .iter()
        .filter_map(|e| Some(mean(&e.reference)? * mean(&e.other)?));
    let same = same.filter(|product| *product > 0.0).count();
    let changed = told.iter().filter(|e| e.p_holm.is_some_and(|p| p <= ALPHA));
    let changed = match changed.count() {
        0 => "the size of none changes".to_owned(),
        n => format!("the size of {n} changes"),
    };
    let n = told.len();
    (n > 0).then(|| {
        format!(
            "Of {} of the reference with its baseline, {same} {} the same way here; {changed} beyond chance (p ≤ {ALPHA}).{}",
            number::counted(n, "comparison"),
            if same == 1 { "points" } else { "point" },
            verdicts(&told)
        )
    })
}

/// What became of the reference's verdicts: ` Verdicts: 2 the same, add · blocks 6 confirmed → not resolved.`
fn verdicts(effects: &[&Effect]) -> String {
    const NAMED: usize = 3;
    let told = effects
        .iter()
        .filter_map(|effect| Some((&effect.label, effect.verdicts?)));
    let (kept, other): (Vec<_>, Vec<_>) = told.partition(|(_, sides)| is_kept(*sides));
    let named = other.iter().take(NAMED);
    let mut parts: Vec<String> = named
        .map(|(label, sides)| format!("{label}: {}", judged::words(*sides)))
        .collect();
    if other.len() > NAMED {
        parts.push(format!("{} more that changed", other.len() - NAMED));
    }
    if !kept.is_empty() {
        parts.push(format!("{} the same in both", kept.len()));
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!(" Verdicts: {}.", parts.join("; ")),
    }
}

/// Why no point is in common: the fields in which no value is.
fn apart(across: &Across, versus: &Versus) -> String {
    let axes: Vec<String> = versus
        .matching
        .by
        .iter()
        .map(|axis| label::visible(axis).into_owned())
        .collect();
    if versus.matching.apart.is_empty() {
        return format!(
            "No point of {} has the values of {} that one of {} has.",
            name(versus.name),
            axes.join(", "),
            name(&across.reference().name)
        );
    }
    let parts: Vec<String> = versus
        .matching
        .apart
        .iter()
        .map(|apart| {
            format!(
                "{} is {} in {} and {} in {}",
                label::visible(&apart.axis),
                apart.values[0],
                name(&across.reference().name),
                apart.values[1],
                name(versus.name)
            )
        })
        .collect();
    format!("{}.", parts.join("; "))
}

/// The name of a sweep as it may be shown.
pub fn name(name: &str) -> String {
    label::visible(name).into_owned()
}

/// `1 point`, `2 points`.
pub fn points(n: usize) -> String {
    number::counted(n, "point")
}

fn all_of(n: usize) -> String {
    match n {
        1 => "The one pair".into(),
        n => format!("All {n} pairs"),
    }
}

/// `1 pair`, `2 pairs`.
pub fn in_pairs(n: usize) -> String {
    number::counted(n, "pair")
}
