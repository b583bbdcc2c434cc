//! The comparison table as text, shared by the terminal, Markdown and HTML, so that they never disagree.

use super::compare::{Arm, Comparison, Comparisons, Role};
use super::number::{self, Digits};
use super::stats::{Paired, Test};
use super::verdict::{Expected, Seeds, Verdict, judge};
use serde::Serialize;

/// One arm. Empty text where there is nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// `skip.at [14]`.
    pub arm: String,
    /// `8`, or `7/8` when values are missing.
    pub n: String,
    /// `0.1652 ± 0.0021`.
    pub mean: String,
    /// Standard deviation over seeds.
    pub sd: String,
    /// `−0.0123`, or why there is none.
    pub difference: String,
    /// `[−0.0151, −0.0102]`.
    pub interval: String,
    /// Holm-corrected.
    pub p: String,
    /// Before the correction, where that changed what is shown.
    pub p_raw: String,
    /// `8/8`.
    pub wins: String,
    /// Effect size of the paired differences.
    pub d_z: String,
    /// Change of parameters.
    pub params: String,
    /// Change of multiply-accumulates.
    pub macs: String,
    /// Change of mean seconds.
    pub wall: String,
    /// The verdict on this arm: `confirmed`.
    pub verdict: String,
}

/// Which side of the baseline counts as a win.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Errors and losses.
    Lower,
    /// Accuracies and similarities, or what was expected to rise.
    Higher,
}

impl Better {
    /// As expected; else by the name of the metric.
    pub fn of(expected: Expected, metric: &str) -> Self {
        let rises = ["psnr", "ssim", "accuracy"]
            .iter()
            .any(|name| metric.ends_with(name));
        match expected {
            Expected::Lower => Self::Lower,
            Expected::Higher => Self::Higher,
            _ if rises => Self::Higher,
            _ => Self::Lower,
        }
    }

    /// `lower` or `higher`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
        }
    }

    /// In how many seeds the arm wins.
    pub fn wins(self, comparison: &Comparison) -> usize {
        self.count(&comparison.paired)
    }

    /// How many differences are on this side of zero.
    pub fn count(self, paired: &Paired) -> usize {
        match self {
            Self::Lower => paired.lower,
            Self::Higher => paired.higher,
        }
    }
}

/// The rows of a sweep, with what they were made from.
pub struct Rows {
    /// In the order of the arms.
    pub rows: Vec<Row>,
    /// Which side wins.
    pub better: Better,
    /// Digits of means.
    pub digits: Digits,
    /// Digits of differences.
    pub difference_digits: Digits,
}

impl Rows {
    /// Writes out the comparisons.
    pub fn of(comparisons: &Comparisons, expected: Expected) -> Self {
        let arms = &comparisons.arms;
        let intervals = || arms.iter().filter_map(|arm| arm.summary.interval);
        let means = || arms.iter().filter_map(|arm| arm.summary.mean);
        let differences = || comparisons.compared().map(|(_, c)| c.paired.summary);
        let mut rows = Self {
            rows: Vec::new(),
            better: Better::of(expected, &comparisons.metric),
            digits: Digits::of(intervals().map(|i| i.half_width()), means()),
            difference_digits: Digits::of(
                differences().filter_map(|d| Some(d.interval?.half_width())),
                differences().filter_map(|d| d.mean),
            ),
        };
        let count = comparisons.compared().count();
        rows.rows = arms
            .iter()
            .map(|arm| match &arm.role {
                Role::Compared(comparison) => {
                    // Of a control nothing was expected.
                    let expected = match arm.controls {
                        None => expected,
                        Some(_) => Expected::Nothing,
                    };
                    rows.compared(arm, comparison, judge(expected, comparison, count))
                }
                Role::Baseline => Row {
                    difference: "baseline".into(),
                    ..rows.alone(arm)
                },
                Role::NoBaseline => Row {
                    difference: "no baseline".into(),
                    ..rows.alone(arm)
                },
                Role::Alone => rows.alone(arm),
            })
            .collect();
        rows
    }

    fn alone(&self, arm: &Arm) -> Row {
        let summary = &arm.summary;
        let mean = match summary.mean {
            None => "no value".into(),
            Some(_) => self.digits.measured(summary),
        };
        Row {
            arm: arm.label.clone(),
            n: number::of(summary.n, arm.trials.len()),
            mean,
            sd: summary
                .sd
                .map_or_else(String::new, |sd| self.digits.show(sd)),
            ..Row::default()
        }
    }

    fn compared(&self, arm: &Arm, comparison: &Comparison, verdict: Option<Verdict>) -> Row {
        let (paired, digits) = (&comparison.paired, self.difference_digits);
        let summary = &paired.summary;
        // One pair has the p of 1 whatever it is: that tells nothing.
        let tested = paired.p.filter(|_| summary.interval.is_some());
        let p = tested.zip(comparison.p_holm);
        let p = p.map(|((raw, test), holm)| {
            let mark = match test {
                Test::SignFlip => "",
                Test::StudentT => " (t)",
            };
            [raw, holm].map(|p| number::p_value(p) + mark)
        });
        let [p_raw, p] = p.unwrap_or_default();
        Row {
            difference: summary
                .mean
                .map_or("no pair".into(), |mean| digits.signed(mean)),
            interval: summary
                .interval
                .map_or_else(String::new, |i| digits.interval(i)),
            p_raw: if p_raw == p { String::new() } else { p_raw },
            p,
            wins: match summary.n {
                0 => String::new(),
                n => format!("{}/{n}", self.better.wins(comparison)),
            },
            d_z: paired
                .d_z
                .map_or_else(String::new, |d_z| Digits::Fixed(1).signed(d_z)),
            params: shown(comparison.cost.params, number::count_change),
            macs: shown(comparison.cost.macs, number::count_change),
            wall: shown(comparison.cost.wall, number::seconds_change),
            verdict: match (verdict, summary.n) {
                (None, _) => String::new(),
                // More seeds would not help: those that were run share no values.
                (Some(_), 0) => "no pairs".into(),
                (Some(verdict), _) => verdict_words(verdict),
            },
            ..self.alone(arm)
        }
    }
}

fn shown<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(String::new, show)
}

/// The verdict of one comparison in a few words.
pub fn verdict_words(verdict: Verdict) -> String {
    match verdict {
        Verdict::Confirmed => "confirmed".into(),
        Verdict::Contradicted => "contradicted".into(),
        Verdict::NotResolved(seeds) => format!("not resolved, needs {}", seeds_words(seeds)),
    }
}

/// How many seeds would tell, in words: a total, those that were run among it.
pub fn seeds_words(seeds: Seeds) -> String {
    match seeds {
        Seeds::About(n) => format!("about {n} seeds in all"),
        Seeds::AtLeast(n) => format!("at least {n} seeds in all"),
        Seeds::TooMany => "more than 1,000 seeds in all".into(),
    }
}
