//! Was the expectation met? One verdict per comparison, and one for the sweep.
//!
//! *lower*, *higher*: confirmed when the 95% interval of the mean difference lies on the expected side of zero
//! and the Holm-corrected p is at most 0.05; contradicted when both hold on the other side; else not resolved.
//! *same*: confirmed when the interval lies inside ±margin, contradicted when it lies outside, else not resolved.

use super::compare::{Comparison, Comparisons};
use super::stats::{Interval, quantile, smallest_sign_flip};
use crate::record::CompareRecord;

/// Largest p that counts as found.
pub const ALPHA: f64 = 0.05;

/// With how many seeds an effect as large as the one that was seen would be found in so many of a hundred sweeps.
const POWER: f64 = 0.8;

/// Above so many seeds an effect is called too small to resolve.
pub const MOST_SEEDS: usize = 1000;

/// What was expected of the difference to the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// Below zero.
    Lower,
    /// Above zero.
    Higher,
    /// Inside ± this margin.
    Same(f64),
    /// Nothing was written down.
    Nothing,
}

impl Expected {
    /// What a record says.
    pub fn of(compare: &CompareRecord) -> Self {
        match compare.expect.as_str() {
            "lower" => Self::Lower,
            "higher" => Self::Higher,
            "same" => Self::Same(compare.margin.abs()),
            _ => Self::Nothing,
        }
    }
}

/// The answer of one comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Confirmed,
    /// The opposite of what was expected.
    Contradicted,
    /// The seeds cannot tell.
    NotResolved(Seeds),
}

/// How many seeds in all would probably tell: in four of five sweeps, if the effect is as large as it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// About so many, if mean and spread stay as they are.
    About(usize),
    /// At least so many; without a spread (below two seeds) no more can be said.
    AtLeast(usize),
    /// More than a sweep would run: the effect is small beside its spread.
    TooMany,
}

impl Seeds {
    /// Fewer before more.
    pub fn rank(self) -> usize {
        match self {
            Self::About(n) | Self::AtLeast(n) => n,
            Self::TooMany => usize::MAX,
        }
    }
}

/// Judges one comparison of `comparisons`; `None` when nothing was expected.
pub fn judge(expected: Expected, comparison: &Comparison, comparisons: usize) -> Option<Verdict> {
    let interval = comparison.paired.summary.interval;
    let found = comparison.p_holm.is_some_and(|p| p <= ALPHA);
    let resolved = match expected {
        Expected::Nothing => return None,
        Expected::Lower => interval
            .filter(|_| found)
            .and_then(|i| side(i, i.high < 0.0)),
        Expected::Higher => interval
            .filter(|_| found)
            .and_then(|i| side(i, i.low > 0.0)),
        Expected::Same(margin) => interval.and_then(|i| inside(i, margin)),
    };
    Some(resolved.unwrap_or_else(|| Verdict::NotResolved(seeds(expected, comparison, comparisons))))
}

fn side(interval: Interval, as_expected: bool) -> Option<Verdict> {
    match (interval.excludes_zero(), as_expected) {
        (false, _) => None,
        (true, true) => Some(Verdict::Confirmed),
        (true, false) => Some(Verdict::Contradicted),
    }
}

fn inside(interval: Interval, margin: f64) -> Option<Verdict> {
    if interval.low >= -margin && interval.high <= margin {
        Some(Verdict::Confirmed)
    } else if interval.low > margin || interval.high < -margin {
        Some(Verdict::Contradicted)
    } else {
        None
    }
}

/// The smallest number of seeds, above those there are, with which an effect of the observed mean and spread would be found in
/// four of five sweeps at [`ALPHA`] over the number of comparisons (Holm's first step), and with which the sign-flip test can
/// reach that. n ≥ ((t₁₋α/₂ + t_power) · sd / distance)², quantiles with n − 1 degrees of freedom (Cohen 1988, §2.3, for the
/// paired t-test). Of "same", whose interval is not corrected, the distance is that to the margin.
fn seeds(expected: Expected, comparison: &Comparison, comparisons: usize) -> Seeds {
    let summary = &comparison.paired.summary;
    let more = summary.n + 1;
    let (least, family, distance) = match (expected, summary.mean) {
        (Expected::Same(margin), mean) => (2, 1, mean.map(|mean| (margin - mean.abs()).abs())),
        (_, mean) => {
            let least = seeds_for_sign_flip(comparisons);
            (least, comparisons.max(1), mean.map(f64::abs))
        }
    };
    let least = least.max(more);
    let Some((distance, sd)) = distance.zip(summary.sd) else {
        return Seeds::AtLeast(least);
    };
    let resolves = |&n: &usize| {
        let reach = quantile(n, 1.0 - ALPHA / family as f64 / 2.0) + quantile(n, POWER);
        reach * sd / (n as f64).sqrt() < distance
    };
    (least..=MOST_SEEDS)
        .find(resolves)
        .map_or(Seeds::TooMany, Seeds::About)
}

