//! `compare.csv`: one row for each pair of trials, and one for each trial without a partner. Safe to open in a spreadsheet.

use super::Across;
use super::pair::{Alike, TrialPair};
use super::versus::Versus;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::record::TrialRow;
use crate::report::compare::{Comparisons, value_of};
use crate::report::csv::{inert, number};

const HEADINGS: [&str; 14] = [
    "sweep",
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
    fn of(&self, versus: &Versus, arms: [&Comparisons; 2]) -> Vec<[String; 14]> {
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

    fn pair(&self, label: &str, pair: &TrialPair) -> [String; 14] {
        let [ours, theirs] = [pair.reference, pair.other].map(|row| self.side(row));
        let difference = pair.values.map(|[a, b]| number(b - a));
        let ratio = pair.wall_ratio.map(number);
        self.row(label, pair.reference.seed, [ours, theirs])
            .with(difference, pair.alike, ratio)
    }

    fn alone(&self, label: &str, side: usize, row: &TrialRow) -> [String; 14] {
        let mut sides = [Cells::default(), Cells::default()];
        sides[side] = self.side(row);
        let Row(mut cells) = self.row(label, row.seed, sides);
        cells[8].clear();
        cells
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

    fn row(&self, label: &str, seed: u64, [ours, theirs]: [Cells; 2]) -> Row {
        Row([
            inert(self.sweep),
            inert(label),
            seed.to_string(),
            ours.outcome,
            theirs.outcome,
            ours.value,
            theirs.value,
            String::new(),
            String::new(),
            ours.wall,
            theirs.wall,
            String::new(),
            ours.id,
            theirs.id,
        ])
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

struct Row([String; 14]);

impl Row {
    fn with(self, difference: Option<String>, alike: Alike, ratio: Option<String>) -> [String; 14] {
        let Self(mut cells) = self;
        cells[7] = difference.unwrap_or_default();
        cells[8] = alike.name().into();
        cells[11] = ratio.unwrap_or_default();
        cells
    }
}
