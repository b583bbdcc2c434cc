//! `report.tex`: booktabs tables to `\input` into a paper. Needs booktabs and graphicx (tables that are too wide are made smaller), on any LaTeX since 2018.

mod tabular;

use super::changes::{self, FieldChange};
use super::compare::Arm;
use super::evidence::Evidence;
use super::label;
use super::notes::counts;
use super::rows::Row;
use super::table::columns;
use super::uses::{self, Uses};
use super::{Findings, table};
use super::{controls, factorial};
use crate::record::SweepRecord;
use tabular::{Table, float};

/// Above so many changed fields the table of changes is left to the other outputs.
const CHANGES: usize = 40;

/// Writes the tables.
pub fn text(evidence: &Evidence, findings: &Findings) -> String {
    let name = label::visible(&evidence.record.name);
    let mut parts = vec![format!(
        "% Made by `ablate report` from the sweep {name}.\n% In the preamble: \\usepackage{{booktabs,graphicx}}"
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
    add("uses", uses::CAPTION, used(&Uses::of(evidence.record)));
    add(
        "changes",
        "The settings in which each arm differs from its baseline.",
        changed(evidence, findings),
    );
    parts.join("\n\n") + "\n"
}

fn caption(evidence: &Evidence, findings: &Findings) -> String {
    let comparisons = &findings.comparisons;
    let question = label::sentence(&evidence.record.question);
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

fn used(uses: &Uses) -> Table {
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
