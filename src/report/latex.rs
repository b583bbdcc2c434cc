//! `report.tex`: booktabs tables to `\input` into a paper. Needs nothing but booktabs, on any LaTeX since 2018.

use super::changes::{self, FieldChange};
use super::compare::Arm;
use super::evidence::Evidence;
use super::label;
use super::notes::counts;
use super::rows::Row;
use super::table::columns;
use super::uses::Uses;
use super::{Findings, table};
use super::{controls, factorial};
use crate::record::SweepRecord;

/// Above so many changed fields the table of changes is left to the other outputs.
const CHANGES: usize = 40;

/// Writes the tables.
pub fn text(evidence: &Evidence, findings: &Findings) -> String {
    let name = label::visible(&evidence.record.name);
    let mut parts = vec![format!(
        "% Made by `ablate report` from the sweep {name}.\n% In the preamble: \\usepackage{{booktabs}}"
    )];
    // Too long for a caption, and not to be overlooked by who writes the paper.
    let notes = findings.answer.notes.iter();
    parts.extend(notes.map(|note| format!("% {}", label::visible(note))));
    let mut add = |what: &str, caption: &str, table: Table| {
        if !table.rows.is_empty() {
            parts.push(float(&name, what, caption, &table.tabular()));
        }
    };
    let (costs, effects): (Vec<_>, Vec<_>) = columns(&findings.rows)
        .into_iter()
        .skip(1)
        .partition(|(name, _)| table::COSTS.contains(name));
    let effects = arms(evidence, findings, &effects);
    add("effects", &caption(evidence, findings), effects);
    add(
        "factors",
        &factorial::caption(
            &findings.factorial,
            &findings.comparisons.metric,
            findings.rows.better,
        ),
        factors(findings),
    );
    add("controls", controls::CAPTION, beside(evidence, findings));
    add(
        "costs",
        "What each arm costs beside its baseline: trained parameters, multiply-accumulates of one forward pass of one \
         image, and mean seconds of a trial.",
        arms(evidence, findings, &costs),
    );
    add(
        "uses",
        "Each trained network used in several ways: mean ± half of the 95% t-interval over seeds. Nothing was trained again for this.",
        uses(&Uses::of(evidence.record)),
    );
    add(
        "changes",
        "The settings in which each arm differs from its baseline.",
        changed(evidence, findings),
    );
    parts.join("\n\n") + "\n"
}

fn caption(evidence: &Evidence, findings: &Findings) -> String {
    let comparisons = &findings.comparisons;
    let question = evidence.record.question.trim().to_owned();
    let mut sentences = vec![question, findings.answer.text()];
    if comparisons.compared().next().is_some() {
        sentences.push(format!(
            "Mean ± half of the 95% t-interval over n seeds. Differences to the baseline are paired by seed; p: exact \
             two-sided sign-flip test after Holm's correction ((t): Student's t, above 20 seeds); wins: seeds where \
             the arm is {}.",
            findings.rows.better.name()
        ));
    }
    sentences.push(format!("{}.", counts(comparisons)));
    sentences.join(" ").trim().to_owned()
}

/// A table as text, not yet escaped.
struct Table {
    headings: Vec<String>,
    /// How many columns name what a row is about: on the left, the others on the right.
    names: usize,
    rows: Vec<Vec<String>>,
}

/// What names an arm: a column for every axis, because whole names are too wide for a paper.
fn names(record: &SweepRecord, arm: &Arm) -> Vec<String> {
    let value = |(axis, json): (&String, &String)| match label::is_told(axis, json) {
        true => label::value(json),
        false => String::new(),
    };
    match record.axes.is_empty() {
        true => vec![arm.label.clone()],
        false => record.axes.iter().zip(arm.axes).map(value).collect(),
    }
}

fn name_headings(record: &SweepRecord) -> Vec<String> {
    let axes = record.axes.iter();
    match record.axes.is_empty() {
        true => vec!["arm".into()],
        false => axes.map(|axis| label::short(&record.axes, axis)).collect(),
    }
}

