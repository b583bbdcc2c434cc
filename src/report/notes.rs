//! What a careful reader must know beside the answer: what became of every trial, and what could not be compared.

use super::compare::{Arm, Comparisons, Role};
use super::floor;
use super::label;
use crate::outcome::Outcome;
use crate::record::TrialRow;

/// Counts of outcomes as a sum, and what was trained with: `16 trials planned = 14 completed + 2 pending; images: MNIST`.
pub fn counts(comparisons: &Comparisons) -> String {
    let planned: usize = comparisons.counts.iter().map(|(_, n)| n).sum();
    let parts: Vec<String> = comparisons
        .counts
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(outcome, n)| format!("{n} {}", outcome.name()))
        .collect();
    if parts.is_empty() {
        return "0 trials planned".into();
    }
    let images = match comparisons.images.as_str() {
        "" => String::new(),
        images => format!("; images: {images}"),
    };
    format!("{planned} trials planned = {}{images}", parts.join(" + "))
}

/// Trials that are missing, arms without values, seeds that could not be paired; empty when nothing is.
pub fn notes(comparisons: &Comparisons) -> Vec<String> {
    let number = |wanted: &[Outcome]| -> usize {
        let counts = comparisons.counts.iter();
        counts
            .filter(|(outcome, _)| wanted.contains(outcome))
            .map(|(_, n)| n)
            .sum()
    };
    let mut notes = Vec::new();
    match comparisons.unfinished() {
        0 => {}
        1 => notes
            .push("Provisional: 1 trial is still to be done; run the same command again.".into()),
        n => notes.push(format!(
            "Provisional: {n} trials are still to be done; run the same command again."
        )),
    }
    match number(&[Outcome::Diverged, Outcome::Quarantined]) {
        0 => {}
        n => notes.push(format!(
            "Diverged or quarantined: {n} of the trials. They are counted, but have no value to compare."
        )),
    }
    let without = arms_with(comparisons, |arm| {
        let lacks = |row: &&&TrialRow| {
            row.outcome == Outcome::Completed && !arm.values.contains_key(&row.seed)
        };
        let n = arm.trials.iter().filter(lacks).count();
        (n > 0).then(|| n.to_string())
    });
    if !without.is_empty() {
        let metric = label::visible(&comparisons.metric);
        notes.push(format!("Completed without {metric}: {without}."));
    }
    let unpaired = arms_with(comparisons, |arm| match &arm.role {
        Role::Compared(c) if c.paired.summary.n < c.planned => {
            Some(format!("{} of {}", c.paired.summary.n, c.planned))
        }
        _ => None,
    });
    if !unpaired.is_empty() {
        notes.push(format!("Not all seeds could be paired: {unpaired}."));
    }
    let alone = arms_with(comparisons, |arm| {
        matches!(arm.role, Role::NoBaseline).then(|| "shown, not compared".into())
    });
    if !alone.is_empty() && comparisons.unfinished() > 0 {
        notes.push(
            "Some arms are not compared yet: their baseline has not finished a trial.".into(),
        );
    } else if !alone.is_empty() {
        notes.push(format!(
            "No baseline with equal values of all other axes: {alone}."
        ));
    }
    notes.extend(floor::note(comparisons));
    notes
}

/// `arm (remark), …` of the arms that have a remark.
fn arms_with(comparisons: &Comparisons, remark: impl Fn(&Arm) -> Option<String>) -> String {
    let arms = comparisons.arms.iter();
    let remarks = arms.filter_map(|arm| Some(format!("{} ({})", arm.label, remark(arm)?)));
    remarks.collect::<Vec<_>>().join(", ")
}
