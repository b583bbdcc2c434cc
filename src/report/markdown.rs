//! `report.md`: the answer, the table and where they come from, as text that renders on a code host.

use super::Findings;
use super::evidence::Evidence;
use super::label;
use super::notes::counts;
use super::rows::Row;
use super::table::columns;
use super::uses::{self, Uses};
use super::{changes, controls, factorial, packing, provenance};

/// Writes the page.
pub fn text(evidence: &Evidence, findings: &Findings) -> String {
    let (record, comparisons) = (evidence.record, &findings.comparisons);
    let mut page = format!("# {}\n", escape(&record.name));
    let mut add = |paragraph: String| {
        page.push('\n');
        page.push_str(&paragraph);
        page.push('\n');
    };
    if !record.question.trim().is_empty() {
        add(format!("> {}", escape(&label::sentence(&record.question))));
    }
    let answer = &findings.answer;
    add(format!(
        "**{}.** {}",
        escape(&answer.headline),
        escape(&answer.sentence)
    ));
    add(comparison_table(findings));
    if comparisons.compared().next().is_some() {
        add(format!(
            "Mean ± half of the 95% t-interval over seeds. Differences to the baseline are paired by seed; p: exact \
             two-sided sign-flip test after Holm's correction over all comparisons, controls too (alone: before it; (t): Student's \
             t, above 20 seeds); wins: seeds where the arm is {}; seeds that are needed: with so many, an effect of this size and spread is found in four of five \
             sweeps at the corrected level.",
            findings.rows.better.name()
        ));
    }
    let notes: Vec<String> = answer
        .notes
        .iter()
        .map(|note| format!("- {}", escape(note)))
        .collect();
    add([notes, vec![format!("- {}.", counts(comparisons))]]
        .concat()
        .join("\n"));
    let beside = findings.beside_rows(record);
    if !beside.is_empty() {
        add("## Beside their controls".into());
        let rows = beside.into_iter().map(controls::Row::cells);
        add(table(&controls::Row::HEADINGS, rows));
        add(controls::CAPTION.into());
    }
    let effects = factorial::rows(&findings.factorial, findings.rows.better);
    if !effects.is_empty() {
        add("## What each factor is worth".into());
        let rows = effects.into_iter().map(factorial::Row::cells);
        add(table(&factorial::Row::HEADINGS, rows));
        add(factorial::caption(
            &findings.factorial,
            &comparisons.metric,
            findings.rows.better,
        ));
    }
    let uses = Uses::of(record);
    if !uses.rows.is_empty() {
        add("## Trained once, used in several ways".into());
        add(table(&uses.columns, uses.rows.iter()));
        add(uses::CAPTION.into());
    }
    let changes: Vec<String> = changes::of(evidence, comparisons)
        .into_iter()
        .flat_map(|(index, fields)| fields.into_iter().map(move |field| (index, field)))
        .map(|(index, field)| {
            let arm = &comparisons.arms[index].label;
            format!(
                "- {}: {} {} → {}",
                escape(arm),
                escape(&field.path),
                escape(&field.from),
                escape(&field.to)
            )
        })
        .collect();
    if !changes.is_empty() {
        add("## What each arm changed".into());
        add(changes.join("\n"));
    }
    let shares = packing::of(evidence);
    if !shares.is_empty() {
        add("## Trials that shared a GPU".into());
        add(table(
            &packing::Share::HEADINGS,
            shares.iter().map(packing::Share::cells),
        ));
        add(packing::CAPTION.into());
    }
    add("## Where this comes from".into());
    let facts = provenance::facts(evidence);
    let facts: Vec<String> = facts
        .iter()
        .map(|(name, value)| format!("- {}: {}", escape(name), escape(value)))
        .collect();
    add(facts.join("\n"));
    add(format!(
        "Made again by `{}` with this `sweep.yaml`:",
        provenance::command(record)
    ));
    add(fenced(&record.yaml));
    page
}

fn comparison_table(findings: &Findings) -> String {
    let mut columns = columns(&findings.rows);
    let corrected = findings.rows.rows.iter().any(|row| !row.p_raw.is_empty());
    if let Some(at) = columns
        .iter()
        .position(|(name, _)| *name == "p" && corrected)
    {
        columns.insert(at, ("p alone", alone));
    }
    let metric = &findings.comparisons.metric;
    let names = columns.iter().map(|(name, _)| match *name {
        "" => escape(metric),
        name => name.into(),
    });
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![line(names.collect())];
    let rule = |index| if index == 0 { "---" } else { "---:" };
    lines.push(line(
        (0..columns.len()).map(rule).map(str::to_owned).collect(),
    ));
    for row in &findings.rows.rows {
        let cells = columns.iter().map(|(_, cell)| escape(cell(row)));
        lines.push(line(cells.collect()));
    }
    lines.join("\n")
}

/// p before the correction.
fn alone(row: &Row) -> &str {
    match row.p_raw.as_str() {
        "" => &row.p,
        raw => raw,
    }
}

/// A table of text; numbers are in the later columns.
fn table<Row: AsRef<[String]>>(
    heading: &[impl AsRef<str>],
    rows: impl Iterator<Item = Row>,
) -> String {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(heading.iter().map(|name| escape(name.as_ref())).collect()),
        line(vec!["---".to_owned(); heading.len()]),
    ];
    lines.extend(rows.map(|row| line(row.as_ref().iter().map(|cell| escape(cell)).collect())));
    lines.join("\n")
}

/// Text that Markdown and HTML take as text.
pub fn escape(text: &str) -> String {
    let text = label::visible(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '|' | '#' | '~' | '$' => out.extend(['\\', c]),
            // Only a bracket that goes on as a link needs it; `[14]` stays readable.
            ']' if matches!(rest.peek(), Some('(' | '[' | ':')) => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

/// A code block whose fence is longer than any in the text.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!(
        "{fence}yaml\n{}\n{fence}",
        label::visible_lines(text).trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(escape("a|b<script>*x*"), "a\\|b&lt;script&gt;\\*x\\*");
        assert_eq!(escape("[x](javascript:1)"), "[x\\](javascript:1)");
        assert_eq!(escape("skip.at [14]"), "skip.at [14]");
    }

    #[test]
    fn a_fence_in_the_yaml_cannot_end_the_block() {
        let block = fenced("a: |\n  ````\n  x");
        assert!(block.starts_with("`````yaml\n") && block.ends_with("\n`````"));
    }
}
