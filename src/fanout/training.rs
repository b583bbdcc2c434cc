//! What a runner knows of a trial while it trains.

use super::curve::{Curve, Curves, MOST_SHOWN};
use super::message::Row;
use super::status::Running;
use crate::record::schema::TRAIN_LOSS;
use std::collections::BTreeMap;
use std::time::Instant;

/// Points of all curves of one runner's status together: some 100 kB.
const MOST_POINTS: usize = 64 * 2 * MOST_SHOWN;

/// A trial in training.
#[derive(Debug)]
pub struct Training {
    /// What people call it.
    pub label: String,
    /// The part that is done, 0 to 1.
    pub part: f64,
    /// The part that was done when it was first heard of in this attempt, and when that was.
    began: Option<(f64, Instant)>,
    epoch: u64,
    epochs: u64,
    curves: BTreeMap<String, Curve>,
}

impl Training {
    /// One that was just handed out.
    pub fn new(label: String) -> Self {
        Self {
            label,
            part: 0.0,
            began: None,
            epoch: 0,
            epochs: 0,
            curves: BTreeMap::new(),
        }
    }

    /// A part is done.
    pub fn moved(&mut self, part: f64) {
        self.part = part;
        self.began.get_or_insert_with(|| (part, Instant::now()));
    }

    /// So many of so many epochs are done; of what was measured after the last one, the training loss and `metric` are kept.
    pub fn measured(&mut self, epoch: u64, epochs: u64, row: &Row, metric: &str) {
        (self.epoch, self.epochs) = (epoch, epochs);
        for name in [TRAIN_LOSS, metric] {
            if let Some(value) = row.get(name).copied().flatten() {
                let curve = self.curves.entry(name.to_owned()).or_default();
                curve.push(epoch, value);
            }
        }
    }

    /// It went on from a checkpoint, and this was measured before.
    pub fn resumed(&mut self, curves: &Curves, metric: &str) {
        for name in [TRAIN_LOSS, metric] {
            let points = curves.get(name).into_iter().flatten();
            for (epoch, value) in points {
                let curve = self.curves.entry(name.to_owned()).or_default();
                curve.push(*epoch, *value);
            }
        }
    }

    /// As others are told, one of `beside` trials in training here: the more there are, the coarser the curves.
    pub fn told(&self, index: usize, id: String, rank: usize, beside: usize) -> Running {
        let most = (MOST_POINTS / (2 * beside.max(1))).min(MOST_SHOWN);
        let curves = self.curves.iter();
        Running {
            index,
            id,
            label: self.label.clone(),
            rank,
            part: self.part,
            from: self.began.map_or(0.0, |(part, _)| part),
            seconds: self
                .began
                .map_or(0.0, |(_, since)| since.elapsed().as_secs_f64()),
            epoch: self.epoch,
            epochs: self.epochs,
            curves: curves
                .map(|(name, curve)| (name.clone(), curve.shown(most)))
                .filter(|(_, points)| !points.is_empty())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[(&str, f64)]) -> Row {
        let pair = |(name, value): &(&str, f64)| ((*name).to_owned(), Some(*value));
        values.iter().map(pair).collect()
    }

    #[test]
    fn others_are_told_of_the_loss_and_the_metric_only() {
        let mut training = Training::new("x".into());
        training.moved(0.25);
        training.moved(0.5);
        let measured = row(&[("train_loss", 0.5), ("test.bce", 0.75), ("lr", 1.0)]);
        training.measured(3, 4, &measured, "test.bce");
        let told = training.told(7, "aa".into(), 1, 1);
        assert_eq!((told.part, told.from), (0.5, 0.25));
        assert_eq!((told.epoch, told.epochs), (3, 4));
        let curves: Vec<_> = told.curves.into_iter().collect();
        let expected = |name: &str, value| (name.to_owned(), vec![(3, value)]);
        assert_eq!(
            curves,
            [expected("test.bce", 0.75), expected("train_loss", 0.5)]
        );
    }

    #[test]
    fn a_curve_goes_on_from_a_checkpoint() {
        let mut training = Training::new("x".into());
        let before = [("train_loss", 0.75), ("lr", 1.0)];
        let before = before.map(|(name, value)| (name.to_owned(), vec![(1, value)]));
        training.resumed(&before.into(), "m");
        training.measured(2, 4, &row(&[("train_loss", 0.5)]), "m");
        let told = training.told(0, String::new(), 0, 1);
        assert_eq!(told.curves["train_loss"], [(1, 0.75), (2, 0.5)]);
        assert_eq!(told.curves.len(), 1);
    }

    #[test]
    fn a_thousand_trials_at_a_time_do_not_make_a_status_large() {
        let mut training = Training::new("x".into());
        for epoch in 1..=1000 {
            let measured = row(&[("train_loss", 0.5), ("m", 0.5)]);
            training.measured(epoch, 1000, &measured, "m");
        }
        for (beside, points) in [(1, 60), (64, 60), (128, 30), (1024, 3), (100_000, 0)] {
            let told = training.told(0, String::new(), 0, beside);
            let shown = told.curves.get("m").map_or(0, Vec::len);
            assert_eq!(shown, points, "{beside}");
        }
    }
}
