//! The effect of every arm as a dot with a whisker against zero: coordinates of small drawings on one shared scale.

use super::compare::{Arm, Comparisons, Role};
use super::stats::Summary;
use serde::Serialize;

/// Width of a drawing, in its own units.
pub const WIDTH: f64 = 180.0;

/// Room left and right of the widest whisker.
const MARGIN: f64 = 8.0;

/// One drawing; lengths in units of [`WIDTH`], rounded so that the page stays small.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// Where zero is.
    pub zero: f64,
    /// Where the mean difference is.
    pub mean: f64,
    /// The whisker, when there is an interval.
    pub whisker: Option<[f64; 2]>,
}

/// The drawing of every arm, `None` where nothing is compared.
pub fn of(comparisons: &Comparisons) -> Vec<Option<Effect>> {
    let reach = comparisons
        .compared()
        .flat_map(|(_, c)| ends(&c.paired.summary));
    let (low, high) = reach.fold((0.0_f64, 0.0_f64), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    let span = if high > low { high - low } else { 1.0 };
    let place = |x: f64| {
        let x = MARGIN + (x - low) / span * (WIDTH - 2.0 * MARGIN);
        (x * 10.0).round() / 10.0
    };
    let effect = |arm: &Arm| {
        let Role::Compared(comparison) = &arm.role else {
            return None;
        };
        let summary = &comparison.paired.summary;
        Some(Effect {
            zero: place(0.0),
            mean: place(summary.mean?),
            whisker: summary.interval.map(|i| [place(i.low), place(i.high)]),
        })
    };
    comparisons.arms.iter().map(effect).collect()
}

fn ends(summary: &Summary) -> impl Iterator<Item = f64> {
    let interval = summary.interval.map(|i| [i.low, i.high]);
    summary
        .mean
        .into_iter()
        .chain(interval.into_iter().flatten())
}
