//! A record with the details that pages need, already read: pages can be made of it without a file.

use super::shown::Shown;
use crate::error::Result;
use crate::outcome::{Outcome, Table};
use crate::record::{SweepRecord, TrialDetail, TrialRow};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What a report is made from.
pub struct Evidence<'a> {
    /// The tables.
    pub record: &'a SweepRecord,
    /// The arms that a page shows.
    pub shown: Shown<'a>,
    details: BTreeMap<String, TrialDetail>,
}

impl<'a> Evidence<'a> {
    /// Takes details by trial id.
    pub fn new(record: &'a SweepRecord, details: BTreeMap<String, TrialDetail>) -> Self {
        Self {
            shown: Shown::of(record),
            record,
            details,
        }
    }

    /// Reads the details of all trials that left any. Curves are kept only of the arms that are drawn, pictures only of the
    /// trials that are shown, so that a large sweep fits in memory.
    ///
    /// # Errors
    /// When the record is damaged.
    pub fn load(record: &'a SweepRecord) -> Result<Self> {
        let mut evidence = Self::new(record, BTreeMap::new());
        let pictured = ids(evidence.pictured().values());
        let from = record.details()?;
        for row in record.trials.iter().filter(|row| left_details(row)) {
            let mut detail = from.read(&row.id)?;
            if !pictured.contains(row.id.as_str()) {
                detail.samples = Vec::new();
            }
            if !evidence.shown.drawn.contains(&row.axes[..]) {
                detail.epochs = Table::default();
            }
            evidence.details.insert(row.id.clone(), detail);
        }
        for row in evidence.pictured_uses() {
            evidence.details.insert(row.id.clone(), from.read(&row.id)?);
        }
        Ok(evidence)
    }

    /// The details of a trial that left any.
    pub fn detail(&self, id: &str) -> Option<&TrialDetail> {
        self.details.get(id)
    }

    /// Every trial that left details, by plan index.
    pub fn detailed(&self) -> impl Iterator<Item = (&TrialRow, &TrialDetail)> {
        let rows = self.record.trials.iter();
        rows.filter_map(|row| Some((row, self.details.get(&row.id)?)))
    }

    /// Why a trial diverged; empty otherwise.
    pub fn message(&self, id: &str) -> &str {
        self.detail(id).map_or("", |detail| &detail.message)
    }

    /// The resolved config of a trial.
    pub fn config(&self, id: &str) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.detail(id)?.config).ok()
    }

    /// For every drawn arm (its axis values) the trial whose pictures are shown.
    pub fn pictured(&self) -> BTreeMap<&'a [String], &'a TrialRow> {
        let mut pictured = pictured(&self.record.trials);
        pictured.retain(|axes, _| self.shown.drawn.contains(axes));
        pictured
    }

    /// For every use of every drawn arm the evaluation whose pictures are shown, in the record's order.
    pub fn uses(&self) -> impl Iterator<Item = (&'a TrialRow, &TrialDetail)> {
        let rows = self.pictured_uses().into_iter();
        rows.filter_map(|row| Some((row, self.details.get(&row.id)?)))
    }

    fn pictured_uses(&self) -> Vec<&'a TrialRow> {
        let record: &'a SweepRecord = self.record;
        let shown = ids(pictured(&record.evaluations).values());
        let arm = |row: &'a TrialRow| row.axes.get(..record.axes.len());
        let of_arm =
            |row: &&'a TrialRow| arm(row).is_some_and(|arm| self.shown.drawn.contains(arm));
        let rows = record.evaluations.iter().filter(of_arm);
        rows.filter(|row| shown.contains(row.id.as_str())).collect()
    }
}

fn ids<'a, 'b: 'a>(rows: impl Iterator<Item = &'a &'b TrialRow>) -> BTreeSet<&'b str> {
    rows.map(|row| row.id.as_str()).collect()
}

/// Whether `/trial/<id>` holds anything for this trial.
pub fn left_details(row: &TrialRow) -> bool {
    matches!(row.outcome, Outcome::Completed | Outcome::Diverged)
}

/// Of the rows of every arm the completed one that is shown: all of one seed where possible, because a seed decides the
/// noise.
fn pictured(rows: &[TrialRow]) -> BTreeMap<&[String], &TrialRow> {
    let completed = || rows.iter().filter(|row| row.outcome == Outcome::Completed);
    let mut arms_of_seed: BTreeMap<u64, usize> = BTreeMap::new();
    for row in completed() {
        *arms_of_seed.entry(row.seed).or_default() += 1;
    }
    let rank = |row: &TrialRow| {
        (
            std::cmp::Reverse(arms_of_seed.get(&row.seed)),
            row.seed,
            row.index,
        )
    };
    let mut shown: BTreeMap<&[String], &TrialRow> = BTreeMap::new();
    for row in completed() {
        let place = shown.entry(&row.axes).or_insert(row);
        if rank(row) < rank(place) {
            *place = row;
        }
    }
    shown
}
