//! Effects as dots with whiskers against zero, single seeds below them: coordinates of small drawings on one shared axis.

use super::figures::scale::Scale;
use super::stats::Paired;
use serde::Serialize;

/// Width of a drawing, in its own units, which are pixels.
pub const WIDTH: f64 = 176.0;

/// Room left and right of all that is drawn.
const MARGIN: f64 = 12.0;

/// Ticks are set in 11 pixels, and measured in 8 points.
const POINT: f64 = 11.0 / 8.0;

/// One drawing; lengths in units of [`WIDTH`], rounded so that the page stays small.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drawing {
    /// Where the mean difference is.
    pub mean: f64,
    /// The whisker, when there is an interval.
    pub whisker: Option<[f64; 2]>,
    /// Where the difference of each seed is.
    pub seeds: Vec<f64>,
}

/// The axis that the drawings of a table share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Axis {
    /// Where zero is.
    pub zero: f64,
    /// Round values, their places and their words.
    pub ticks: Vec<(f64, String)>,
    #[serde(skip)]
    scale: Scale,
}

impl Axis {
    /// From the lowest to the highest end, zero and single seeds included; nothing where no numbers are.
    pub fn of<'a>(effects: impl Iterator<Item = &'a Paired>) -> Option<Self> {
        let values = effects.flat_map(|effect| {
            let interval = effect.summary.interval.map(|i| [i.low, i.high]);
            let interval = interval.into_iter().flatten();
            effect.differences.iter().copied().chain(interval)
        });
        let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), x| {
            (low.min(x), high.max(x))
        });
        // Nothing differs: any scale shows that.
        let (low, high) = match high > low {
            true => (low, high),
            false => (-1.0, 1.0),
        };
        let ends = [MARGIN, WIDTH - MARGIN].map(|end| end / POINT);
        let scale = Scale::linear(low, high, ends)?;
        let ticks = scale.ticks_in_a_row().into_iter();
        Some(Self {
            zero: place(scale, 0.0),
            ticks: ticks.map(|(at, words)| (rounded(at), words)).collect(),
            scale,
        })
    }

    /// The drawing of one effect; nothing without a value.
    pub fn draw(&self, effect: &Paired) -> Option<Drawing> {
        let at = |value: f64| place(self.scale, value);
        let interval = effect.summary.interval;
        Some(Drawing {
            mean: at(effect.summary.mean?),
            whisker: interval.map(|i| [at(i.low), at(i.high)]),
            seeds: effect.differences.iter().map(|value| at(*value)).collect(),
        })
    }
}

fn place(scale: Scale, value: f64) -> f64 {
    rounded(scale.at(value))
}

fn rounded(points: f64) -> f64 {
    (points * POINT * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: from −1 to 3 over 152 units from 12; zero at a quarter.
    #[test]
    fn effects_and_seeds_share_an_axis_with_zero_on_it() {
        let [low, high] = [[-1.0], [3.0]].map(|values| Paired::of(&values));
        let axis = Axis::of([&low, &high].into_iter()).unwrap();
        assert_eq!(axis.zero, 50.0);
        let words: Vec<_> = axis.ticks.iter().map(|(at, it)| (*at, &it[..])).collect();
        assert_eq!(
            words,
            [
                (12.0, "−1"),
                (50.0, "0"),
                (88.0, "1"),
                (126.0, "2"),
                (164.0, "3")
            ]
        );
        let drawing = axis.draw(&high).unwrap();
        assert_eq!((drawing.mean, drawing.whisker), (164.0, None));
        assert_eq!(drawing.seeds, [164.0]);
        assert_eq!(axis.draw(&Paired::of(&[])), None);
    }

    #[test]
    fn what_does_not_differ_has_an_axis_and_what_is_beyond_numbers_none() {
        let of = |values: &[f64]| Axis::of([&Paired::of(values)].into_iter());
        assert_eq!(of(&[0.0, 0.0]).unwrap().zero, 88.0);
        assert_eq!(of(&[-1e308, 1e308]), None);
    }
}
