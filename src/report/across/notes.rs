//! What a careful reader must know beside the answer: what has no partner or no value, what became of every trial, time.

use super::Across;
use super::differs::Place;
use super::side::Side;
use super::versus::Versus;
use super::words::{in_pairs, name, points};
use crate::report::compare::Comparisons;
use crate::report::label;
use crate::report::number::Digits;
use std::collections::BTreeMap;

/// Points are named up to so many.
const NAMED: usize = 6;

/// What a careful reader must know besides: points, seeds and trials without a partner, what became of all trials, time.
pub fn notes(across: &Across, versus: &Versus) -> Vec<String> {
    let reference = name(&across.reference().name);
    let names = [reference.clone(), name(versus.name)];
    let mut notes = Vec::new();
    notes.extend(time(across, versus, &reference));
    for (name, alone) in names.iter().zip(&versus.alone) {
        if alone.is_empty() {
            continue;
        }
        let count: usize = alone.iter().map(|(_, trials)| trials).sum();
        let mut labels: Vec<&str> = alone.iter().map(|(label, _)| label.as_str()).collect();
        let more = labels.len().saturating_sub(NAMED);
        labels.truncate(NAMED);
        let more = match more {
            0 => String::new(),
            n => format!(", {n} more"),
        };
        notes.push(format!(
            "Only {name} has {} ({}): {}{more}.",
            points(alone.len()),
            across.unit.counted(count),
            labels.join(", ")
        ));
    }
    for (side, name) in names.iter().enumerate() {
        let lonely: usize = versus.points.iter().map(|p| p.lonely[side].len()).sum();
        if lonely > 0 {
            notes.push(format!(
                "At points in common, only {name} has {} of other seeds.",
                across.unit.counted(lonely)
            ));
        }
    }
    for free in &versus.matching.free {
        notes.push(format!(
            "Only one of the two varies {}, and the other has none of its values: each is compared with the same trials, and the difference includes it.",
            label::visible(free)
        ));
    }
    if versus
        .differences
        .iter()
        .any(|d| d.place == Place::Config && d.what == "task")
    {
        notes.push(
            "The task is not the same: a metric of the same name may mean another thing.".into(),
        );
    }
    let unvalued = versus.trials().count() - versus.valued();
    if unvalued > 0 {
        notes.push(format!(
            "{} of the same point and seed without {} in both: {}.",
            in_pairs(unvalued),
            label::visible(across.metric),
            ends(versus, &names)
        ));
    }
    notes
}

/// How the pairs that cannot be compared ended: `completed in a and pending in b: 3`.
fn ends(versus: &Versus, [reference, other]: &[String; 2]) -> String {
    let mut ends: BTreeMap<[&str; 2], usize> = BTreeMap::new();
    for pair in versus.trials().filter(|pair| pair.values.is_none()) {
        let end = [pair.reference, pair.other].map(|row| row.outcome.name());
        *ends.entry(end).or_default() += 1;
    }
    let words = ends.iter().map(|([a, b], n)| match a == b {
        true => format!("{a} in both: {n}"),
        false => format!("{a} in {reference} and {b} in {other}: {n}"),
    });
    words.collect::<Vec<_>>().join("; ")
}

/// What became of the trials of every sweep: `x: 16 trials planned = 14 completed + 2 pending.`
pub fn outcomes(across: &Across) -> Vec<String> {
    let line = |(side, arms): &(&Side, &Comparisons)| {
        let counts = arms.counts.iter().filter(|(_, n)| *n > 0);
        let parts: Vec<String> = counts
            .map(|(outcome, n)| format!("{n} {}", outcome.name()))
            .collect();
        let planned = across.unit.counted(side.record.trials.len());
        let sum = match parts.is_empty() {
            true => String::new(),
            false => format!(" = {}", parts.join(" + ")),
        };
        format!("{}: {planned} planned{sum}.", name(&side.name))
    };
    across.sides.iter().map(line).collect()
}

/// How long the trials took beside the reference's.
fn time(across: &Across, versus: &Versus, reference: &str) -> Option<String> {
    let mean = versus.log_wall.mean?;
    let digits = Digits::Fixed(2);
    let interval = versus.log_wall.interval.map_or_else(String::new, |i| {
        let [low, high] = [i.low, i.high].map(|log| digits.show(log.exp()));
        format!(", 95% interval {low} to {high}")
    });
    Some(format!(
        "A {} took {} times as long as in {reference} (geometric mean of {}{interval}).",
        across.unit.name(),
        digits.show(mean.exp()),
        in_pairs(versus.log_wall.n)
    ))
}
