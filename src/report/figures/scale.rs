//! From values to places, with round ticks. Values beyond the ends are drawn at the ends.

use super::drawing::Point;
use super::font;

/// Room between the words of two ticks, in points.
const APART: f64 = 6.0;

/// A tick: its place and its words.
pub type Tick = (f64, String);

/// A linear or logarithmic axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    places: Point,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Linear,
    Logarithmic,
}

impl Scale {
    /// From `low` to `high`, which come to lie at `places`; `None` where no number lies between them.
    pub fn linear(low: f64, high: f64, places: Point) -> Option<Self> {
        let spans = high > low && (high - low).is_finite();
        let kind = Kind::Linear;
        spans.then_some(Self {
            low,
            high,
            places,
            kind,
        })
    }

    /// As [`linear`](Self::linear), by orders of magnitude; `None` where a value is not positive, too.
    pub fn logarithmic(low: f64, high: f64, places: Point) -> Option<Self> {
        let kind = Kind::Logarithmic;
        let linear = Self::linear(low, high, places).filter(|_| low >= f64::MIN_POSITIVE);
        linear.map(|scale| Self { kind, ..scale })
    }

    /// The place of a value.
    pub fn at(&self, value: f64) -> f64 {
        let share = match self.kind {
            Kind::Linear => (value - self.low) / (self.high - self.low),
            // libm: the same digits on every machine.
            Kind::Logarithmic => {
                libm::log10(value.max(self.low) / self.low) / libm::log10(self.high / self.low)
            }
        };
        let [from, to] = self.places;
        from + share.clamp(0.0, 1.0) * (to - from)
    }

    /// Round values, ascending: three to seven; of a logarithm, those that start with 1, 2 or 5.
    pub fn ticks(&self) -> Vec<Tick> {
        match self.kind {
            Kind::Linear => self.multiples(self.finest()),
            Kind::Logarithmic => {
                let values = one_two_five(self.low, self.high).into_iter();
                values
                    .map(|value| (self.at(value), words(value, value, value)))
                    .collect()
            }
        }
    }

    /// As [`ticks`](Self::ticks) of a linear axis, but no more than find room side by side.
    pub fn ticks_in_a_row(&self) -> Vec<Tick> {
        self.in_a_row(self.finest())
    }

    /// As [`ticks_in_a_row`](Self::ticks_in_a_row), whole numbers only.
    pub fn whole_ticks(&self) -> Vec<Tick> {
        self.in_a_row(self.finest().max(1.0))
    }

    fn in_a_row(&self, finest: f64) -> Vec<Tick> {
        let [from, to] = self.places;
        let fits = |ticks: &Vec<Tick>| {
            let widths = ticks.iter().map(|(_, words)| font::width(words) + APART);
            widths.sum::<f64>() <= to - from
        };
        let steps = std::iter::successors(Some(finest), |step| {
            Some(round(1.5 * step, Towards::Coarse))
        });
        let mut tries = steps.take(6).map(|step| self.multiples(step));
        tries.find(fits).unwrap_or_default()
    }

    /// The largest step that gives three ticks.
    fn finest(&self) -> f64 {
        round((self.high - self.low) / 3.0, Towards::Fine)
    }

    fn multiples(&self, step: f64) -> Vec<Tick> {
        let largest = self.low.abs().max(self.high.abs());
        let values = between(self.low, self.high, step);
        values
            .map(|value| (self.at(value), words(value, step, largest)))
            .collect()
    }
}

