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

/// Up to so many arms are all drawn before the reader chooses.
const AT_FIRST: usize = 12;

/// The arms of a sweep that are shown, by their axis values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown<'a> {
    /// How many arms there are.
    pub arms: usize,
    /// Those in tables.
    pub in_tables: BTreeSet<&'a [String]>,
    /// Those with curves and pictures.
    pub drawn: BTreeSet<&'a [String]>,
    /// Those of them that are ticked before the reader chooses.
    pub first: BTreeSet<&'a [String]>,
    baselines: Vec<&'a [String]>,
    /// All others, by their mean; those without one last.
    others: Vec<&'a [String]>,
    valued: usize,
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
        let mut shown = Self {
            arms: arms.len(),
            valued: others.iter().filter(|it| it.0.is_finite()).count(),
            baselines: first.into_iter().map(|(_, _, axes)| axes).collect(),
            others: others.into_iter().map(|(_, _, axes)| axes).collect(),
            ..Self::default()
        };
        shown.in_tables = shown.choose(IN_TABLES, |_| true);
        shown.drawn = shown.choose(DRAWN, |_| true);
        shown.first = shown.to_begin_with();
        shown
    }

    /// At most so many of these arms: all, or the baselines, the best, the worst and some between.
    pub fn choose(
        &self,
        limit: usize,
        among: impl Fn(&[String]) -> bool,
    ) -> BTreeSet<&'a [String]> {
        let [baselines, others] = [&self.baselines, &self.others].map(|arms| {
            arms.iter()
                .copied()
                .filter(|arm| among(arm))
                .collect::<Vec<_>>()
        });
        let all = baselines.len() + others.len();
        let first = match all <= limit {
            true => baselines.len(),
            false => limit / 3,
        };
        let mut chosen: BTreeSet<&[String]> = baselines.into_iter().take(first).collect();
        let spread = spread(others.len(), limit - chosen.len());
        chosen.extend(spread.map(|at| others[at]));
        chosen
    }

    /// Of the arms that are drawn those that are ticked before the reader chooses.
    fn to_begin_with(&self) -> BTreeSet<&'a [String]> {
        if self.arms <= AT_FIRST {
            return self.drawn.clone();
        }
        let drawn = |arms: &[&'a [String]]| -> Vec<&'a [String]> {
            let arms = arms.iter().copied();
            arms.filter(|arm| self.drawn.contains(arm)).collect()
        };
        let mut first: BTreeSet<&[String]> = drawn(&self.baselines)
            .into_iter()
            .take(AT_FIRST / 3)
            .collect();
        let valued = drawn(&self.others[..self.valued]);
        first.extend(valued.first().into_iter().chain(valued.last()));
        first
    }

    /// What a reader must know of the arms that are ticked at first; nothing where all are.
    pub fn note_at_first(&self) -> String {
        match self.first.len() == self.arms {
            true => String::new(),
            false => format!(
                "Shown at first: baselines, the best and the worst of {} arms; tick others in the list.",
                super::number::scaled(self.arms as f64)
            ),
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

    /// Twenty arms: two baselines, then by rising mean, the last two without one.
    #[test]
    fn of_many_arms_baselines_the_best_and_the_worst_are_ticked_at_first() {
        let arms: Vec<Vec<String>> = (0..20).map(|arm| vec![format!("{arm:02}")]).collect();
        let arms: Vec<&[String]> = arms.iter().map(Vec::as_slice).collect();
        let mut shown = Shown {
            arms: 20,
            baselines: arms[..2].to_vec(),
            others: arms[2..].to_vec(),
            valued: 16,
            ..Shown::default()
        };
        shown.drawn = shown.choose(DRAWN, |_| true);
        let first = [0, 1, 2, 17].map(|arm| arms[arm]);
        assert_eq!(shown.to_begin_with(), first.into());
        let some = shown.choose(5, |arm| arm != arms[0]);
        assert_eq!(some, [1, 2, 7, 13, 19].map(|arm| arms[arm]).into());
    }

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
