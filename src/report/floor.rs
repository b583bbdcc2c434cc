//! What no network can be better than: trials record it as `<metric>_floor`.

use super::compare::Comparisons;
use super::label;
use super::number::Digits;
use super::stats::Summary;

/// How the name of a floor ends.
pub const SUFFIX: &str = "_floor";

/// The floor of a metric over the trials that recorded it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floor {
    /// Mean over trials.
    pub mean: f64,
    /// Smallest and largest: they differ where data or judge do.
    pub range: [f64; 2],
}

/// The floor of a metric, where trials recorded one.
pub fn of(comparisons: &Comparisons, metric: &str) -> Option<Floor> {
    let name = format!("{metric}{SUFFIX}");
    let rows = comparisons.arms.iter().flat_map(|arm| &arm.trials);
    let values = rows.filter_map(|row| row.metrics.get(&name).copied());
    let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let mean = Summary::of(&values).mean?;
    let ends = values
        .iter()
        .fold([mean, mean], |[low, high], &x| [low.min(x), high.max(x)]);
    Some(Floor { mean, range: ends })
}

/// The floor of the compared metric in words.
pub fn note(comparisons: &Comparisons) -> Option<String> {
    let metric = &comparisons.metric;
    let Floor {
        mean,
        range: [low, high],
    } = of(comparisons, metric)?;
    let meaning = match metric.rsplit('.').next() {
        Some("bce") => "the entropy of the grey test images; no network can be below it",
        Some("cross_entropy") => "what is left when everything that can be known is known",
        Some("frechet") => "between real images and other real images",
        _ => "no network can be below it",
    };
    let digits = Digits::of(std::iter::empty(), [mean].into_iter());
    let (low, high) = (digits.show(low), digits.show(high));
    let range = match low == high {
        true => String::new(),
        false => format!(" ({low} to {high} over trials)"),
    };
    Some(format!(
        "The floor of {} is {}{range}: {meaning}.",
        label::visible(metric),
        digits.show(mean)
    ))
}
