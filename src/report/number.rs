//! Numbers as people read them: no more digits than the uncertainty allows, a true minus sign, grouped thousands.

use super::compare::Change;
use super::stats::{Interval, Summary};

/// How many digits a column of values is shown with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// So many after the point.
    Fixed(usize),
    /// Too small or too large for that: `1.23e-12`.
    Scientific,
}

impl Digits {
    /// Two significant digits of the smallest spread; without any spread, four of the largest value.
    pub fn of(spreads: impl Iterator<Item = f64>, values: impl Iterator<Item = f64>) -> Self {
        let positive = |value: &f64| *value > 0.0 && value.is_finite();
        let (unit, significant) = match spreads.filter(positive).min_by(f64::total_cmp) {
            Some(spread) => (spread, 2),
            None => {
                let largest = values.map(f64::abs).filter(positive).max_by(f64::total_cmp);
                (largest.unwrap_or(1.0), 4)
            }
        };
        match significant - 1 - unit.log10().floor() as i64 {
            digits @ ..=8 if unit < 1e9 => Self::Fixed(usize::try_from(digits).unwrap_or(0)),
            _ => Self::Scientific,
        }
    }

    /// A value: `0.1652`.
    pub fn show(self, value: f64) -> String {
        let text = match self {
            Self::Fixed(digits) => format!("{value:.digits$}"),
            Self::Scientific => format!("{value:.2e}"),
        };
        // Rounded to nothing: no "−0.00".
        let zero = value.is_finite()
            && text.starts_with('-')
            && !text.contains(|c| matches!(c, '1'..='9'));
        text.replacen('-', if zero { "" } else { "−" }, 1)
            .replace("e-", "e−")
    }

    /// A difference, with its sign: `+0.0012`.
    pub fn signed(self, value: f64) -> String {
        let text = self.show(value);
        if text.starts_with('−') || !text.contains(|c| matches!(c, '1'..='9')) {
            text
        } else {
            format!("+{text}")
        }
    }

    /// A mean with half of its interval: `0.1652 ± 0.0021`; nothing without values.
    pub fn measured(self, summary: &Summary) -> String {
        let half = |interval: Interval| format!(" ± {}", self.show(interval.half_width()));
        summary.mean.map_or_else(String::new, |mean| {
            self.show(mean) + &summary.interval.map_or_else(String::new, half)
        })
    }

    /// An interval of differences: `[−0.0151, −0.0102]`.
    pub fn interval(self, interval: Interval) -> String {
        format!(
            "[{}, {}]",
            self.signed(interval.low),
            self.signed(interval.high)
        )
    }
}

/// `8` when all are there, else `7/8`.
pub fn of(n: usize, planned: usize) -> String {
    if n == planned {
        n.to_string()
    } else {
        format!("{n}/{planned}")
    }
}

/// A p-value: three digits after the point, `<0.001` below that.
pub fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "<0.001".into(),
        p if p < 0.1 => format!("{p:.3}"),
        p => format!("{p:.2}"),
    }
}

/// A change of a count: `+2,304 (+19%)`, `0` when nothing changes.
pub fn count_change(change: Change) -> String {
    let difference = (change.to - change.from).round();
    if difference == 0.0 {
        return "0".into();
    }
    let sign = if difference < 0.0 { '−' } else { '+' };
    format!("{sign}{}{}", scaled(difference.abs()), percent(change))
}

/// A change of seconds: `+1.2 s (+15%)`.
pub fn seconds_change(change: Change) -> String {
    let digits = match change.from {
        from if from >= 100.0 => 0,
        from if from >= 1.0 => 1,
        _ => 3,
    };
    let difference = Digits::Fixed(digits).signed(change.to - change.from);
    format!("{difference} s{}", percent(change))
}

fn percent(change: Change) -> String {
    if change.from <= 0.0 {
        return String::new();
    }
    let percent = 100.0 * (change.to / change.from - 1.0);
    let digits = Digits::Fixed(usize::from(percent.abs() < 0.95));
    format!(" ({}%)", digits.signed(percent))
}

/// `1 pair`, `2 pairs`.
pub fn counted(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// A count: `14,193` below a million, `1.94 M` above.
pub fn scaled(count: f64) -> String {
    let unit = [(1e12, "T"), (1e9, "G"), (1e6, "M")]
        .into_iter()
        .find(|(size, _)| count >= *size);
    match unit {
        Some((size, name)) => format!("{:.2} {name}", count / size),
        None => grouped(count),
    }
}

fn grouped(count: f64) -> String {
    let digits = format!("{count:.0}");
    let mut out = String::with_capacity(digits.len() + 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(spreads: &[f64], values: &[f64]) -> Digits {
        Digits::of(spreads.iter().copied(), values.iter().copied())
    }

    #[test]
    fn digits_follow_the_uncertainty() {
        assert_eq!(digits(&[0.00123, 0.5], &[0.1652]).show(0.165239), "0.1652");
        assert_eq!(digits(&[12.0], &[500.0]).show(512.4), "512");
        assert_eq!(digits(&[0.0, f64::NAN], &[0.1652]).show(0.165239), "0.1652");
        assert_eq!(digits(&[1e-12], &[1.0]), Digits::Scientific);
        assert_eq!(digits(&[], &[]), Digits::Fixed(3));
    }

    #[test]
    fn signs_are_true_and_zero_has_none() {
        let digits = Digits::Fixed(3);
        assert_eq!(digits.signed(-0.5), "−0.500");
        assert_eq!(digits.signed(0.5), "+0.500");
        assert_eq!(
            (digits.signed(-0.0001), digits.signed(0.0)),
            ("0.000".into(), "0.000".into())
        );
        assert_eq!(Digits::Scientific.show(-1.5e-12), "−1.50e−12");
    }

    #[test]
    fn costs_say_how_much_and_which_share() {
        let change = |from, to| Change { from, to };
        assert_eq!(count_change(change(11_889.0, 14_193.0)), "+2,304 (+19%)");
        assert_eq!(count_change(change(5.0, 5.0)), "0");
        assert_eq!(count_change(change(10e6, 8e6)), "−2.00 M (−20%)");
        assert_eq!(seconds_change(change(8.0, 9.2)), "+1.2 s (+15%)");
        assert_eq!(seconds_change(change(812.0, 800.0)), "−12 s (−1%)");
    }

    #[test]
    fn small_p_values_are_bounds() {
        assert_eq!(
            [0.2, 0.0078125, 0.0002].map(p_value),
            ["0.20", "0.008", "<0.001"]
        );
    }
}
