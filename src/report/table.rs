//! The comparison table for the terminal, as wide as the terminal and without colour elsewhere.

use super::Findings;
use super::answer::counts;
use super::compare::Comparisons;
use super::label;
use super::rows::{Row, Rows};
use crate::record::SweepRecord;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

/// Question, table, answer and counts. `width`: columns to fit into; the terminal's when `None`.
pub fn text(record: &SweepRecord, findings: &Findings, width: Option<u16>) -> String {
    let Findings {
        comparisons,
        rows,
        answer,
    } = findings;
    let mut parts = Vec::new();
    if !record.question.trim().is_empty() {
        parts.push(label::visible(record.question.trim()).into_owned());
    }
    parts.push(table(comparisons, rows, width));
    if comparisons.compared().next().is_some() {
        parts.push(format!(
            "Mean ± half of the 95 % interval over seeds; differences are paired by seed; p after Holm; wins: seeds \
             where the arm is {}.",
            rows.better.name()
        ));
    }
    parts.push(answer.text());
    parts.extend(answer.notes.iter().cloned());
    parts.push(format!("{}.", counts(comparisons)));
    parts.join("\n") + "\n"
}

type Column = (&'static str, fn(&Row) -> &str);

/// The columns of the table with their contents; the mean's heading is the metric.
const COMPARED: [Column; 10] = [
    ("arm", |row| &row.arm),
    ("n", |row| &row.n),
    ("", |row| &row.mean),
    ("difference", |row| &row.difference),
    ("95 % interval", |row| &row.interval),
    ("p", |row| &row.p),
    ("wins", |row| &row.wins),
    ("Δ parameters", |row| &row.params),
    ("Δ MACs", |row| &row.macs),
    ("Δ wall", |row| &row.wall),
];
const ALONE: [Column; 4] = [
    ("arm", |row| &row.arm),
    ("n", |row| &row.n),
    ("", |row| &row.mean),
    ("sd", |row| &row.sd),
];

/// The columns that this sweep has something to say in.
pub fn columns(rows: &Rows) -> Vec<Column> {
    let compared = rows.rows.iter().any(|row| !row.difference.is_empty());
    let all: &[Column] = if compared { &COMPARED } else { &ALONE };
    let says = |(_, cell): &&Column| rows.rows.iter().any(|row| !cell(row).is_empty());
    all.iter().filter(says).copied().collect()
}

fn table(comparisons: &Comparisons, rows: &Rows, width: Option<u16>) -> String {
    let columns = columns(rows);
    let metric = label::visible(&comparisons.metric);
    let heading = |name: &str| Cell::new(if name.is_empty() { &metric } else { name });
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(columns.iter().map(|(name, _)| heading(name)));
    if let Some(width) = width {
        table.set_width(width);
    }
    for row in &rows.rows {
        table.add_row(columns.iter().map(|(_, cell)| cell(row)));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}
