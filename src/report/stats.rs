//! The statistics of an ablation, pure: summaries, seed-paired differences, sign-flip tests, Holm's correction.
//!
//! Formulas: Student's t-interval and t-test of the mean of paired differences; Cohen's d_z; Fisher's sign-flip
//! (randomisation) test of the mean; Holm (1979). Nothing here is dropped silently: what cannot be said with
//! so few values is `None`.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;

/// Up to so many pairs all sign assignments (2^n) are enumerated.
pub const EXACT_PAIRS: usize = 20;

/// Two values count as equal when they differ by less than this share of what was added up.
const TIE: f64 = 1e-12;

/// An interval, ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Half its width.
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Whether all of it lies on one side of zero.
    pub fn excludes_zero(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Mean and spread of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many values.
    pub n: usize,
    /// Their mean; `None` without values.
    pub mean: Option<f64>,
    /// Standard deviation with n − 1; `None` below two values.
    pub sd: Option<f64>,
    /// 95% t-interval of the mean; `None` below two values.
    pub interval: Option<Interval>,
}

impl Summary {
    /// Summarises a sample.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len();
        let mean = (n > 0).then(|| values.iter().sum::<f64>() / n as f64);
        let sd = mean.filter(|_| n > 1).map(|mean| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            let sd = (squares / (n - 1) as f64).sqrt();
            // Equal values leave only what their mean was rounded by.
            if sd > TIE * mean.abs() { sd } else { 0.0 }
        });
        let interval = mean.zip(sd).map(|(mean, sd)| {
            let half = t_quantile(n) * sd / (n as f64).sqrt();
            Interval {
                low: mean - half,
                high: mean + half,
            }
        });
        Self {
            n,
            mean,
            sd,
            interval,
        }
    }
}

/// How a p-value was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// All 2^n sign assignments of the mean difference: exact.
    SignFlip,
    /// Student's t, above [`EXACT_PAIRS`] pairs: not exact.
    StudentT,
}

/// Differences arm − baseline, one per seed that both have.
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    /// Mean, spread and interval of the differences.
    pub summary: Summary,
    /// Mean over its standard error; `None` below two pairs or without any spread.
    pub t: Option<f64>,
    /// Two-sided p of `t`.
    pub p_t: Option<f64>,
    /// Mean over standard deviation; `None` below two pairs or without any spread.
    pub d_z: Option<f64>,
    /// Two-sided p of the mean difference, and how it was computed; `None` without pairs.
    pub p: Option<(f64, Test)>,
    /// Seeds where the arm is lower than its baseline.
    pub lower: usize,
    /// Seeds where the arm is higher.
    pub higher: usize,
}

impl Paired {
    /// The statistics of these differences.
    pub fn of(differences: &[f64]) -> Self {
        let summary = Summary::of(differences);
        let n = summary.n;
        let spread = summary
            .mean
            .zip(summary.sd)
            .filter(|&(mean, sd)| sd > TIE * mean.abs());
        let d_z = spread.map(|(mean, sd)| mean / sd);
        let t = d_z.map(|d_z| d_z * (n as f64).sqrt());
        let p_t = t.and_then(|t| Some(2.0 * student(n)?.sf(t.abs())));
        let p = match n {
            0 => None,
            1..=EXACT_PAIRS => Some((sign_flip(differences), Test::SignFlip)),
            _ => p_t.map(|p| (p, Test::StudentT)),
        };
        Self {
            summary,
            t,
            p_t,
            d_z,
            p,
            lower: differences.iter().filter(|d| **d < 0.0).count(),
            higher: differences.iter().filter(|d| **d > 0.0).count(),
        }
    }
}

/// Exact two-sided p of the sum under all sign assignments. At most [`EXACT_PAIRS`] differences.
fn sign_flip(differences: &[f64]) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    let tolerance = TIE * differences.iter().map(|d| d.abs()).sum::<f64>();
    // Sums of the two halves, joined pairwise: 2^n additions, none of which builds on another's rounding.
    let (first, second) = differences.split_at(differences.len() / 2);
    let (first, second) = (signed_sums(first), signed_sums(second));
    let extreme: usize = first
        .iter()
        .map(|a| {
            let is_extreme = |b: &&f64| (a + **b).abs() >= observed - tolerance;
            second.iter().filter(is_extreme).count()
        })
        .sum();
    extreme as f64 / (first.len() * second.len()) as f64
}

/// The sums under all 2^n sign assignments.
fn signed_sums(values: &[f64]) -> Vec<f64> {
    values.iter().fold(vec![0.0], |sums, value| {
        let signed = |sum: f64| [sum + value, sum - value];
        sums.into_iter().flat_map(signed).collect()
    })
}

/// The smallest p that the sign-flip test can give with `n` pairs: 2^(1−n).
pub fn smallest_sign_flip(n: usize) -> f64 {
    0.5_f64
        .powi(i32::try_from(n).unwrap_or(i32::MAX) - 1)
        .min(1.0)
}

/// Holm's correction (1979): adjusted p-values, in the order given.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut floor = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        floor = floor.max(p[index] * (p.len() - rank) as f64).min(1.0);
        adjusted[index] = floor;
    }
    adjusted
}

