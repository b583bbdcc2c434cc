//! `report.tex`: booktabs tables to `\input` into a paper. Needs nothing but booktabs, on any LaTeX since 2018.

use super::changes::{self, FieldChange};
use super::evidence::Evidence;
use super::label;
use super::notes::counts;
use super::rows::Row;
use super::table::columns;
use super::uses::Uses;
use super::{Findings, table};

/// Above so many changed fields the table of changes is left to the other outputs.
const CHANGES: usize = 40;

/// Writes the tables.
pub fn text(evidence: &Evidence, findings: &Findings) -> String {
    let name = &evidence.record.name;
    let mut parts = vec![format!(
        "% Made by `ablate report` from the sweep {}.\n% In the preamble: \\usepackage{{booktabs}}",
        label::visible(name)
    )];
    let (costs, effects): (Vec<_>, Vec<_>) = columns(&findings.rows)
        .into_iter()
        .partition(|(name, _)| table::COSTS.contains(name));
    parts.push(comparison(evidence, findings, &effects));
    if !costs.is_empty() {
        let columns: Vec<_> = effects[..1].iter().chain(&costs).copied().collect();
        let caption = "What each arm costs beside its baseline: trained parameters, multiply-accumulates of one \
                       forward pass of one image, and mean seconds of a trial.";
        let body = arms(findings, &columns);
        parts.push(float(name, "costs", &escape(caption), &body));
    }
    let uses = Uses::of(evidence.record);
    if !uses.rows.is_empty() {
        let caption = "Each trained network used in several ways: means over seeds. Nothing was trained again for this.";
        let body = tabular(&"r".repeat(uses.columns.len()), &uses.columns, &uses.rows);
        parts.push(float(name, "uses", &escape(caption), &body));
    }
    let changes = changed(evidence, findings);
    if (1..=CHANGES).contains(&changes.len()) {
        let columns = ["arm", "setting", "baseline", "here"].map(String::from);
        let caption = "The settings in which each arm differs from its baseline.";
        let body = tabular("llll", &columns, &changes);
        parts.push(float(name, "changes", &escape(caption), &body));
    }
    parts.join("\n\n") + "\n"
}

fn comparison(evidence: &Evidence, findings: &Findings, columns: &[table::Column]) -> String {
    let comparisons = &findings.comparisons;
    let mut caption = format!(
        "{} {}",
        evidence.record.question.trim(),
        findings.answer.text()
    );
    if comparisons.compared().next().is_some() {
        caption += &format!(
            " Mean ± half of the 95% t-interval over n seeds. Differences to the baseline are paired by seed; p: exact \
             two-sided sign-flip test after Holm's correction ((t): Student's t, above 20 seeds); wins: seeds where \
             the arm is {}.",
            findings.rows.better.name()
        );
    }
    for note in &findings.answer.notes {
        caption += &format!(" {note}");
    }
    caption += &format!(" {}.", counts(comparisons));
    float(
        &evidence.record.name,
        "effects",
        &escape(caption.trim()),
        &arms(findings, columns),
    )
}

/// A table with a row for every arm that has something to say.
fn arms(findings: &Findings, columns: &[table::Column]) -> String {
    let metric = label::visible(&findings.comparisons.metric);
    let heading = |(name, _): &table::Column| match *name {
        "" => metric.clone().into_owned(),
        name => name.to_owned(),
    };
    let headings: Vec<String> = columns.iter().map(heading).collect();
    let cells = |row: &Row| -> Vec<String> {
        let cells = columns.iter();
        cells.map(|(_, cell)| cell(row).to_owned()).collect()
    };
    let rows = findings.rows.rows.iter().map(cells);
    let says = |cells: &Vec<String>| cells.iter().skip(1).any(|cell| !cell.is_empty());
    let rows: Vec<Vec<String>> = rows.filter(says).collect();
    let places = format!("l{}", "r".repeat(columns.len().saturating_sub(1)));
    tabular(&places, &headings, &rows)
}

fn changed(evidence: &Evidence, findings: &Findings) -> Vec<Vec<String>> {
    let arms = &findings.comparisons.arms;
    let rows = |(index, fields): (usize, Vec<FieldChange>)| {
        let arm = &arms[index].label;
        fields
            .into_iter()
            .map(|field| vec![arm.clone(), field.path, field.from, field.to])
    };
    changes::of(evidence, &findings.comparisons)
        .into_iter()
        .flat_map(rows)
        .collect()
}

