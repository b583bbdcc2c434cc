//! The answer to the sweep's question, in words.

use super::compare::{Arm, Comparison, Comparisons, Role};
use super::label;
use super::notes::notes;
use super::number;
use super::rows::{Rows, seeds_words};
use super::stats::Test;
use super::verdict::{ALPHA, Expected, Tally, Verdict, judge};
use crate::record::CompareRecord;

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

struct Words<'a> {
    comparisons: &'a Comparisons<'a>,
    rows: &'a Rows,
    expected: Expected,
}

impl Words<'_> {
    fn answer(&self) -> (Kind, &'static str, String) {
        let tally = Tally::of(self.expected, self.comparisons);
        let count = self.comparisons.edited().count();
        let (kind, headline) = match (tally.confirmed, tally.contradicted, tally.not_resolved) {
            (0, 0, 0) => (Kind::Open, "Nothing was expected"),
            (_, 0, 0) => (Kind::Confirmed, "Confirmed"),
            (0, _, 0) => (Kind::Contradicted, "Contradicted"),
            (0, 0, _) => (Kind::NotResolved, "Not resolved"),
            _ => (Kind::Mixed, "Mixed"),
        };
        let mut sentences = Vec::new();
        if count > 1 {
            sentences.push(self.overview(tally, count));
        }
        // One comparison is told in full; of several, the largest effect, of those that the seeds can tell where there are any.
        let compared = self.comparisons.compared().count();
        let resolved = |c: &Comparison| match judge(self.expected, c, compared) {
            Some(Verdict::NotResolved(_)) => false,
            Some(Verdict::Confirmed | Verdict::Contradicted) => true,
            None => c.p_holm.is_some_and(|p| p <= ALPHA),
        };
        let size = |c: &Comparison| (resolved(c), c.paired.summary.mean.map_or(-1.0, f64::abs));
        let largest = self
            .comparisons
            .edited()
            .reduce(|a, b| if size(b.1) > size(a.1) { b } else { a });
        if let Some((arm, comparison)) = largest {
            let lead = match (count > 1, resolved(comparison)) {
                (false, _) => "",
                (true, true) => "The largest difference that the seeds can tell: ",
                (true, false) => {
                    "The largest difference, which the seeds cannot tell from chance: "
                }
            };
            sentences.push(format!("{lead}{}", self.difference(arm, comparison)));
            if count == 1
                && comparison.paired.summary.n > 0
                && let Some(Verdict::NotResolved(seeds)) = judge(
                    self.expected,
                    comparison,
                    self.comparisons.compared().count(),
                )
            {
                sentences.push(format!(
                    "To resolve this it would take {}.",
                    seeds_words(seeds)
                ));
            }
        }
        (kind, headline, sentences.join(" "))
    }

    /// What was expected, and in how many comparisons it came so.
    fn overview(&self, tally: Tally, count: usize) -> String {
        let metric = label::visible(&self.comparisons.metric);
        let expectation = match self.expected {
            Expected::Nothing => {
                return format!(
                    "{metric} was compared with its baseline in {count} arms; no expectation was written down."
                );
            }
            Expected::Lower => "lower than".into(),
            Expected::Higher => "higher than".into(),
            Expected::Same(margin) => format!("within ±{margin} of"),
        };
        let parts = [
            (tally.confirmed, "confirmed"),
            (tally.contradicted, "contradicted"),
            (tally.not_resolved, "not resolved"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{word} in {n}"))
            .collect();
        format!(
            "{metric} was expected to be {expectation} the baseline's in {count} comparisons: {}.",
            parts.join(", ")
        )
    }

    /// One comparison: by how much, how sure, in how many seeds.
    fn difference(&self, arm: &Arm, comparison: &Comparison) -> String {
        let metric = label::visible(&self.comparisons.metric);
        let baseline = &self.comparisons.arms[comparison.baseline].label;
        let (summary, digits) = (&comparison.paired.summary, self.rows.difference_digits);
        let Some(mean) = summary.mean else {
            return format!(
                "No seed has {metric} for both {} and {baseline}.",
                arm.label
            );
        };
        let direction = match mean {
            mean if mean < 0.0 => format!("{} lower than", digits.show(-mean)),
            mean if mean > 0.0 => format!("{} higher than", digits.show(mean)),
            _ => "the same as".into(),
        };
        let mut facts = Vec::new();
        match summary.interval {
            Some(interval) => facts.push(format!(
                "95% interval of the difference {}",
                digits.interval(interval)
            )),
            None => facts.push("one seed: nothing can be said about chance".into()),
        }
        if let (Some(p), Some((_, test)), Some(_)) =
            (comparison.p_holm, comparison.paired.p, summary.interval)
        {
            let test = match test {
                Test::SignFlip => "exact sign-flip",
                Test::StudentT => "Student's t, not exact above 20 seeds",
            };
            let p = number::p_value(p);
            let p = if p.starts_with('<') {
                format!("p {p}")
            } else {
                format!("p = {p}")
            };
            facts.push(format!("{p} ({test})"));
        }
        let better = self.rows.better;
        facts.push(format!(
            "{} in {} of {} seeds",
            better.name(),
            better.wins(comparison),
            summary.n
        ));
        format!(
            "{metric} of {} is {direction} that of {baseline} ({}).",
            arm.label,
            facts.join("; ")
        )
    }
}
