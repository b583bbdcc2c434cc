//! Learning curves of committed trials, each read once and a few at a time, and the mean of several curves.

use crate::fanout::curve::{self, Curves, Point};
use crate::record::schema::{EPOCH, TRAIN_LOSS};
use crate::record::{Folder, Outcomes};
use std::collections::BTreeMap;

/// The curves that were read so far, by position of the trial in the plan.
#[derive(Debug, Default)]
pub struct Committed {
    of: BTreeMap<usize, Curves>,
}

impl Committed {
    /// Reads at most `most` of those `wanted` that were not read yet: committed trials by position and id. A trial whose curve
    /// cannot be read is named in a warning and has none.
    pub fn read<'i>(
        &mut self,
        outcomes: &Outcomes,
        folder: &Folder,
        metric: &str,
        wanted: impl Iterator<Item = (usize, &'i str)>,
        most: usize,
    ) {
        let columns = [EPOCH, TRAIN_LOSS, metric];
        let new: Vec<_> = wanted
            .filter(|(index, _)| !self.of.contains_key(index))
            .take(most)
            .collect();
        for (index, id) in new {
            match outcomes.epochs(folder, id, &columns) {
                Ok(None) => {}
                Ok(Some(table)) => drop(self.of.insert(index, curve::of_table(&table))),
                Err(error) => {
                    tracing::warn!("{error}");
                    self.of.insert(index, Curves::new());
                }
            }
        }
    }

    /// The curves of a trial; `None` when they were not read.
    pub fn of(&self, index: usize) -> Option<&Curves> {
        self.of.get(&index)
    }
}

/// The mean of the curves in each of `columns` columns over the epochs 1 to `last`, between points on straight lines. A curve
/// counts only in the columns from its first to its last point; `None` where there is none.
pub fn mean(curves: &[&[Point]], columns: usize, last: u64) -> Vec<Option<f64>> {
    let width = last.saturating_sub(1) as f64 / columns.saturating_sub(1).max(1) as f64;
    let column = |x: usize| {
        let epoch = 1.0 + x as f64 * width;
        let values = curves
            .iter()
            .filter_map(|curve| at(curve, epoch, width / 2.0));
        // As a running mean, which cannot overflow.
        let mean = values.fold((0.0, 0.0), |(mean, count), value| {
            let count = count + 1.0;
            (mean + (value / count - mean / count), count)
        });
        (mean.1 > 0.0).then_some(mean.0)
    };
    (0..columns).map(column).collect()
}

/// The value at an epoch, or at the curve's end that is at most `slack` away.
fn at(curve: &[Point], epoch: f64, slack: f64) -> Option<f64> {
    let (first, last) = (curve.first()?, curve.last()?);
    let (from, to) = (first.0 as f64, last.0 as f64);
    if epoch < from - slack || epoch > to + slack {
        return None;
    }
    let epoch = epoch.clamp(from, to);
    let after = curve.partition_point(|(at, _)| (*at as f64) < epoch);
    let right = curve.get(after)?;
    let left = curve.get(after.saturating_sub(1))?;
    let (x0, x1) = (left.0 as f64, right.0 as f64);
    let part = if x1 > x0 {
        (epoch - x0) / (x1 - x0)
    } else {
        1.0
    };
    Some(left.1 * (1.0 - part) + right.1 * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: NumPy, the mean of `np.interp(np.linspace(1, 5, 5), …)` of each curve where it is defined.
    #[test]
    fn curves_are_averaged_where_they_are() {
        let whole: &[Point] = &[(1, 8.0), (3, 4.0), (5, 2.0)];
        let begun: &[Point] = &[(1, 4.0), (2, 2.0)];
        let late: &[Point] = &[(5, 6.0)];
        let means = |curves: &[&[Point]], columns| mean(curves, columns, 5);
        assert_eq!(means(&[whole], 5), [8.0, 6.0, 4.0, 3.0, 2.0].map(Some));
        assert_eq!(
            means(&[whole, begun, late], 5),
            [6.0, 4.0, 4.0, 3.0, 4.0].map(Some)
        );
        assert_eq!(means(&[begun], 5), [Some(4.0), Some(2.0), None, None, None]);
        // A point between two columns belongs to the nearer ones.
        let middle: &[Point] = &[(2, 7.0)];
        assert_eq!(means(&[middle], 3), [Some(7.0), Some(7.0), None]);
        assert_eq!(means(&[], 2), [None, None]);
        assert_eq!(mean(&[whole], 1, 1), [Some(8.0)]);
        let huge: &[Point] = &[(1, f64::MAX)];
        assert_eq!(mean(&[huge, huge, huge], 1, 1), [Some(f64::MAX)]);
    }
}
