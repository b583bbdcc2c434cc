//! Where the numbers come from: versions, machines, data, and the command that makes them again.

use super::evidence::Evidence;
use super::label;
use super::number::{self, Digits};
use crate::record::{SweepRecord, TrialDetail};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A name with what is known under it.
pub type Fact = (String, String);

/// Whether a sweep is the quick form of its file. What a record keeps of such a file ends with a line that says so.
pub fn is_quick(record: &SweepRecord) -> bool {
    let said = |line: &str| line.strip_prefix("form:").map(str::trim) == Some("quick");
    record.yaml.lines().any(said)
}

/// The command that makes the sweep again, from the YAML beside the report and from the file that it was copied from.
pub fn command(record: &SweepRecord) -> &'static str {
    match is_quick(record) {
        true => "ablate run sweep.yaml --quick",
        false => "ablate run sweep.yaml",
    }
}

/// What a reader must know of a quick form.
pub fn quick_note(record: &SweepRecord) -> Option<String> {
    is_quick(record).then(|| {
        "This is the sweep's quick form, smaller than what it asks for: it shows that the sweep runs, and answers nothing."
            .into()
    })
}

/// The facts, in the order they are shown.
pub fn facts(evidence: &Evidence) -> Vec<Fact> {
    let record = evidence.record;
    let mut facts: Vec<Fact> = Vec::new();
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            facts.push((name.into(), value));
        }
    };
    add("sweep", label::visible(&record.name).into_owned());
    add(
        "record made",
        format!(
            "{} by ablate {} ({})",
            label::visible(&record.created),
            label::visible(&record.ablate_version),
            label::visible(&record.git_rev)
        ),
    );
    add("images", datasets(evidence));
    add("trained", period(evidence));
    add("training time", total_time(evidence));
    add("computing", computing(evidence));
    let mut environment: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (_, detail) in evidence.detailed() {
        for (name, value) in &detail.environment {
            *environment
                .entry(name)
                .or_default()
                .entry(value)
                .or_default() += 1;
        }
    }
    environment.retain(|name, _| !is_of_one_trial(name));
    add("GPU utilisation", utilisation(evidence));
    // The program that made the record is told above; trials may come from others.
    let told = [
        ("ablate_version", &record.ablate_version),
        ("git_rev", &record.git_rev),
    ];
    environment.retain(|name, values| {
        let mut told = told.iter();
        !told.any(|(known, value)| name == known && values.keys().eq([value.as_str()].iter()))
    });
    for (name, values) in environment {
        add(&label::visible(name), shares(&values));
    }
    facts
}

/// Whether a fact of an environment is a measurement, another one in every trial, or chance.
pub fn is_of_one_trial(name: &str) -> bool {
    name.starts_with("gpu_utilisation_") || name == "gpu_workers"
}

/// Mean of the trials in which it was sampled.
fn utilisation(evidence: &Evidence) -> String {
    let percent = |detail: &TrialDetail| {
        let text = detail.environment.get("gpu_utilisation_percent")?;
        let percent = text.parse().ok()?;
        (0.0..=100.0).contains(&percent).then_some(percent)
    };
    let all: Vec<f64> = evidence
        .detailed()
        .filter_map(|(_, detail)| percent(detail))
        .collect();
    match all.is_empty() {
        true => String::new(),
        false => format!(
            "{:.0} % in the mean of {} trials, as nvidia-smi counts: some kernel ran",
            all.iter().sum::<f64>() / all.len() as f64,
            all.len()
        ),
    }
}

/// Each value once, with its number of trials where there are several.
fn shares(values: &BTreeMap<&str, usize>) -> String {
    let several = values.len() > 1;
    let one = |(value, n): (&&str, &usize)| match several {
        true => format!("{} ({n} trials)", label::visible(value)),
        false => label::visible(value).into_owned(),
    };
    values.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a trial of this config was trained with. Figures made on procedural digits say so (science.md §6).
pub fn images(config: &Map<String, Value>) -> Option<String> {
    Some(match config.get("data.dataset")?.as_str()? {
        "digits" => "procedural digits (not MNIST)".into(),
        "mnist" => "MNIST".into(),
        other => label::visible(other).into_owned(),
    })
}

fn datasets(evidence: &Evidence) -> String {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (row, _) in evidence.detailed() {
        let config = evidence.config(&row.id);
        if let Some(name) = config.and_then(|config| images(&config)) {
            *names.entry(name).or_default() += 1;
        }
    }
    shares(&names.iter().map(|(name, n)| (name.as_str(), *n)).collect())
}

/// From when to when trials ended.
fn period(evidence: &Evidence) -> String {
    let ends = || {
        evidence
            .detailed()
            .map(|(_, detail)| detail.ended.as_str())
            .filter(|end| !end.is_empty())
    };
    // RFC 3339 in UTC sorts as text.
    match (ends().min(), ends().max()) {
        (Some(first), Some(last)) if first == last => format!("ended {}", label::visible(first)),
        (Some(first), Some(last)) => format!(
            "first trial ended {}, last {}",
            label::visible(first),
            label::visible(last)
        ),
        _ => String::new(),
    }
}

/// What the trials of Slurm jobs took: cores times hours, and hours of GPUs. On Expanse's shared partitions either is about one SU.
fn computing(evidence: &Evidence) -> String {
    let (mut cores, mut gpus) = (0.0, 0.0);
    let of_a_job = |detail: &TrialDetail| detail.environment.contains_key("slurm_job_id");
    for (row, detail) in evidence.detailed().filter(|(_, detail)| of_a_job(detail)) {
        let hours = Some(row.wall_seconds / 3600.0)
            .filter(|hours| hours.is_finite() && *hours > 0.0)
            .unwrap_or(0.0);
        let threads = detail
            .environment
            .get("threads")
            .and_then(|threads| threads.parse().ok());
        match row.device.as_str() {
            "cpu" => cores += hours * f64::from(threads.unwrap_or(1_u16)),
            _ => gpus += hours,
        }
    }
    let parts = [
        (cores, "core-hours"),
        (gpus, "GPU-hours (trials that share a GPU count each)"),
    ]
    .into_iter()
    .filter(|(hours, _)| *hours > 0.0);
    let shown = |(hours, name): (f64, &str)| {
        format!(
            "{} {name}",
            Digits::of(std::iter::empty(), [hours].into_iter()).show(hours)
        )
    };
    let parts: Vec<String> = parts.map(shown).collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!(
            "{} in the trials that are done: as many SU in a shared partition of Expanse, where a job costs at least 1",
            parts.join(" and ")
        ),
    }
}

fn total_time(evidence: &Evidence) -> String {
    let walls = evidence.record.trials.iter().map(|row| row.wall_seconds);
    let seconds: f64 = walls.filter(|wall| wall.is_finite() && *wall > 0.0).sum();
    match seconds {
        0.0 => String::new(),
        s if s < 120.0 => format!("{} s in all trials", Digits::Fixed(1).show(s)),
        s if s < 7200.0 => format!("{} min in all trials", Digits::Fixed(1).show(s / 60.0)),
        s => format!("{} h in all trials", number::scaled((s / 3600.0).round())),
    }
}