fn float(sweep: &str, what: &str, caption: &str, body: &str) -> String {
    format!(
        "\\begin{{table}}[tbp]\n\\centering\n\\caption{{{caption}}}\n\\label{{tab:{}-{what}}}\n\\small\n{body}\n\\end{{table}}",
        key(sweep)
    )
}

fn tabular(places: &str, headings: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        let cells = cells.join(" & ");
        // After `\\` a bracket or a star would be its argument.
        let guard = if cells.starts_with(['[', '*']) {
            "{}"
        } else {
            ""
        };
        format!("{guard}{cells} \\\\")
    };
    let rows: Vec<String> = rows.iter().map(|row| line(row)).collect();
    format!(
        "\\begin{{tabular}}{{@{{}}{places}@{{}}}}\n\\toprule\n{}\n\\midrule\n{}\n\\bottomrule\n\\end{{tabular}}",
        line(headings),
        rows.join("\n")
    )
}

/// A name that `\label` and `\ref` take.
fn key(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    name.chars().take(60).map(plain).collect()
}

/// Text that LaTeX sets as it reads here. What pdflatex has no glyph for is written out, as `⟨U+4E2D⟩`.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in label::visible(text).chars() {
        match c {
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => out.extend(['\\', c]),
            '\\' => out.push_str("\\textbackslash{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '<' => out.push_str("$<$"),
            '>' => out.push_str("$>$"),
            '|' => out.push_str("$|$"),
            // Active in some languages, or part of a ligature.
            '"' | '`' => out.push_str(&format!("\\symbol{{{}}}", u32::from(c))),
            '-' | '\'' | ',' if before == c => out.extend(['{', '}', c]),
            ' '..='\u{7e}' => out.push(c),
            '−' => out.push_str("$-$"),
            '±' => out.push_str("$\\pm$"),
            '×' => out.push_str("$\\times$"),
            '·' => out.push_str("$\\cdot$"),
            'Δ' => out.push_str("$\\Delta$"),
            '→' => out.push_str("$\\rightarrow$"),
            '≤' => out.push_str("$\\leq$"),
            '≥' => out.push_str("$\\geq$"),
            '⟨' => out.push_str("$\\langle$"),
            '⟩' => out.push_str("$\\rangle$"),
            '–' => out.push_str("--"),
            '…' => out.push_str("\\ldots{}"),
            // Letters of Latin-1 that the default encoding can build.
            'À'..='ÿ' if !matches!(c, 'Ð' | 'ð' | 'Þ' | 'þ' | '÷') => out.push(c),
            _ => out.push_str(&format!("$\\langle$U+{:04X}$\\rangle$", u32::from(c))),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the ten special characters of TeX (The TeXbook, chapter 7), each as LaTeX's documentation writes it.
    #[test]
    fn nothing_in_a_name_acts() {
        assert_eq!(
            escape(r"\input{x} a_b^c~d 50%&#$"),
            r"\textbackslash{}input\{x\} a\_b\textasciicircum{}c\textasciitilde{}d 50\%\&\#\$"
        );
        assert_eq!(escape("<|>\"`"), r"$<$$|$$>$\symbol{34}\symbol{96}");
        assert_eq!(escape("a--b''"), "a-{}-b'{}'", "no ligatures");
        assert_eq!(
            escape("日\u{202e}\0"),
            "$\\langle$U+65E5$\\rangle$$\\langle$U+202E$\\rangle$$\\langle$U+0000$\\rangle$"
        );
        assert_eq!(escape("größe þ"), "größe $\\langle$U+00FE$\\rangle$");
    }

    #[test]
    fn numbers_keep_their_signs() {
        assert_eq!(escape("0.1652 ± 0.0021"), "0.1652 $\\pm$ 0.0021");
        assert_eq!(escape("[−0.0151, +0.0102]"), "[$-$0.0151, +0.0102]");
    }

    #[test]
    fn a_row_that_starts_with_a_bracket_is_no_argument() {
        let text = tabular("l", &["a".into()], &[vec!["[14]".into()], vec!["*".into()]]);
        assert!(text.contains("{}[14] \\\\\n{}* \\\\"), "{text}");
    }

    #[test]
    fn labels_are_plain() {
        assert_eq!(key("skip_vs\\no{skip}"), "skip-vs-no-skip-");
    }
}
