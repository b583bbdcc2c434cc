//! Which arms of a large sweep a page shows: all of a small one, of a large one the baselines, the best, the worst and
//! some between. The other outputs leave nothing out.

use super::baseline::Baseline;
use super::compare::{metric_of, value_of};
use crate::outcome::Outcome;
use crate::record::{SweepRecord, TrialRow};
use std::collections::{BTreeMap, BTreeSet};

/// At most so many arms stand in the tables of a page.
pub const IN_TABLES: usize = 300;

/// At most so many arms are drawn, with curves and pictures.
pub const DRAWN: usize = 40;

/// The arms of a sweep that are shown, by their axis values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown<'a> {
    /// How many arms there are.
    pub arms: usize,
    /// Those in tables.
    pub in_tables: BTreeSet<&'a [String]>,
    /// Those with curves and pictures.
    pub drawn: BTreeSet<&'a [String]>,
}

impl<'a> Shown<'a> {
    /// Chooses by the mean of the compared metric over completed trials.
    pub fn of(record: &'a SweepRecord) -> Self {
        let mut arms: BTreeMap<&[String], Vec<&TrialRow>> = BTreeMap::new();
        for row in &record.trials {
            arms.entry(&row.axes).or_default().push(row);
        }
        let compare = record.compare.as_ref();
        let baseline = compare.map(|compare| Baseline::new(&record.axes, compare));
        let metric = metric_of(record);
        let mean = |rows: &[&TrialRow]| {
            let completed = rows.iter().filter(|row| row.outcome == Outcome::Completed);
            let values = completed.filter_map(|row| value_of(row, &metric));
            let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
            match values.len() {
                0 => f64::INFINITY,
                n => values.iter().sum::<f64>() / n as f64,
            }
        };
        let (mut first, mut others) = (Vec::new(), Vec::new());
        for (axes, rows) in &arms {
            let is_baseline = baseline.as_ref().is_some_and(|baseline| baseline.is(axes));
            let entry = (mean(rows), rows.iter().map(|row| row.index).min(), *axes);
            match is_baseline {
                true => first.push(entry),
                false => others.push(entry),
            }
        }
        first.sort_by_key(|(_, index, _)| *index);
        others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let choose = |limit: usize| -> BTreeSet<&[String]> {
            if arms.len() <= limit {
                return arms.keys().copied().collect();
            }
            let baselines = first.iter().take(limit / 4).map(|(_, _, axes)| *axes);
            let mut chosen: BTreeSet<&[String]> = baselines.collect();
            let spread = spread(others.len(), limit - chosen.len());
            chosen.extend(spread.map(|at| others[at].2));
            chosen
        };
        Self {
            arms: arms.len(),
            in_tables: choose(IN_TABLES),
            drawn: choose(DRAWN),
        }
    }

    /// What a reader must know: nothing where all arms are shown.
    pub fn note(&self, what: &str, set: &BTreeSet<&[String]>) -> String {
        if set.len() == self.arms {
            return String::new();
        }
        format!(
            "Of {} arms {} are {what}: baselines, the best, the worst and some between; report.json and trials.csv hold all.",
            super::number::scaled(self.arms as f64),
            set.len()
        )
    }
}

/// At most `limit` of `n` positions, spread evenly with the first and the last.
pub fn spread(n: usize, limit: usize) -> impl Iterator<Item = usize> {
    let kept = n.min(limit);
    (0..kept).map(move |at| match kept {
        1 => 0,
        _ => at * (n - 1) / (kept - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_spread_with_first_and_last() {
        assert_eq!(spread(3, 12).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(spread(200, 3).collect::<Vec<_>>(), [0, 99, 199]);
        assert_eq!(
            (spread(5, 1).collect::<Vec<_>>(), spread(0, 4).count()),
            (vec![0], 0)
        );
    }
}
