//! Effects as dots with whiskers against zero: coordinates of small drawings on one shared scale.

use super::stats::Summary;
use serde::Serialize;

/// Width of a drawing, in its own units.
pub const WIDTH: f64 = 170.0;

/// Room left and right of the widest whisker.
const MARGIN: f64 = 8.0;

/// One drawing; lengths in units of [`WIDTH`], rounded so that the page stays small.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drawing {
    /// Where zero is.
    pub zero: f64,
    /// Where the mean difference is.
    pub mean: f64,
    /// The whisker, when there is an interval.
    pub whisker: Option<[f64; 2]>,
}

/// The scale that the drawings of a table share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// From the lowest to the highest end, zero included.
    pub fn of(summaries: impl Iterator<Item = Summary>) -> Self {
        let ends = summaries.flat_map(|summary| {
            let interval = summary.interval.map(|i| [i.low, i.high]);
            summary
                .mean
                .into_iter()
                .chain(interval.into_iter().flatten())
        });
        let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(low, high), x| {
            (low.min(x), high.max(x))
        });
        Self { low, high }
    }

    /// The drawing of one effect; nothing without a value.
    pub fn draw(self, summary: &Summary) -> Option<Drawing> {
        Some(Drawing {
            zero: self.place(0.0),
            mean: self.place(summary.mean?),
            whisker: summary
                .interval
                .map(|i| [self.place(i.low), self.place(i.high)]),
        })
    }

    fn place(self, x: f64) -> f64 {
        let span = if self.high > self.low {
            self.high - self.low
        } else {
            1.0
        };
        let x = MARGIN + (x - self.low) / span * (WIDTH - 2.0 * MARGIN);
        (x * 10.0).round() / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: from −1 to 3 over 154 units from 8; zero at a quarter.
    #[test]
    fn effects_share_a_scale_with_zero_on_it() {
        let summary = Summary {
            mean: Some(1.0),
            ..Summary::of(&[])
        };
        let scale = Scale {
            low: -1.0,
            high: 3.0,
        };
        let drawing = scale.draw(&summary).unwrap();
        assert_eq!(
            (drawing.zero, drawing.mean, drawing.whisker),
            (46.5, 85.0, None)
        );
        assert_eq!(scale.draw(&Summary::of(&[])), None);
        assert_eq!(
            Scale::of([summary].into_iter()),
            Scale {
                low: 0.0,
                high: 1.0
            }
        );
    }
}