/// The 97.5 % quantile of Student's t with n − 1 degrees of freedom; infinite where there are none.
pub fn t_quantile(n: usize) -> f64 {
    student(n).map_or(f64::INFINITY, |t| t.inverse_cdf((1.0 + CONFIDENCE) / 2.0))
}

fn student(n: usize) -> Option<StudentsT> {
    let freedom = n.checked_sub(1).filter(|&freedom| freedom > 0)?;
    StudentsT::new(0.0, 1.0, freedom as f64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!(
            (found - expected).abs() <= tolerance,
            "found {found}, expected {expected}"
        );
    }

    /// Oracle: science.md §5 (float64, published formulas).
    #[test]
    fn the_reference_pair_has_the_reference_statistics() {
        let a = [0.1664, 0.1620, 0.1652, 0.1594, 0.1601];
        let b = [0.1447, 0.1460, 0.1439, 0.1451, 0.1472];
        let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let paired = Paired::of(&differences);
        near(paired.t.unwrap(), 9.5343249416, 1e-9);
        near(paired.p_t.unwrap(), 6.757623857e-4, 1e-12);
        near(paired.d_z.unwrap(), 4.2638797378, 1e-9);
        let interval = paired.summary.interval.unwrap();
        near(interval.low, 0.0122196222, 1e-10);
        near(interval.high, 0.0222603778, 1e-10);
        assert_eq!(paired.p, Some((0.0625, Test::SignFlip)));
        assert_eq!((paired.lower, paired.higher), (0, 5));
    }

    /// Oracle: science.md §5, counted by hand over 64 assignments.
    #[test]
    fn sign_flip_counts_ties() {
        let p = sign_flip(&[3.0, 1.0, -2.0, 4.0, 5.0, -1.0]);
        assert_eq!(p, 16.0 / 64.0);
        let scaled: Vec<f64> = [3.0, 1.0, -2.0, 4.0, 5.0, -1.0].map(|d| d * 0.1).to_vec();
        assert_eq!(sign_flip(&scaled), 16.0 / 64.0, "ties survive rounding");
    }

    /// Oracle: a plain loop over all masks.
    #[test]
    fn sign_flip_equals_the_plain_enumeration() {
        let differences: Vec<f64> = (0..11).map(|i| f64::from(i * 37 % 11) - 3.5).collect();
        let observed = differences.iter().sum::<f64>().abs();
        let extreme = (0..1_u32 << 11).filter(|mask| {
            let signed = differences
                .iter()
                .enumerate()
                .map(|(i, d)| if mask >> i & 1 == 1 { -d } else { *d });
            signed.sum::<f64>().abs() >= observed - 1e-9
        });
        assert_eq!(sign_flip(&differences), extreme.count() as f64 / 2048.0);
    }

    /// Oracle: science.md §5.
    #[test]
    fn smallest_p_and_quantiles_match_the_tables() {
        for (n, p) in [
            (3, 0.25),
            (4, 0.125),
            (5, 0.0625),
            (6, 0.03125),
            (8, 0.0078125),
        ] {
            assert_eq!(smallest_sign_flip(n), p);
            assert_eq!(sign_flip(&vec![1.0; n]), p);
        }
        for (n, t) in [(3, 4.3027), (5, 2.7764), (8, 2.3646), (10, 2.2622)] {
            near(t_quantile(n), t, 5e-5);
        }
    }

    /// Oracle: science.md §5.
    #[test]
    fn holm_matches_the_reference() {
        let adjusted = holm(&[0.001, 0.012, 0.014, 0.04, 0.2]);
        for (found, expected) in adjusted.iter().zip([0.005, 0.048, 0.048, 0.08, 0.2]) {
            near(*found, expected, 1e-12);
        }
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0], "never above one");
        let shuffled = holm(&[0.2, 0.001]);
        assert_eq!(shuffled, [0.2, 0.002], "in the order given");
    }

    #[test]
    fn too_few_pairs_say_only_what_can_be_said() {
        let none = Paired::of(&[]);
        assert_eq!((none.summary.mean, none.p, none.d_z), (None, None, None));
        let one = Paired::of(&[-0.5]);
        assert_eq!(one.summary.mean, Some(-0.5));
        assert_eq!(
            (one.summary.sd, one.summary.interval, one.t),
            (None, None, None)
        );
        assert_eq!(one.p, Some((1.0, Test::SignFlip)));
        let two = Paired::of(&[-0.5, -0.7]);
        assert!(two.summary.interval.is_some());
        assert_eq!(two.p, Some((0.5, Test::SignFlip)));
    }

    #[test]
    fn equal_differences_have_no_t_and_no_effect_size() {
        let paired = Paired::of(&[0.25; 4]);
        assert_eq!((paired.t, paired.p_t, paired.d_z), (None, None, None));
        assert_eq!(paired.p, Some((0.125, Test::SignFlip)));
    }

    #[test]
    fn above_twenty_pairs_the_p_value_is_students_and_says_so() {
        let differences: Vec<f64> = (0..21).map(|i| f64::from(i) / 10.0 - 0.4).collect();
        let paired = Paired::of(&differences);
        assert_eq!(paired.p, paired.p_t.map(|p| (p, Test::StudentT)));
        assert!(matches!(
            Paired::of(&differences[..20]).p,
            Some((_, Test::SignFlip))
        ));
    }
}
