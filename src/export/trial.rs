//! The event file of one run: its curves, final numbers, pictures and config.

use super::event::{Events, Value, tag};
use super::hparams::{self, Hparams};
use super::runs::Run;
use crate::error::Result;
use crate::outcome::{Samples, Table};
use crate::record::TrialDetail;
use crate::record::schema::{EPOCH, EPOCHS, METRICS, SAMPLES, SECONDS};
use crate::report::{label, strip};
use chrono::DateTime;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// The file.
///
/// # Errors
/// Only such as the code rules out: PNGs are written to memory.
pub fn file(run: &Run, detail: &TrialDetail, hparams: &Hparams) -> Result<Vec<u8>> {
    let times = Times::of(run.row.wall_seconds, detail);
    let mut events = Events::new(times.start);
    events.push(times.start, 0, vec![hparams.start(run, times.start)]);
    events.push(times.start, 0, texts(detail));
    let steps = steps(&detail.epochs);
    for (row, step) in steps.iter().enumerate() {
        events.push(times.after(row), *step, scalars(&detail.epochs, row));
    }
    for samples in detail
        .samples
        .iter()
        .filter(|samples| strip::is_whole(samples))
    {
        for (index, epoch) in samples.epochs.iter().enumerate() {
            let step = i64::from(*epoch);
            let row = steps.iter().position(|other| *other == step);
            let time = row.map_or(times.start, |row| times.after(row));
            events.push(time, step, vec![picture(samples, index)?]);
        }
    }
    let finals = hparams::finals(run);
    let mut last: Vec<Value> = finals
        .map(|(name, value)| Value::scalar(&tag(METRICS, name), value))
        .collect();
    last.push(hparams::end(run.row.outcome, times.end));
    events.push(times.end, steps.last().copied().unwrap_or(0), last);
    Ok(events.into_bytes())
}

/// A text in which nothing acts: Markdown shows lines that are indented as they are.
pub fn as_written(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| format!("    {}\n", label::visible(line)));
    lines.collect()
}

/// When things happened, in seconds since 1970, as if the trial had run in one go: a trial that was interrupted has curves
/// without gaps. Without a time of its own a trial starts at 0.
struct Times {
    start: f64,
    end: f64,
    after: Vec<f64>,
}

impl Times {
    fn of(wall_seconds: f64, detail: &TrialDetail) -> Self {
        let whole = duration(wall_seconds);
        let ended =
            DateTime::parse_from_rfc3339(&detail.ended).map_or(0.0, |time| time.timestamp() as f64);
        let start = (ended - whole).max(0.0);
        let seconds = detail.epochs.column(SECONDS).unwrap_or_default();
        let mut now = start;
        let after = seconds.iter().map(|seconds| {
            now += duration(*seconds);
            now
        });
        Self {
            start,
            after: after.collect(),
            end: start + whole,
        }
    }

    /// The end of the epoch in this row.
    fn after(&self, row: usize) -> f64 {
        self.after.get(row).copied().unwrap_or(self.start)
    }
}

/// Seconds as they can have passed: a foreign record may say anything.
fn duration(seconds: f64) -> f64 {
    const CENTURY: f64 = 3.2e9;
    match (0.0..CENTURY).contains(&seconds) {
        true => seconds,
        false => 0.0,
    }
}

/// The epoch of every row. The HParams plugin counts in 32 bits.
fn steps(epochs: &Table) -> Vec<i64> {
    match epochs.column(EPOCH) {
        Some(epochs) => epochs
            .iter()
            .map(|epoch| i64::from(*epoch as i32))
            .collect(),
        None => (1..).take(epochs.rows()).collect(),
    }
}

/// What was measured in one epoch.
fn scalars(epochs: &Table, row: usize) -> Vec<Value> {
    let columns = epochs.columns().filter(|(name, _)| *name != EPOCH);
    let known = columns.filter(|(_, values)| !values[row].is_nan());
    known
        .map(|(name, values)| Value::scalar(&tag(EPOCHS, name), values[row]))
        .collect()
}

fn picture(samples: &Samples, index: usize) -> Result<Value> {
    let tag = tag(SAMPLES, &samples.name);
    let shown = samples.shape[0].min(strip::PICTURES);
    Ok(Value::image(
        &tag,
        strip::size(samples, shown),
        &strip::png(samples, index, shown)?,
    ))
}

fn texts(detail: &TrialDetail) -> Vec<Value> {
    let lines = |pairs: &mut dyn Iterator<Item = (&String, String)>| {
        let line = |(name, value)| format!("{name}: {value}\n");
        as_written(&pairs.map(line).collect::<String>())
    };
    let config = match serde_json::from_str::<Map<String, Json>>(&detail.config) {
        Ok(fields) => lines(&mut fields.iter().map(|(path, value)| (path, value.to_string()))),
        Err(_) => as_written(&detail.config),
    };
    let environment: &BTreeMap<String, String> = &detail.environment;
    let environment = lines(
        &mut environment
            .iter()
            .map(|(name, value)| (name, value.clone())),
    );
    let message = as_written(&detail.message);
    [
        ("config", config),
        ("environment", environment),
        ("message", message),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(tag, text)| Value::text(tag, &text))
    .collect()
}