fn between(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    // A hair of room: the ends count although they are rounded.
    let (first, last) = ((low / step - 1e-6).ceil(), (high / step + 1e-6).floor());
    (0..=64)
        .map(move |n| first + f64::from(n))
        .take_while(move |n| *n <= last)
        .map(move |n| n * step)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Towards {
    Fine,
    Coarse,
}

/// The nearest of 1, 2, 5 times a power of ten on that side.
fn round(value: f64, towards: Towards) -> f64 {
    let power = libm::pow(10.0, libm::log10(value).floor());
    // A hair of room: a round value is its own.
    let digit = value / power;
    let found = match towards {
        Towards::Fine => [5.0, 2.0, 1.0]
            .into_iter()
            .find(|round| *round <= digit * 1.000_001)
            .unwrap_or(1.0),
        Towards::Coarse => [1.0, 2.0, 5.0]
            .into_iter()
            .find(|round| *round >= digit * 0.999_999)
            .unwrap_or(10.0),
    };
    found * power
}

/// 1, 2 and 5 times the powers of ten; only those powers where they are many.
fn one_two_five(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (
        libm::log10(low).floor() as i32,
        libm::log10(high).ceil() as i32,
    );
    let digits: &[f64] = if last - first > 4 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    let step = (last - first) / 6 + 1;
    let powers = (first..=last).step_by(usize::try_from(step).unwrap_or(1));
    let values = powers.flat_map(|power| {
        digits
            .iter()
            .map(move |digit| digit * libm::pow(10.0, f64::from(power)))
    });
    values
        .filter(|value| (low..=high).contains(value))
        .collect()
}

/// As many digits as the step has; powers of ten where there would be many.
fn words(value: f64, step: f64, largest: f64) -> String {
    let digits = -libm::log10(step * 1.000_001).floor();
    let text = match (digits, largest) {
        (..=5.0, ..1e6) => format!("{value:.*}", digits.max(0.0) as usize),
        _ if value == 0.0 => "0".into(),
        _ => {
            let digits = digits + libm::log10(value.abs() * 1.000_001).floor();
            format!("{value:.*e}", digits.clamp(0.0, 9.0) as usize)
        }
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(low: f64, high: f64) -> Vec<String> {
        let scale = Scale::linear(low, high, [0.0, 100.0]).unwrap();
        scale.ticks().into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(-0.031, 0.004), ["−0.03", "−0.02", "−0.01", "0.00"]);
        assert_eq!(ticks(0.05, 0.95), ["0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(ticks(0.0, 20.0), ["0", "5", "10", "15", "20"]);
        assert_eq!(ticks(1e-9, 9e-9), ["2e−9", "4e−9", "6e−9", "8e−9"]);
        assert_eq!(ticks(-2e7, 1e7), ["−2e7", "−1e7", "0", "1e7"]);
    }

    #[test]
    fn a_logarithm_puts_equal_factors_at_equal_distances() {
        let scale = Scale::logarithmic(0.01, 1.0, [0.0, 100.0]).unwrap();
        assert!((scale.at(0.1) - 50.0).abs() < 1e-9);
        assert_eq!((scale.at(-1.0), scale.at(5.0)), (0.0, 100.0));
        let words: Vec<String> = scale.ticks().into_iter().map(|(_, words)| words).collect();
        assert_eq!(words, ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
        assert_eq!(Scale::logarithmic(0.0, 1.0, [0.0, 1.0]), None);
    }

    #[test]
    fn what_has_no_extent_has_no_scale() {
        for (low, high) in [(1.0, 1.0), (f64::NAN, 1.0), (-1e308, 1e308), (2.0, 1.0)] {
            assert_eq!(Scale::linear(low, high, [0.0, 1.0]), None);
        }
    }

    #[test]
    fn ticks_in_a_row_do_not_touch() {
        let scale = Scale::linear(-0.000_07, 0.000_02, [0.0, 100.0]).unwrap();
        assert!(scale.ticks().len() > 3);
        let ticks = scale.ticks_in_a_row();
        assert!(ticks.len() > 1);
        let ends =
            |(place, words): &Tick| [-0.5, 0.5].map(|half| place + half * font::width(words));
        for pair in ticks.windows(2) {
            assert!(ends(&pair[0])[1] < ends(&pair[1])[0], "{ticks:?}");
        }
    }

    #[test]
    fn epochs_are_whole() {
        let scale = Scale::linear(1.0, 3.0, [0.0, 90.0]).unwrap();
        let words: Vec<String> = scale
            .whole_ticks()
            .into_iter()
            .map(|(_, words)| words)
            .collect();
        assert_eq!(words, ["1", "2", "3"]);
    }
}
