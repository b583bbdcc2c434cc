//! A learning curve of which only so much is kept that it can be sent and shown often, however long training takes.

use crate::outcome::Table;
use crate::record::schema::EPOCH;
use std::collections::BTreeMap;

/// An epoch (from 1) and what was measured after it.
pub type Point = (u64, f64);

/// Curves by the name of what was measured.
pub type Curves = BTreeMap<String, Vec<Point>>;

/// Most points that are shown of a curve: finer ones cannot be told apart in a terminal.
pub const MOST_SHOWN: usize = 60;

/// Points kept in memory; even, so that halving leaves the next point where the rhythm wants it.
const MOST_KEPT: usize = 4 * MOST_SHOWN;

/// A curve that grows. Keeps every 2ⁿ-th point, n as small as fits, and the newest one.
#[derive(Clone, Debug)]
pub struct Curve {
    kept: Vec<Point>,
    newest: Option<Point>,
    pushed: u64,
    every: u64,
}

impl Default for Curve {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            newest: None,
            pushed: 0,
            every: 1,
        }
    }
}

impl Curve {
    /// Takes the next value; what is no number is left out.
    pub fn push(&mut self, epoch: u64, value: f64) {
        if !value.is_finite() {
            return;
        }
        if self.pushed.is_multiple_of(self.every) {
            if self.kept.len() == MOST_KEPT {
                let mut index = 0;
                self.kept.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.every *= 2;
            }
            self.kept.push((epoch, value));
        }
        self.newest = Some((epoch, value));
        self.pushed += 1;
    }

    /// At most `most` points of it, the first and the newest among them, values to five digits.
    pub fn shown(&self, most: usize) -> Vec<Point> {
        let newest = self
            .newest
            .filter(|newest| self.kept.last() != Some(newest));
        let all: Vec<_> = self.kept.iter().copied().chain(newest).collect();
        let rounded = |(epoch, value)| (epoch, five_digits(value));
        thin(&all, most).into_iter().map(rounded).collect()
    }
}

/// At most `most` of the points, evenly spread, the first and the last among them; of one only the last.
pub fn thin(points: &[Point], most: usize) -> Vec<Point> {
    match (points, most) {
        (_, 0) | ([], _) => Vec::new(),
        ([.., last], 1) => vec![*last],
        _ if points.len() <= most => points.to_vec(),
        _ => (0..most)
            .map(|index| points[index * (points.len() - 1) / (most - 1)])
            .collect(),
    }
}

/// Every column of a table against its epochs, thinned; values that are no number are left out.
pub fn of_table(table: &Table) -> Curves {
    let epochs = table.column(EPOCH).unwrap_or_default();
    let columns = table.columns().filter(|(name, _)| *name != EPOCH);
    let curve = |values: &[f64]| {
        let points = epochs.iter().zip(values);
        let points = points.filter(|(epoch, value)| **epoch >= 0.0 && value.is_finite());
        let points: Vec<_> = points
            .map(|(epoch, value)| (*epoch as u64, *value))
            .collect();
        thin(&points, MOST_SHOWN)
    };
    columns
        .map(|(name, values)| (name.to_owned(), curve(values)))
        .collect()
}

fn five_digits(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(points: &[Point]) -> Vec<u64> {
        points.iter().map(|(epoch, _)| *epoch).collect()
    }

    #[test]
    fn a_short_curve_is_kept_whole_without_what_is_no_number() {
        let mut curve = Curve::default();
        for (epoch, value) in [
            (1, 0.5),
            (2, f64::NAN),
            (3, f64::INFINITY),
            (4, 0.123_456_7),
        ] {
            curve.push(epoch, value);
        }
        assert_eq!(curve.shown(MOST_SHOWN), [(1, 0.5), (4, 0.123_46)]);
    }

    #[test]
    fn a_long_curve_stays_small_even_and_up_to_date() {
        let mut curve = Curve::default();
        for epoch in 1..=100_003 {
            curve.push(epoch, epoch as f64);
            assert!(curve.kept.len() <= MOST_KEPT);
        }
        let shown = epochs(&curve.shown(MOST_SHOWN));
        assert_eq!((shown[0], shown[MOST_SHOWN - 1]), (1, 100_003));
        assert_eq!(shown.len(), MOST_SHOWN);
        let even = 100_002.0 / (MOST_SHOWN - 1) as f64;
        for pair in shown.windows(2) {
            let step = (pair[1] - pair[0]) as f64;
            // Kept points are 512 apart: each of the two may be so far from its place.
            assert!((step - even).abs() <= 1024.0, "{pair:?}");
        }
    }

    #[test]
    fn tables_become_curves_without_what_is_missing() {
        let mut table = Table::default();
        for epoch in 1..=200 {
            let metric = if epoch % 100 == 0 { 0.5 } else { f64::NAN };
            table.push(&[(EPOCH, f64::from(epoch)), ("loss", 1.0), ("m", metric)]);
        }
        let curves = of_table(&table);
        assert_eq!(curves["m"], [(100, 0.5), (200, 0.5)]);
        assert_eq!(curves["loss"].len(), MOST_SHOWN);
        assert_eq!(curves.len(), 2);
        assert!(of_table(&Table::default()).is_empty());
    }

    #[test]
    fn thinning_keeps_both_ends() {
        let points: Vec<_> = (1..=10).map(|epoch| (epoch, 0.0)).collect();
        let thinned = |most| epochs(&thin(&points, most));
        assert!(thinned(0).is_empty());
        assert_eq!(thinned(1), [10]);
        assert_eq!(thinned(2), [1, 10]);
        assert_eq!(thinned(4), [1, 4, 7, 10]);
        assert_eq!(thinned(10), (1..=10).collect::<Vec<_>>());
        assert!(thin(&[], 5).is_empty());
    }
}
