//! `trials.csv`: one row a trial. Safe to open in a spreadsheet: text cannot act as a formula, and numbers stay numbers.

use super::compare::Comparisons;
use super::evidence::Evidence;
use super::label;
use crate::error::{Error, Result};
use crate::record::TrialRow;
use std::collections::{BTreeMap, BTreeSet};

/// Writes the table.
///
/// # Errors
/// None that the code does not rule out: it is written to memory.
pub fn text(evidence: &Evidence, comparisons: &Comparisons) -> Result<String> {
    let record = evidence.record;
    let metrics: BTreeSet<&String> = record
        .trials
        .iter()
        .flat_map(|row| row.metrics.keys())
        .collect();
    let labels: BTreeMap<&[String], &str> = comparisons
        .arms
        .iter()
        .map(|arm| (arm.axes, arm.label.as_str()))
        .collect();
    let internal = |error: &dyn std::fmt::Display| Error::Internal(format!("trials.csv: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let heading = ["index", "id", "seed", "outcome", "arm"]
        .map(String::from)
        .into_iter();
    let heading = heading
        .chain(
            record
                .axes
                .iter()
                .chain(metrics.iter().copied())
                .map(|name| inert(name)),
        )
        .chain(
            [
                "params",
                "macs",
                "wall_seconds",
                "device",
                "host",
                "attempt",
                "message",
            ]
            .map(String::from),
        );
    writer.write_record(heading).map_err(|e| internal(&e))?;
    for row in &record.trials {
        let known = |n: u64| if n == 0 { String::new() } else { n.to_string() };
        let mut cells = vec![
            row.index.to_string(),
            inert(&row.id),
            row.seed.to_string(),
            row.outcome.name().into(),
            inert(labels.get(&row.axes[..]).copied().unwrap_or_default()),
        ];
        cells.extend(
            record
                .axes
                .iter()
                .enumerate()
                .map(|(axis, _)| axis_cell(row, axis)),
        );
        cells.extend(metrics.iter().map(|name| {
            row.metrics
                .get(*name)
                .map_or_else(String::new, |v| number(*v))
        }));
        cells.extend([known(row.params), known(row.macs), number(row.wall_seconds)]);
        cells.extend([
            inert(&row.device),
            inert(&row.host),
            known(row.attempt.into()),
        ]);
        cells.push(inert(evidence.message(&row.id)));
        writer.write_record(&cells).map_err(|e| internal(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| internal(&e))?;
    String::from_utf8(bytes).map_err(|e| internal(&e))
}

/// A number of an axis stays one; other values are written as in YAML; a field without effect leaves the cell empty.
fn axis_cell(row: &TrialRow, axis: usize) -> String {
    let json = row.axes.get(axis).map_or("", String::as_str);
    match serde_json::from_str::<serde_json::Number>(json) {
        Ok(number) => number.to_string(),
        Err(_) if json == "null" => String::new(),
        Err(_) => inert(&label::value(json)),
    }
}

/// The shortest text that reads back; empty when not finite.
pub fn number(value: f64) -> String {
    if value.is_finite() {
        format!("{value:?}")
    } else {
        String::new()
    }
}

/// Text that no spreadsheet takes for a formula: an apostrophe before the characters that start one.
pub fn inert(text: &str) -> String {
    let starts_formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let shown = label::visible(text);
    if starts_formula {
        format!("'{shown}")
    } else {
        shown.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: OWASP's list of characters that start a formula.
    #[test]
    fn text_that_starts_a_formula_gets_an_apostrophe() {
        for text in [
            "=cmd|' /C calc'!A0",
            "+1+1",
            "-1+1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "＝1",
        ] {
            assert!(inert(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(inert("skip.at [14]"), "skip.at [14]");
    }

    #[test]
    fn numbers_stay_numbers() {
        assert_eq!(number(-0.5), "-0.5");
        assert_eq!(number(1e-7), "1e-7");
        assert_eq!(number(f64::NAN), "");
    }
}