/// A row for every arm that has something to say.
fn arms(evidence: &Evidence, findings: &Findings, columns: &[table::Column]) -> Table {
    let record = evidence.record;
    let metric = label::visible(&findings.comparisons.metric);
    let heading = |(name, _): &table::Column| match *name {
        "" => metric.clone().into_owned(),
        name => name.to_owned(),
    };
    let named = findings.comparisons.arms.iter().zip(&findings.rows.rows);
    let row = |(arm, row): (&Arm, &Row)| {
        let said: Vec<String> = columns
            .iter()
            .map(|(_, cell)| cell(row).to_owned())
            .collect();
        let says = said.iter().any(|cell| !cell.is_empty());
        says.then(|| [names(record, arm), said].concat())
    };
    let headings = name_headings(record);
    Table {
        names: headings.len(),
        headings: headings
            .into_iter()
            .chain(columns.iter().map(heading))
            .collect(),
        rows: named.filter_map(row).collect(),
    }
}

fn factors(findings: &Findings) -> Table {
    let rows = factorial::rows(&findings.factorial, findings.rows.better).into_iter();
    Table {
        headings: factorial::Row::HEADINGS.map(String::from).to_vec(),
        names: 2,
        rows: rows.map(factorial::Row::cells).collect(),
    }
}

fn beside(evidence: &Evidence, findings: &Findings) -> Table {
    let rows = findings.beside_rows(evidence.record).into_iter();
    Table {
        headings: controls::Row::HEADINGS.map(String::from).to_vec(),
        names: 2,
        rows: rows.map(controls::Row::cells).collect(),
    }
}

fn uses(uses: &Uses) -> Table {
    Table {
        headings: uses.columns.clone(),
        names: uses
            .columns
            .iter()
            .position(|name| name == "n")
            .unwrap_or(0),
        rows: uses.rows.clone(),
    }
}

/// The changed fields; no rows where they would fill pages.
fn changed(evidence: &Evidence, findings: &Findings) -> Table {
    let (record, arms) = (evidence.record, &findings.comparisons.arms);
    let rows = |(index, fields): (usize, Vec<FieldChange>)| {
        let names = names(record, &arms[index]);
        let row = move |field: FieldChange| {
            [names.clone(), vec![field.path, field.from, field.to]].concat()
        };
        fields.into_iter().map(row)
    };
    let changes = changes::of(evidence, &findings.comparisons);
    let mut rows: Vec<Vec<String>> = changes.into_iter().flat_map(rows).collect();
    if rows.len() > CHANGES {
        rows.clear();
    }
    let mut headings = name_headings(record);
    headings.extend(["setting", "baseline", "here"].map(String::from));
    Table {
        names: headings.len(),
        headings,
        rows,
    }
}

fn float(sweep: &str, what: &str, caption: &str, tabular: &str) -> String {
    let (key, caption) = (key(sweep), escape(caption));
    format!(
        "\\begin{{table}}[tbp]\n\\centering\n\\caption{{{caption}}}\n\\label{{tab:{key}-{what}}}\n\
         \\smallskip\\footnotesize\\setlength{{\\tabcolsep}}{{4pt}}\n{tabular}\n\\end{{table}}"
    )
}

impl Table {
    fn tabular(&self) -> String {
        let places = "l".repeat(self.names) + &"r".repeat(self.headings.len() - self.names);
        let rows: Vec<String> = self.rows.iter().map(|row| line(row)).collect();
        format!(
            "\\begin{{tabular}}{{@{{}}{places}@{{}}}}\n\\toprule\n{}\n\\midrule\n{}\n\\bottomrule\n\\end{{tabular}}",
            line(&self.headings),
            rows.join("\n")
        )
    }
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
    let cells = cells.join(" & ");
    // After `\\` a bracket or a star would be its argument.
    let guard = if cells.starts_with(['[', '*']) {
        "{}"
    } else {
        ""
    };
    format!("{guard}{cells} \\\\")
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
        let row = ["[14]", "[28]"].map(String::from);
        assert_eq!(line(&row), "{}[14] & [28] \\\\");
        assert_eq!(line(&["*".into()]), "{}* \\\\");
    }

    #[test]
    fn labels_are_plain() {
        assert_eq!(key("skip_vs\\no{skip}"), "skip-vs-no-skip-");
    }
}
