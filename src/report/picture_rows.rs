//! Which pictures are shown, as they are in the record: of every drawn arm those of one trial, and of its uses.

use super::compare::Comparisons;
use super::evidence::Evidence;
use super::label;
use super::strip::{PICTURES, is_whole};
use crate::outcome::Samples;

/// Pictures of one trial or use.
pub struct Row<'a> {
    /// Whose pictures: `input`, `target`, or the arm.
    pub title: String,
    /// Position of the arm among all arms, when they are one arm's.
    pub arm: Option<usize>,
    /// The pictures, which are as many as their shape says.
    pub samples: &'a Samples,
    /// Seed of the trial.
    pub seed: u64,
    /// The values of the axes of `evaluate:`; none of what was trained.
    pub used: &'a [String],
}

impl Row<'_> {
    /// Whether every arm gets the same.
    pub fn is_given(&self) -> bool {
        is_given(self.samples)
    }

    /// How many pictures are shown at most.
    pub fn shown(&self) -> usize {
        self.samples.shape[0].min(PICTURES)
    }

    /// The position of the last epoch.
    pub fn last(&self) -> usize {
        let epochs = self.samples.epochs.iter().enumerate();
        epochs
            .max_by_key(|(_, epoch)| **epoch)
            .map_or(0, |(index, _)| index)
    }

    /// The position of an epoch; what is given is the same in all.
    pub fn at(&self, epoch: u32) -> Option<usize> {
        match self.is_given() {
            true => Some(self.last()),
            false => self.samples.epochs.iter().position(|other| *other == epoch),
        }
    }
}

/// What went in, what should come out, what each arm made of it.
pub fn trained<'a>(evidence: &'a Evidence, comparisons: &Comparisons) -> Vec<Row<'a>> {
    let pictured = evidence.pictured();
    let (mut given, mut made): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
    for (index, arm) in comparisons.arms.iter().enumerate() {
        let Some(trial) = pictured.get(arm.axes) else {
            continue;
        };
        let detail = evidence.detail(&trial.id);
        let samples = detail.map_or(&[][..], |detail| &detail.samples);
        for samples in samples.iter().filter(|samples| is_whole(samples)) {
            let row = |title, arm| Row {
                title,
                arm,
                samples,
                seed: trial.seed,
                used: &[],
            };
            if !is_given(samples) {
                made.push(row(titled(&arm.label, samples), Some(index)));
            } else if !given.iter().any(|shown| shown.samples == samples) {
                given.push(row(samples.name.clone(), None));
            }
        }
    }
    given.sort_by(|a, b| a.samples.name.cmp(&b.samples.name));
    if given.windows(2).any(|pair| pair[0].seed != pair[1].seed) {
        for row in &mut given {
            row.title = format!("{} (seed {})", row.title, row.seed);
        }
    }
    given.append(&mut made);
    given
}

/// What becomes of the trained networks of every arm in other uses, in the record's order.
pub fn used<'a>(evidence: &'a Evidence, comparisons: &Comparisons) -> Vec<Row<'a>> {
    let own = evidence.record.axes.len();
    let mut rows = Vec::new();
    for (row, detail) in evidence.uses() {
        let (axes, used) = row.axes.split_at(own);
        let Some(arm) = comparisons.arms.iter().position(|arm| arm.axes == axes) else {
            continue;
        };
        let samples = detail.samples.iter();
        for samples in samples.filter(|samples| is_whole(samples) && !is_given(samples)) {
            rows.push(Row {
                title: titled(&comparisons.arms[arm].label, samples),
                arm: Some(arm),
                samples,
                seed: row.seed,
                used,
            });
        }
    }
    rows
}

fn titled(arm: &str, samples: &Samples) -> String {
    match samples.name.as_str() {
        "output" => arm.to_owned(),
        other => format!("{arm}: {}", label::visible(other)),
    }
}

fn is_given(samples: &Samples) -> bool {
    matches!(samples.name.as_str(), "input" | "target" | "real")
}
