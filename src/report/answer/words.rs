//! Headline and sentences where there is something to compare.

use super::super::compare::{Arm, Comparison, Comparisons};
use super::super::label;
use super::super::number::{self, Digits};
use super::super::rows::{Rows, seeds_words};
use super::super::stats::{Test, smallest_sign_flip};
use super::super::verdict::{ALPHA, Expected, Seeds, Tally, Verdict, judge};
use super::Kind;

/// What the sentences are made from.
pub(super) struct Words<'a> {
    /// Arms and comparisons.
    pub comparisons: &'a Comparisons<'a>,
    /// The comparison table.
    pub rows: &'a Rows,
    /// What was expected of the difference.
    pub expected: Expected,
}

impl Words<'_> {
    /// Headline and sentences.
    pub(super) fn answer(&self) -> (Kind, &'static str, String) {
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
            sentences.extend(self.seeds_needed(comparison));
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

    /// With how many seeds the comparison that was told would be resolved, and with how many all of them.
    fn seeds_needed(&self, told: &Comparison) -> Option<String> {
        let compared = self.comparisons.compared().count();
        let needed = |comparison: &Comparison| match judge(self.expected, comparison, compared) {
            Some(Verdict::NotResolved(seeds)) if comparison.paired.summary.n > 0 => Some(seeds),
            _ => None,
        };
        let all: Vec<Seeds> = self
            .comparisons
            .edited()
            .filter_map(|(_, comparison)| needed(comparison))
            .collect();
        let most = all.iter().copied().max_by_key(|seeds| seeds.rank())?;
        let sentence = match (all.len(), needed(told)) {
            (1, _) => format!("To resolve this it would take {}", seeds_words(most)),
            (n, Some(one)) if one == most => {
                format!("To resolve all {n} it would take {}", seeds_words(one))
            }
            (n, Some(one)) => format!(
                "To resolve this it would take {}; all {n} that are not resolved, {}",
                seeds_words(one),
                seeds_words(most)
            ),
            (n, None) => format!(
                "To resolve the {n} that are not resolved it would take {}",
                seeds_words(most)
            ),
        };
        Some(sentence + ".")
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
        let shown = digits.show(mean.abs());
        let direction = match mean {
            0.0 => "the same as".into(),
            _ if !shown.contains(|c| matches!(c, '1'..='9')) => "as good as equal to".into(),
            mean if mean < 0.0 => format!("{shown} lower than"),
            _ => format!("{shown} higher than"),
        };
        let mut facts = Vec::new();
        if direction.starts_with("as good") {
            let digits = Digits::of([mean.abs()].into_iter(), std::iter::empty());
            facts.push(format!("difference {}", digits.signed(mean)));
        }
        match summary.interval {
            Some(interval) => facts.push(format!(
                "95% interval of the difference {}",
                digits.interval(interval)
            )),
            None => facts.push("one seed: nothing can be said about chance".into()),
        }
        if summary.interval.is_some() {
            facts.extend(self.p(comparison));
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

    /// p alone and after the correction, and over what that is.
    fn p(&self, comparison: &Comparison) -> Option<String> {
        let ((raw, test), holm) = comparison.paired.p.zip(comparison.p_holm)?;
        let n = comparison.paired.summary.n;
        let test = match test {
            Test::StudentT => "Student's t, not exact above 20 seeds".into(),
            Test::SignFlip if raw > ALPHA && raw < 1.5 * smallest_sign_flip(n) => {
                format!("exact sign-flip, the least that {n} seeds can give")
            }
            Test::SignFlip => "exact sign-flip".to_owned(),
        };
        let p = |p: f64| match number::p_value(p) {
            bound if bound.starts_with('<') => format!(" {bound}"),
            p => format!(" = {p}"),
        };
        let family = || {
            let compared = self.comparisons.compared();
            compared.filter(|(_, other)| other.p_holm.is_some())
        };
        let controls = family().filter(|(arm, _)| arm.controls.is_some()).count();
        let controls = match controls {
            0 => String::new(),
            n => format!(", {n} of them of controls"),
        };
        let corrected = match family().count() {
            1 => String::new(),
            all => format!(
                "; after Holm's correction over {all} comparisons{controls}, p{}",
                p(holm)
            ),
        };
        Some(format!("p{} ({test}){corrected}", p(raw)))
    }
}
