//! `compare.csv`: one row for each pair of trials, and one for each trial without a partner. Safe to open in a spreadsheet.

use super::Across;
use super::pair::TrialPair;
use super::versus::Versus;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::record::TrialRow;
use crate::report::compare::{Comparisons, value_of};
use crate::report::csv::{inert, number};

const HEADINGS: [&str; 15] = [
    "sweep",
    "metric",
    "point",
    "seed",
    "reference_outcome",
    "outcome",
    "reference_value",
    "value",
    "difference",
    "identical",
    "reference_wall_seconds",
    "wall_seconds",
    "wall_ratio",
    "reference_id",
    "id",
];

/// Writes the table.
///
/// # Errors
/// None that the code does not rule out: it is written to memory.
pub fn text(across: &Across) -> Result<String> {
    let internal = |error: &dyn std::fmt::Display| Error::Internal(format!("compare.csv: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADINGS).map_err(|e| internal(&e))?;
    for (versus, (_, arms)) in across.versus.iter().zip(&across.sides[1..]) {
        let rows = Rows {
            metric: across.metric,
            sweep: versus.name,
        };
        for row in rows.of(versus, [across.sides[0].1, arms]) {
            writer.write_record(&row).map_err(|e| internal(&e))?;
        }
    }
    let bytes = writer.into_inner().map_err(|e| internal(&e))?;
    String::from_utf8(bytes).map_err(|e| internal(&e))
}

struct Rows<'a> {
    metric: &'a str,
    sweep: &'a str,
}

impl Rows<'_> {
    fn of(&self, versus: &Versus, arms: [&Comparisons; 2]) -> Vec<[String; 15]> {
        let mut rows = Vec::new();
        for point in &versus.points {
            let pairs = point.trials.iter();
            rows.extend(pairs.map(|pair| self.pair(&point.label, pair)));
            for (side, lonely) in point.lonely.iter().enumerate() {
                rows.extend(lonely.iter().map(|row| self.alone(&point.label, side, row)));
            }
        }
        for (side, alone) in versus.matching.alone.iter().enumerate() {
            for arm in alone.iter().filter_map(|index| arms[side].arms.get(*index)) {
                let trials = arm.trials.iter();
                rows.extend(trials.map(|row| self.alone(&arm.label, side, row)));
            }
        }
        rows
    }

    fn pair(&self, label: &str, pair: &TrialPair) -> [String; 15] {
        let sides = [pair.reference, pair.other].map(|row| self.side(row));
        let written = |value: Option<f64>| value.map_or_else(String::new, number);
        let between = Between {
            difference: written(pair.values.map(|[a, b]| b - a)),
            identical: pair.alike.name().into(),
            wall_ratio: written(pair.wall_ratio),
        };
        self.row(label, pair.reference.seed, sides, between)
    }

    fn alone(&self, label: &str, side: usize, row: &TrialRow) -> [String; 15] {
        let mut sides = [Cells::default(), Cells::default()];
        sides[side] = self.side(row);
        self.row(label, row.seed, sides, Between::default())
    }

    fn side(&self, row: &TrialRow) -> Cells {
        let value = value_of(row, self.metric).filter(|_| row.outcome == Outcome::Completed);
        Cells {
            outcome: row.outcome.name().into(),
            value: value.map_or_else(String::new, number),
            wall: number(row.wall_seconds),
            id: inert(&row.id),
        }
    }

    fn row(
        &self,
        label: &str,
        seed: u64,
        [ours, theirs]: [Cells; 2],
        between: Between,
    ) -> [String; 15] {
        [
            inert(self.sweep),
            inert(self.metric),
            inert(label),
            seed.to_string(),
            ours.outcome,
            theirs.outcome,
            ours.value,
            theirs.value,
            between.difference,
            between.identical,
            ours.wall,
            theirs.wall,
            between.wall_ratio,
            ours.id,
            theirs.id,
        ]
    }
}

/// What one side has in a row; empty without a trial.
#[derive(Default)]
struct Cells {
    outcome: String,
    value: String,
    wall: String,
    id: String,
}

/// What is told of a pair; empty for a trial without a partner.
#[derive(Default)]
struct Between {
    difference: String,
    identical: String,
    wall_ratio: String,
}
