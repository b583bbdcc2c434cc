//! How large a difference is and how sure, in words.

use super::Across;
use super::pair::PointPair;
use super::versus::Versus;
use super::words::{name, points};
use crate::report::number::{self, Digits};
use crate::report::stats::{Paired, Summary, Test, smallest_sign_flip};
use crate::report::verdict::ALPHA;

/// How values and differences of one comparison are written.
#[derive(Clone, Copy)]
pub struct Written {
    /// Digits of means.
    pub means: Digits,
    /// Digits of differences.
    pub differences: Digits,
}

impl Written {
    /// As the uncertainty allows.
    pub fn of(versus: &Versus) -> Self {
        let spread = |summary: &Summary| summary.interval.map(|interval| interval.half_width());
        let sides = || versus.points.iter().flat_map(|point| &point.summaries);
        let differences = || {
            let points = versus.points.iter().map(|point| &point.paired);
            points.chain(&versus.overall).map(|paired| &paired.summary)
        };
        Self {
            means: Digits::of(sides().filter_map(spread), sides().filter_map(|s| s.mean)),
            differences: Digits::of(
                differences().filter_map(spread),
                differences().filter_map(|s| s.mean),
            ),
        }
    }
}

/// The mean over points where there are several, then the largest difference and how many are sure.
pub fn difference(across: &Across, versus: &Versus) -> Vec<String> {
    let written = Written::of(versus);
    let mut sentences = Vec::new();
    if let Some(overall) = &versus.overall
        && overall.summary.n > 0
    {
        let compared = versus.points.iter().filter(|p| p.paired.summary.n > 0);
        sentences.push(format!(
            "Averaged over {} it is {}.",
            points(compared.count()),
            told(across, written, overall, overall.p.map(|(p, _)| p))
        ));
    }
    let size = |point: &PointPair| point.paired.summary.mean.map_or(-1.0, f64::abs);
    let largest = versus
        .points
        .iter()
        .reduce(|a, b| if size(b) > size(a) { b } else { a });
    if let Some(point) = largest {
        let told = told(across, written, &point.paired, point.p_holm);
        sentences.push(match versus.overall {
            Some(_) => format!("The largest difference, at {}: {told}.", point.label),
            None => format!("At {} it is {told}.", point.label),
        });
    }
    let tested: Vec<&PointPair> = versus
        .points
        .iter()
        .filter(|p| p.p_holm.is_some())
        .collect();
    if tested.len() > 1 {
        sentences.push(sure(across, &tested));
    }
    sentences
}

/// At how many points the difference is more than chance.
fn sure(across: &Across, tested: &[&PointPair]) -> String {
    let below = |point: &&&PointPair| point.p_holm.is_some_and(|p| p <= ALPHA);
    let sign = |point: &&&PointPair| point.paired.summary.mean.is_some_and(|mean| mean > 0.0);
    let sure: Vec<_> = tested.iter().filter(below).collect();
    if !sure.is_empty() {
        let higher = sure.iter().filter(|point| sign(point)).count();
        return format!(
            "After Holm's correction it differs (p ≤ {ALPHA}) at {} of {}: higher at {higher}, lower at {}.",
            sure.len(),
            points(tested.len()),
            sure.len() - higher
        );
    }
    let all = across.versus.iter().flat_map(|versus| &versus.points);
    let comparisons = all.filter(|point| point.p_holm.is_some()).count();
    let seeds = tested.iter().map(|point| point.paired.summary.n).max();
    let least = smallest_sign_flip(seeds.unwrap_or(1)) * comparisons as f64;
    match least > ALPHA {
        true => format!(
            "After Holm's correction no point can differ by p ≤ {ALPHA} with so few seeds; the average says more."
        ),
        false => format!("After Holm's correction it differs (p ≤ {ALPHA}) at no point."),
    }
}

/// `0.0123 lower than in x (95% interval …; p = 0.03, exact sign-flip; lower in 7 of 8 seeds)`.
fn told(across: &Across, written: Written, paired: &Paired, p: Option<f64>) -> String {
    let (digits, reference) = (written.differences, name(&across.reference().name));
    let mean = paired.summary.mean.unwrap_or_default();
    let size = match mean {
        0.0 => format!("the same as in {reference}"),
        mean if mean < 0.0 => format!("{} lower than in {reference}", digits.show(-mean)),
        mean => format!("{} higher than in {reference}", digits.show(mean)),
    };
    let mut facts = Vec::new();
    match paired.summary.interval {
        Some(interval) => facts.push(format!("95% interval {}", digits.interval(interval))),
        None => facts.push("one seed: nothing can be said about chance".into()),
    }
    if let (Some(p), Some((_, test)), Some(_)) = (p, paired.p, paired.summary.interval) {
        let test = match test {
            Test::SignFlip => "exact sign-flip",
            Test::StudentT => "Student's t",
        };
        let p = number::p_value(p);
        let sign = if p.starts_with('<') { "" } else { "= " };
        facts.push(format!("p {sign}{p}, {test}"));
    }
    let better = across.better;
    facts.push(format!(
        "{} in {} of {} seeds",
        better.name(),
        better.count(paired),
        paired.summary.n
    ));
    format!("{size} ({})", facts.join("; "))
}
