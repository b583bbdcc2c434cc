//! What it brought that trials shared a GPU: the work done in a second, by how many trained on it at a time.

use super::chart::{Chart, Line, short};
use super::evidence::Evidence;
use super::figures::Look;
use super::number::Digits;
use crate::record::{TrialDetail, TrialRow};
use serde::Serialize;
use std::collections::BTreeMap;

/// What every output says of it.
pub const CAPTION: &str = "Multiply-accumulates that trials did in a second, times the workers that trained on their GPU all the while, relative to the first row. Trials during which that number changed are left out.";

/// Trials that trained with so many workers on their GPU all the while.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Workers on the GPU, the trial's own included.
    pub workers: u32,
    /// Trials.
    pub trials: usize,
    /// Work that the GPU did in a second, relative to that with the fewest workers.
    pub throughput: f64,
}

impl Share {
    /// Headings of its table.
    pub const HEADINGS: [&str; 3] = ["workers on a GPU", "trials", "throughput"];

    /// Cells of its table.
    pub fn cells(&self) -> [String; 3] {
        let throughput = Digits::Fixed(2).show(self.throughput);
        [
            self.workers.to_string(),
            self.trials.to_string(),
            format!("× {throughput}"),
        ]
    }
}

/// The shares by rising number of workers; none where all trials had the same, or none was on a GPU.
pub fn of(evidence: &Evidence) -> Vec<Share> {
    // Trials, work and seconds.
    let mut sums: BTreeMap<u32, (usize, f64, f64)> = BTreeMap::new();
    for (row, detail) in evidence.detailed() {
        // Configs are read of such trials only: there may be thousands of others.
        let Some(workers) = workers(detail) else {
            continue;
        };
        let Some(work) = work(evidence, row) else {
            continue;
        };
        let (trials, done, seconds) = sums.entry(workers).or_default();
        *trials += 1;
        *done += work;
        *seconds += row.wall_seconds;
    }
    let rate = |workers: u32, done: f64, seconds: f64| f64::from(workers) * done / seconds;
    let first = sums.iter().next();
    let first = first.map_or(1.0, |(workers, (_, done, seconds))| {
        rate(*workers, *done, *seconds)
    });
    let shares = sums.iter().map(|(workers, (trials, done, seconds))| Share {
        workers: *workers,
        trials: *trials,
        throughput: rate(*workers, *done, *seconds) / first,
    });
    match sums.len() {
        0 | 1 => Vec::new(),
        _ => shares.collect(),
    }
}

/// The curve; none where there are no shares.
pub fn chart(shares: &[Share]) -> Vec<Chart> {
    if shares.is_empty() {
        return Vec::new();
    }
    let mean = shares.iter().map(|share| Some(short(share.throughput)));
    let none = vec![None; shares.len()];
    vec![Chart {
        name: "throughput".into(),
        x: Share::HEADINGS[0].into(),
        y: "throughput, relative".into(),
        places: shares
            .iter()
            .map(|share| share.workers.to_string())
            .collect(),
        lines: vec![Line {
            label: "all trials".into(),
            look: Look::level(0),
            mark: 0,
            first: true,
            mean: mean.collect(),
            low: none.clone(),
            high: none,
        }],
        left_out: 0,
    }]
}

/// How many trained on the trial's GPU, where that stayed the same.
fn workers(detail: &TrialDetail) -> Option<u32> {
    let workers = detail.environment.get("gpu_workers")?.parse().ok()?;
    (1..=1024).contains(&workers).then_some(workers)
}

/// Multiply-accumulates of its forward passes in training. A step costs the same multiple of them everywhere.
fn work(evidence: &Evidence, row: &TrialRow) -> Option<f64> {
    let config = evidence.config(&row.id)?;
    let number = |path: &str| config.get(path)?.as_f64();
    let work = row.macs as f64 * number("train.epochs")? * number("data.train")?;
    let positive = |number: f64| number.is_finite() && number > 0.0;
    (positive(work) && positive(row.wall_seconds)).then_some(work)
}
