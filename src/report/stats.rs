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
        // Sums beyond all bounds have no mean to speak of.
        let mean = mean.filter(|mean| mean.is_finite());
        let sd = mean.filter(|_| n > 1).map(|mean| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            let sd = (squares / (n - 1) as f64).sqrt();
            // Equal values leave only what their mean was rounded by.
            if sd > TIE * mean.abs() { sd } else { 0.0 }
        });
        let sd = sd.filter(|sd| sd.is_finite());
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
    /// The differences themselves.
    pub differences: Vec<f64>,
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
        let finite: Vec<f64> = differences
            .iter()
            .copied()
            .filter(|it| it.is_finite())
            .collect();
        let differences = finite.as_slice();
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
            1..=EXACT_PAIRS => summary
                .mean
                .map(|_| (sign_flip(differences), Test::SignFlip)),
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
            differences: finite,
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
    quantile(n, (1.0 + CONFIDENCE) / 2.0)
}

/// The quantile of Student's t with n − 1 degrees of freedom; infinite where there are none.
pub fn quantile(n: usize, p: f64) -> f64 {
    student(n).map_or(f64::INFINITY, |t| t.inverse_cdf(p))
}

fn student(n: usize) -> Option<StudentsT> {
    let freedom = n.checked_sub(1).filter(|&freedom| freedom > 0)?;
    StudentsT::new(0.0, 1.0, freedom as f64).ok()
}

#[cfg(test)]
mod tests;
