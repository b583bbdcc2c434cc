//! The field in which values are drawn, one column of a paper wide: its scale upwards, its axes and their names.

use super::super::rows::Better;
use super::super::verdict::Expected;
use super::drawing::{Anchor, COLUMN, Drawing, INK, LEADING, LINE, MARGIN, Point, SOFT};
use super::font;
use super::scale::{Scale, Tick};

/// From this factor between the highest and the lowest mean on, orders of magnitude are shown: of errors, not of
/// accuracies and similarities.
const LOGARITHMIC: f64 = 10.0;

/// The height of the field, in points.
const HEIGHT: f64 = 120.0;

/// How much of intervals is in the field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Bands: as much as leaves the means apart.
    Cut,
    /// Whiskers, whose ends are marked: all.
    Whole,
}

/// The field.
pub struct Frame {
    /// From values to heights.
    pub up: Scale,
    left: f64,
}

impl Frame {
    const TOP: f64 = MARGIN + LEADING + 2.0;
    const BOTTOM: f64 = Self::TOP + HEIGHT;
    /// The last tick's words, centred here, end before the figure does.
    const RIGHT: f64 = COLUMN - 3.0 * MARGIN;

    /// A field for these means and the ends of their intervals; nothing where no value is finite.
    pub fn of<'a, Values: Iterator<Item = &'a Vec<Option<f64>>>>(
        metric: &str,
        means: Values,
        lows: Values,
        highs: Values,
        ends: Ends,
    ) -> Option<Self> {
        let up = values(
            metric,
            [means, lows, highs].map(finite),
            ends,
            [Self::BOTTOM, Self::TOP],
        )?;
        let widths = up.ticks().into_iter().map(|(_, words)| font::width(&words));
        let left = MARGIN + widths.fold(0.0, f64::max) + MARGIN;
        Some(Self { up, left })
    }

    /// Its left and its right end.
    pub fn places(&self) -> Point {
        [self.left, Self::RIGHT]
    }

    /// Draws the axis of values, named above.
    pub fn draw(&self, drawing: &mut Drawing, metric: &str) {
        let [left, right] = self.places();
        drawing.text([MARGIN, MARGIN + 7.0], Anchor::Start, INK, metric, right);
        for (y, words) in self.up.ticks() {
            drawing.line(&[[left, y], [right, y]], LINE, 0.5);
            drawing.text([left - 3.0, y + 2.8], Anchor::End, SOFT, &words, COLUMN);
        }
        drawing.line(&[[left, Self::BOTTOM], [right, Self::BOTTOM]], SOFT, 0.8);
    }

    /// Draws the axis along; gives the baseline of its name, the lowest line of text.
    pub fn ticks(&self, drawing: &mut Drawing, ticks: &[Tick], name: &str) -> f64 {
        let ([left, right], bottom) = (self.places(), Self::BOTTOM);
        for (x, words) in ticks {
            drawing.line(&[[*x, bottom], [*x, bottom + 2.5]], SOFT, 0.8);
            drawing.text([*x, bottom + LEADING], Anchor::Middle, SOFT, words, COLUMN);
        }
        let (middle, lowest) = (f64::midpoint(left, right), bottom + 2.0 * LEADING);
        drawing.text([middle, lowest], Anchor::Middle, INK, name, right - left);
        lowest
    }
}

/// The finite values of all lists.
fn finite<'a>(lists: impl Iterator<Item = &'a Vec<Option<f64>>>) -> Vec<f64> {
    let values = lists.flatten().flatten().copied();
    values.filter(|value| value.is_finite()).collect()
}

/// The scale of the values: that of the means, with room for the ends of their intervals.
fn values(
    metric: &str,
    [means, lows, highs]: [Vec<f64>; 3],
    ends: Ends,
    places: Point,
) -> Option<Scale> {
    let low = means.iter().copied().reduce(f64::min)?;
    let high = means.iter().copied().reduce(f64::max)?;
    let is_error = Better::of(Expected::Nothing, metric) == Better::Lower;
    if is_error && low > 0.0 && high / low >= LOGARITHMIC {
        return Scale::logarithmic(low / 1.15, high * 1.15, places);
    }
    let span = if high > low {
        high - low
    } else {
        low.abs().max(1e-9)
    };
    let room = match ends {
        Ends::Cut => 0.3 * span,
        Ends::Whole => f64::INFINITY,
    };
    let lowest = lows.into_iter().fold(low, f64::min).max(low - room);
    let highest = highs.into_iter().fold(high, f64::max).min(high + room);
    let air = match ends {
        Ends::Cut => 0.04 * span,
        Ends::Whole => 0.04 * (highest - lowest).max(span),
    };
    Scale::linear(lowest - air, highest + air, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(metric: &str, means: &[f64]) -> Option<Scale> {
        values(
            metric,
            [means.to_vec(), Vec::new(), Vec::new()],
            Ends::Cut,
            [100.0, 0.0],
        )
    }

    /// Oracle: on a logarithmic scale the geometric mean lies in the middle, on a linear one the arithmetic mean.
    #[test]
    fn orders_of_magnitude_make_the_scale_logarithmic() {
        let wide = scale("test.bce", &[1.0, 0.01]).unwrap();
        assert!((wide.at(0.1) - 50.0).abs() < 1e-6);
        let narrow = scale("test.bce", &[0.2, 0.1]).unwrap();
        assert!((narrow.at(0.15) - 50.0).abs() < 1e-6);
        let accuracy = scale("test.accuracy", &[1.0, 0.05]).unwrap();
        assert!((accuracy.at(0.525) - 50.0).abs() < 1e-6);
    }

    /// A whisker that ends at the edge would look like one that ends there.
    #[test]
    fn whiskers_are_in_the_field_whole() {
        let lists = || [vec![1.0, 1.1], vec![-4.0], vec![6.0]];
        let whole = values("loss", lists(), Ends::Whole, [100.0, 0.0]).unwrap();
        assert!(whole.at(-4.0) < 99.0 && whole.at(6.0) > 1.0);
        let cut = values("loss", lists(), Ends::Cut, [100.0, 0.0]).unwrap();
        assert_eq!((cut.at(-4.0), cut.at(6.0)), (100.0, 0.0));
    }

    #[test]
    fn values_without_extent_have_a_scale_and_none_have_none() {
        assert!(scale("loss", &[0.0, 0.0]).is_some() && scale("loss", &[-2.0]).is_some());
        assert_eq!(scale("loss", &[]), None);
        assert_eq!(scale("loss", &[-1e308, 1e308]), None);
    }
}
