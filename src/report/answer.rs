//! The answer to the sweep's question, in words.

mod words;

use super::compare::{Comparisons, Role};
use super::label;
use super::notes::notes;
use super::rows::Rows;
use super::verdict::Expected;
use crate::record::CompareRecord;
use words::Words;

/// What kind of answer it is; decides only how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everything as expected.
    Confirmed,
    /// Everything the opposite of what was expected.
    Contradicted,
    /// The seeds cannot tell.
    NotResolved,
    /// Comparisons differ.
    Mixed,
    /// Nothing was expected, or nothing can be compared.
    Open,
}

impl Kind {
    /// The name in the page's style sheet.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Contradicted => "contradicted",
            Self::NotResolved => "not-resolved",
            Self::Mixed => "mixed",
            Self::Open => "open",
        }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it looks.
    pub kind: Kind,
    /// One or two words.
    pub headline: String,
    /// The sentence after the headline.
    pub sentence: String,
    /// What a careful reader must know beside it: trials that are missing, seeds that could not be paired.
    pub notes: Vec<String>,
}

impl Answer {
    /// Answers from the comparisons.
    pub fn of(comparisons: &Comparisons, rows: &Rows, compare: Option<&CompareRecord>) -> Self {
        let expected = compare.map_or(Expected::Nothing, Expected::of);
        let (kind, headline, sentence) = match compare {
            None => open(
                "No comparison",
                "The sweep file names no compare.baseline, so the table shows every arm by itself."
                    .into(),
            ),
            Some(_) if comparisons.arms.iter().all(|arm| arm.values.is_empty()) => open(
                match comparisons.unfinished() {
                    0 => "No results",
                    _ => "No results yet",
                },
                format!(
                    "No trial has left a value of {}.",
                    label::visible(&comparisons.metric)
                ),
            ),
            Some(compare) if comparisons.edited().next().is_none() => {
                open("No answer", nothing_to_compare(comparisons, compare))
            }
            Some(_) => Words {
                comparisons,
                rows,
                expected,
            }
            .answer(),
        };
        Self {
            kind,
            headline: headline.into(),
            sentence,
            notes: notes(comparisons),
        }
    }

    /// Headline and sentence.
    pub fn text(&self) -> String {
        format!("{}. {}", self.headline, self.sentence)
    }
}

fn open(headline: &'static str, sentence: String) -> (Kind, &'static str, String) {
    (Kind::Open, headline, sentence)
}

fn nothing_to_compare(comparisons: &Comparisons, compare: &CompareRecord) -> String {
    let baseline: Vec<String> = compare
        .baseline
        .iter()
        .map(|(path, value)| format!("{} {}", label::visible(path), label::value(value)))
        .collect();
    // Nothing to name when the sweep file's conditions hold at every point.
    let named = match baseline.as_slice() {
        [] => String::new(),
        some => format!(" ({})", some.join(", ")),
    };
    if comparisons.unfinished() > 0 {
        return format!(
            "Nothing can be compared yet: no trial of the baseline{named} has finished."
        );
    }
    let why = if comparisons
        .arms
        .iter()
        .any(|arm| matches!(arm.role, Role::Baseline))
    {
        "Every arm is a baseline"
    } else {
        "No arm is the baseline"
    };
    format!("{why}{named}, so there is nothing to compare.")
}
