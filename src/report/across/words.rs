//! The answer in words: are the numbers the same, and if not, by how much and how sure.

use super::Across;
use super::versus::{Alike, PointPair, Versus};
use crate::report::label;
use crate::report::number::{self, Digits};
use crate::report::stats::{Paired, Summary, Test, smallest_sign_flip};

/// Below this p a difference counts as one.
const LEVEL: f64 = 0.05;

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

/// What came out for one sweep, in a headline and sentences.
pub fn answer(across: &Across, versus: &Versus) -> String {
    let metric = label::visible(across.metric);
    let (pairs, valued, equal) = (versus.trials().count(), versus.valued(), versus.equal());
    if versus.points.is_empty() {
        return format!("No point in common. {}", apart(across, versus));
    }
    if pairs == 0 {
        return format!(
            "No seed in common. {} in common, but no seed was planned for any of them in both.",
            points(versus.points.len())
        );
    }
    if versus.finished() > 0 && versus.alike(Alike::Everything) == versus.finished() {
        return format!(
            "Identical. {} that ended in both: every bit of every epoch, metric, picture and parameter is the same.",
            all_of(versus.finished())
        );
    }
    if valued == 0 {
        return format!(
            "Nothing to compare yet. {} and {} in common, but none has completed with a value of {metric} in both.",
            points(versus.points.len()),
            across.unit.counted(pairs)
        );
    }
    let same = same(versus, versus.finished());
    if equal == valued {
        return format!(
            "The same numbers. {metric} is equal to the last bit in {}. {same}",
            all_of(valued).to_lowercase()
        );
    }
    let mut sentences = vec![format!(
        "Different numbers. {metric} is equal in {equal} of {}.",
        in_pairs(valued)
    )];
    if !same.is_empty() {
        sentences.push(same);
    }
    sentences.extend(difference(across, versus));
    sentences.extend(effects(versus));
    sentences.join(" ")
}

/// How many pairs are alike beyond the metric.
fn same(versus: &Versus, valued: usize) -> String {
    match (
        versus.alike(Alike::Everything),
        versus.alike(Alike::Parameters),
    ) {
        (0, 0) => String::new(),
        (all, parameters) if all == parameters => format!(
            "{} identical in every bit of every epoch, metric, picture and parameter.",
            are(all, valued)
        ),
        (0, parameters) => format!(
            "{} networks of the same parameters, bit for bit.",
            have(parameters, valued)
        ),
        (all, parameters) => format!(
            "{} networks of the same parameters, bit for bit; {} identical in everything else too.",
            have(parameters, valued),
            are(all, valued)
        ),
    }
}

fn have(n: usize, of: usize) -> String {
    match n {
        1 => format!("1 of {of} has"),
        n => format!("{n} of {of} have"),
    }
}

fn are(n: usize, of: usize) -> String {
    match n {
        1 => format!("1 of {of} is"),
        n => format!("{n} of {of} are"),
    }
}

/// The mean over points where there are several, then the largest difference and how many are sure.
fn difference(across: &Across, versus: &Versus) -> Vec<String> {
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
    let below = |point: &&&PointPair| point.p_holm.is_some_and(|p| p < LEVEL);
    let sign = |point: &&&PointPair| point.paired.summary.mean.is_some_and(|mean| mean > 0.0);
    let sure: Vec<_> = tested.iter().filter(below).collect();
    if !sure.is_empty() {
        let higher = sure.iter().filter(|point| sign(point)).count();
        return format!(
            "After Holm's correction it differs (p < {LEVEL}) at {} of {}: higher at {higher}, lower at {}.",
            sure.len(),
            points(tested.len()),
            sure.len() - higher
        );
    }
    let all = across.versus.iter().flat_map(|versus| &versus.points);
    let comparisons = all.filter(|point| point.p_holm.is_some()).count();
    let seeds = tested.iter().map(|point| point.paired.summary.n).max();
    let least = smallest_sign_flip(seeds.unwrap_or(1)) * comparisons as f64;
    match least >= LEVEL {
        true => format!(
            "After Holm's correction no point can differ by p < {LEVEL} with so few seeds; the average says more."
        ),
        false => format!("After Holm's correction it differs (p < {LEVEL}) at no point."),
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

/// Whether the reference's own comparisons come out the same way here.
fn effects(versus: &Versus) -> Option<String> {
    let mean = |paired: &Paired| paired.summary.mean;
    let told: Vec<_> = versus
        .effects
        .iter()
        .filter(|e| e.change.summary.n > 0)
        .collect();
    let same = told
        .iter()
        .filter_map(|e| Some(mean(&e.reference)? * mean(&e.other)?));
    let same = same.filter(|product| *product > 0.0).count();
    let changed = told.iter().filter(|e| e.p_holm.is_some_and(|p| p < LEVEL));
    let changed = match changed.count() {
        0 => "none changes".to_owned(),
        n => format!("{n} {}", if n == 1 { "changes" } else { "change" }),
    };
    let n = told.len();
    (n > 0).then(|| {
        format!(
            "Of {} of the reference with its baseline, {same} {} the same way here; {changed} (p < {LEVEL}).",
            number::counted(n, "comparison"),
            if same == 1 { "points" } else { "point" },
        )
    })
}

/// Why no point is in common: the fields in which no value is.
fn apart(across: &Across, versus: &Versus) -> String {
    let axes: Vec<String> = versus
        .matching
        .by
        .iter()
        .map(|axis| label::visible(axis).into_owned())
        .collect();
    if versus.matching.apart.is_empty() {
        return format!(
            "No point of {} has the values of {} that one of {} has.",
            name(versus.name),
            axes.join(", "),
            name(&across.reference().name)
        );
    }
    let parts: Vec<String> = versus
        .matching
        .apart
        .iter()
        .map(|apart| {
            format!(
                "{} is {} in {} and {} in {}",
                label::visible(&apart.axis),
                apart.values[0],
                name(&across.reference().name),
                apart.values[1],
                name(versus.name)
            )
        })
        .collect();
    format!("{}.", parts.join("; "))
}

/// The name of a sweep as it may be shown.
pub fn name(name: &str) -> String {
    label::visible(name).into_owned()
}

/// `1 point`, `2 points`.
pub fn points(n: usize) -> String {
    number::counted(n, "point")
}

fn all_of(n: usize) -> String {
    match n {
        1 => "The one pair".into(),
        n => format!("All {n} pairs"),
    }
}

/// `1 pair`, `2 pairs`.
pub fn in_pairs(n: usize) -> String {
    number::counted(n, "pair")
}
