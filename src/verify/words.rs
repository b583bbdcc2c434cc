//! A verdict in words, and as JSON.

use super::{Coverage, Finding, Level, Loss, Verdict};
use crate::harmless::harmless;
use serde_json::{Value, json as object};
use std::collections::BTreeSet;

/// Raised when a key changes its meaning or goes away.
const FORMAT: u32 = 1;

/// Trials named one by one.
const NAMED: usize = 4;

/// Lines for people; the last one says it all.
pub fn text(verdict: &Verdict) -> String {
    let mut lines = Vec::new();
    for finding in &verdict.findings {
        let path = harmless(&finding.path.to_string_lossy());
        let problem = harmless(&finding.problem);
        match finding.level {
            Level::Damage => lines.push(format!("{path}: {problem}")),
            Level::Note => lines.push(format!("note: {path} {problem}")),
        }
        let shows_loss = finding.level == Level::Damage || costs(&finding.loss);
        if shows_loss {
            lines.push(format!("  lost: {}", loss(&finding.loss)));
        }
        if let Some(mend) = &finding.mend {
            lines.push(format!("  mend: {}", harmless(mend)));
        }
    }
    lines.push(last_line(verdict));
    lines.join("\n") + "\n"
}

fn costs(loss: &Loss) -> bool {
    !matches!(loss, Loss::Nothing(_))
}

fn last_line(verdict: &Verdict) -> String {
    let whole = format!(
        "{} and {}",
        count(verdict.trials, "trial"),
        count(verdict.shards, "shard")
    );
    let damages = verdict.damages().count();
    let missing = verdict.asked.filter(|asked| asked.missing > 0);
    let missing = missing.map(|Coverage { all, missing }| {
        format!(
            "{missing} of {all} results that the sweep asks for are not here: not done yet, or gone"
        )
    });
    if damages == 0 {
        let lost = missing.unwrap_or_else(|| "nothing is lost".into());
        return format!("all {whole} are whole; {lost}");
    }
    let mut again = BTreeSet::new();
    let mut others = false;
    for finding in verdict.damages() {
        match &finding.loss {
            Loss::Nothing(_) => {}
            Loss::Retrained(trials) => again.extend(trials.iter().map(|(id, _)| id.clone())),
            Loss::Steps(..) | Loss::Unasked(_) | Loss::Unknown(_) => others = true,
        }
    }
    let lost = match (again.len(), others) {
        (0, false) => "nothing is lost".to_owned(),
        (0, true) => "what is lost is said above".to_owned(),
        (trials, false) => format!("the results of {} are lost", count(trials, "trial")),
        (trials, true) => format!(
            "the results of {} are lost, and what is said above",
            count(trials, "trial")
        ),
    };
    let found = format!("{}: {lost}; {whole} are whole", count(damages, "finding"));
    match missing {
        Some(missing) => format!("{found}; {missing}"),
        None => found,
    }
}

/// What is lost, in words.
fn loss(loss: &Loss) -> String {
    match loss {
        Loss::Nothing(because) => format!("nothing: {because}"),
        Loss::Retrained(trials) => {
            let from = |(id, step): &(String, Option<u64>)| match step {
                Some(step) => format!(
                    "trial {} is trained again from its checkpoint of step {step}",
                    short(id)
                ),
                None => format!("trial {} is trained again from the start", short(id)),
            };
            named(trials.iter().map(from), trials.len())
        }
        Loss::Steps(id, step) => match step {
            Some(step) => format!(
                "training since; trial {} goes on from its checkpoint of step {step}",
                short(id)
            ),
            None => format!("training so far; trial {} starts anew", short(id)),
        },
        Loss::Unasked(ids) => {
            let ids = named(ids.iter().map(|id| short(id).to_owned()), ids.len());
            format!("the results of {ids}, which the sweep as it stands does not ask for")
        }
        Loss::Unknown(what) => what.clone(),
    }
}

fn named(items: impl Iterator<Item = String>, all: usize) -> String {
    let mut text = items.take(NAMED).collect::<Vec<_>>().join(", ");
    if all > NAMED {
        text += &format!(" and {} more likewise", all - NAMED);
    }
    text
}

/// The beginning of an id, as `ablate logs` takes it.
fn short(id: &str) -> String {
    harmless(&id.chars().take(12).collect::<String>())
}

/// "1 trial", "2 trials".
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// One object for scripts.
pub fn json(verdict: &Verdict) -> String {
    let object = object!({
        "format": FORMAT,
        "whole": verdict.is_whole(),
        "trials": verdict.trials,
        "shards": verdict.shards,
        "asked": verdict.asked.map(|asked| asked.all),
        "missing": verdict.asked.map(|asked| asked.missing),
        "findings": verdict.findings.iter().map(finding).collect::<Vec<_>>(),
        "summary": last_line(verdict),
    });
    format!("{object:#}\n")
}

fn finding(finding: &Finding) -> Value {
    let level = match finding.level {
        Level::Damage => "damage",
        Level::Note => "note",
    };
    let lost = match &finding.loss {
        Loss::Nothing(_) | Loss::Unknown(_) => Vec::new(),
        Loss::Retrained(trials) => trials.iter().map(|(id, _)| id.clone()).collect(),
        Loss::Steps(id, _) => vec![id.clone()],
        Loss::Unasked(ids) => ids.clone(),
    };
    object!({
        "path": finding.path.to_string_lossy(),
        "level": level,
        "problem": finding.problem,
        "lost": loss(&finding.loss),
        "trials": lost,
        "mend": finding.mend,
    })
}