/// The fewest seeds with which the sign-flip test can reach [`ALPHA`] under Holm over so many comparisons.
pub fn seeds_for_sign_flip(comparisons: usize) -> usize {
    let reaches = |&n: &usize| smallest_sign_flip(n) * comparisons.max(1) as f64 <= ALPHA;
    (1..64).find(reaches).unwrap_or(64)
}

/// The verdicts of all comparisons but those of controls, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As expected.
    pub confirmed: usize,
    /// The opposite.
    pub contradicted: usize,
    /// Cannot be told.
    pub not_resolved: usize,
}

impl Tally {
    /// Judges and counts every comparison that the question is about.
    pub fn of(expected: Expected, comparisons: &Comparisons) -> Self {
        let count = comparisons.compared().count();
        let mut tally = Self::default();
        for (_, comparison) in comparisons.edited() {
            match judge(expected, comparison, count) {
                Some(Verdict::Confirmed) => tally.confirmed += 1,
                Some(Verdict::Contradicted) => tally.contradicted += 1,
                Some(Verdict::NotResolved(_)) => tally.not_resolved += 1,
                None => {}
            }
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::super::compare::Cost;
    use super::super::stats::Paired;
    use super::*;

    fn comparison(differences: &[f64]) -> Comparison {
        let paired = Paired::of(differences);
        Comparison {
            baseline: 0,
            p_holm: paired.p.map(|(p, _)| p),
            paired,
            planned: differences.len(),
            cost: Cost {
                params: None,
                macs: None,
                wall: None,
            },
        }
    }

    const DOWN: [f64; 6] = [-0.5, -0.4, -0.6, -0.5, -0.45, -0.55];

    #[test]
    fn a_clear_effect_confirms_or_contradicts() {
        let clear = comparison(&DOWN);
        assert_eq!(judge(Expected::Lower, &clear, 1), Some(Verdict::Confirmed));
        assert_eq!(
            judge(Expected::Higher, &clear, 1),
            Some(Verdict::Contradicted)
        );
        assert_eq!(judge(Expected::Nothing, &clear, 1), None);
    }

    /// Oracle: 2^(1−5) = 0.0625 > 0.05, so five seeds can never tell (science.md §5).
    #[test]
    fn five_seeds_never_resolve_a_direction() {
        let five = judge(Expected::Lower, &comparison(&DOWN[..5]), 1);
        assert_eq!(five, Some(Verdict::NotResolved(Seeds::About(6))));
    }

    /// Oracle: science.md §5: 3 / 6 / 10 / 15 comparisons need 7 / 8 / 9 / 10 seeds.
    #[test]
    fn more_comparisons_need_more_seeds() {
        let needed = [1, 3, 6, 10, 15].map(seeds_for_sign_flip);
        assert_eq!(needed, [6, 7, 8, 9, 10]);
    }

    /// Oracle: SciPy 1.17, (t.ppf(1 − .05/m/2, n − 1) + t.ppf(.8, n − 1))/√n < 0.52 first holds at 32 for one comparison and at
    /// 42 for three; by nct.cdf the power there is 0.813 and 0.804.
    #[test]
    fn seeds_needed_find_the_effect_four_times_in_five() {
        // Mean 0.52 and sd exactly 1: ±1 around the mean, scaled by √(3/4).
        let spread = 0.75_f64.sqrt();
        let differences = [spread, -spread, spread, -spread].map(|d| d + 0.52);
        let verdict = judge(Expected::Higher, &comparison(&differences), 1);
        assert_eq!(verdict, Some(Verdict::NotResolved(Seeds::About(32))));
        let verdict = judge(Expected::Higher, &comparison(&differences), 3);
        assert_eq!(verdict, Some(Verdict::NotResolved(Seeds::About(42))));
    }

    #[test]
    fn one_seed_says_only_the_least_number() {
        let verdict = judge(Expected::Lower, &comparison(&[-0.5]), 1);
        assert_eq!(verdict, Some(Verdict::NotResolved(Seeds::AtLeast(6))));
        let verdict = judge(Expected::Same(0.1), &comparison(&[]), 1);
        assert_eq!(verdict, Some(Verdict::NotResolved(Seeds::AtLeast(2))));
    }

    #[test]
    fn same_is_judged_by_its_margin() {
        let down = comparison(&DOWN);
        assert_eq!(
            judge(Expected::Same(1.0), &down, 1),
            Some(Verdict::Confirmed)
        );
        assert_eq!(
            judge(Expected::Same(0.1), &down, 1),
            Some(Verdict::Contradicted)
        );
        assert!(matches!(
            judge(Expected::Same(0.5), &down, 1),
            Some(Verdict::NotResolved(_))
        ));
    }

    #[test]
    fn an_effect_of_nothing_needs_too_many_seeds() {
        let verdict = judge(Expected::Lower, &comparison(&[1.0, -1.0, 1.0, -1.0]), 1);
        assert_eq!(verdict, Some(Verdict::NotResolved(Seeds::TooMany)));
    }
}
