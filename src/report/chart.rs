//! Charts of lines over a few named places: arms' means with their 95% intervals.

use super::figures::Look;
use super::stats::Summary;
use serde::Serialize;

/// One chart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chart {
    /// What it is called where one of several is chosen.
    pub name: String,
    /// What the places are.
    pub x: String,
    /// What is measured.
    pub y: String,
    /// The places, from left to right.
    pub places: Vec<String>,
    /// The lines.
    pub lines: Vec<Line>,
    /// Lines beyond those.
    pub left_out: usize,
}

/// One line; every list is as long as the places, missing values are null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// `skip.at [14]`.
    pub label: String,
    /// Colour and line style.
    #[serde(flatten)]
    pub look: Look,
    /// Which mark stands at its places: an arm that is used in several ways has several lines of one look.
    pub mark: usize,
    /// Whether it is drawn before the reader chooses.
    pub first: bool,
    /// Means.
    pub mean: Vec<Option<f64>>,
    /// Lower ends of the intervals.
    pub low: Vec<Option<f64>>,
    /// Upper ends.
    pub high: Vec<Option<f64>>,
}

impl Line {
    /// The line of these summaries, drawn at first, with the first mark.
    pub fn of<'a>(
        label: String,
        look: Look,
        summaries: impl Iterator<Item = &'a Summary> + Clone,
    ) -> Self {
        let ends = |end: fn(&Summary) -> Option<f64>| {
            summaries
                .clone()
                .map(|summary| end(summary).map(short))
                .collect()
        };
        Self {
            label,
            look,
            mark: 0,
            first: true,
            mean: ends(|summary| summary.mean),
            low: ends(|summary| Some(summary.interval?.low)),
            high: ends(|summary| Some(summary.interval?.high)),
        }
    }
}

/// Six significant digits: more than a screen shows, a third of the bytes.
pub fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_stay() {
        assert_eq!(short(0.123456789), 0.123457);
    }
}
