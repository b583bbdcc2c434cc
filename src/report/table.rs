//! The comparison table for the terminal, as wide as the terminal and without colour elsewhere.

use super::Findings;
use super::compare::Comparisons;
use super::controls;
use super::label;
use super::notes::counts;
use super::rows::{Row, Rows};
use crate::record::SweepRecord;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

/// Question, table, answer and counts. `width`: columns to fit into; the terminal's when `None`.
pub fn text(record: &SweepRecord, findings: &Findings, width: Option<u16>) -> String {
    let Findings {
        comparisons,
        rows,
        answer,
        ..
    } = findings;
    let mut parts = Vec::new();
    if !record.question.trim().is_empty() {
        parts.push(label::sentence(&record.question));
    }
    parts.push(table(comparisons, rows, width));
    if comparisons.compared().next().is_some() {
        parts.push(format!(
            "Mean ± half of the 95% interval over seeds; differences are paired by seed; p after Holm; wins: seeds \
             where the arm is {}.",
            rows.better.name()
        ));
    }
    parts.push(answer.text());
    parts.extend(answer.notes.iter().cloned());
    let beside = findings.beside_rows(record);
    if !beside.is_empty() {
        parts.push(controls::CAPTION.into());
        parts.extend(beside.iter().take(BESIDE).map(told));
        let more = beside.len().saturating_sub(BESIDE);
        parts.extend((more > 0).then(|| format!("  … and {more} more in report.md")));
    }
    parts.push(format!("{}.", counts(comparisons)));
    parts.join("\n") + "\n"
}

/// Arms beside their controls that are told; the other outputs tell all.
const BESIDE: usize = 20;

fn told(row: &controls::Row) -> String {
    format!(
        "  {} beside {}: {} {}",
        row.arm, row.control, row.difference, row.interval
    )
}

const MACS: &str = "Δ MACs";
/// Headings of what an arm costs.
pub const COSTS: [&str; 3] = ["Δ params", MACS, "Δ wall"];
const INTERVAL: &str = "95% interval";

/// A heading, and what stands under it.
pub type Column = (&'static str, fn(&Row) -> &str);

/// The columns of the table with their contents; the mean's heading is the metric.
const COMPARED: [Column; 10] = [
    ("arm", |row| &row.arm),
    ("n", |row| &row.n),
    ("", |row| &row.mean),
    ("difference", |row| &row.difference),
    (INTERVAL, |row| &row.interval),
    ("p", |row| &row.p),
    ("wins", |row| &row.wins),
    (COSTS[0], |row| &row.params),
    (MACS, |row| &row.macs),
    (COSTS[2], |row| &row.wall),
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

/// Below this width an interval takes two lines, and MACs are left to the other outputs.
pub const WIDE: u16 = 100;

/// An empty table with rules between its rows. `width`: columns to fit into; the terminal's when `None`.
pub fn ruled(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    // A terminal of no width is one that does not know its own: mpirun's.
    if table.width() == Some(0) {
        table.set_width(WIDE);
    }
    table
}

fn table(comparisons: &Comparisons, rows: &Rows, width: Option<u16>) -> String {
    let mut table = ruled(width);
    let narrow = table.width().is_some_and(|width| width < WIDE);
    let metric = label::visible(&comparisons.metric);
    let mut columns = columns(rows);
    columns.retain(|(name, _)| *name != INTERVAL && !(narrow && *name == MACS));
    table.set_header(columns.iter().map(|(name, _)| match *name {
        "" => Cell::new(&metric),
        name => Cell::new(name),
    }));
    for row in &rows.rows {
        table.add_row(columns.iter().map(|(name, cell)| match *name {
            "arm" => row.arm.clone(),
            "difference" => difference(row, narrow),
            _ => stacked(cell(row)),
        }));
    }
    // The names of arms give way to a narrow terminal; numbers are not broken.
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    table.trim_fmt()
}

/// The difference above its interval.
fn difference(row: &Row, narrow: bool) -> String {
    let interval = match narrow {
        true => row.interval.replacen(", ", ",\n", 1),
        false => row.interval.clone(),
    };
    format!("{}\n{interval}", row.difference).trim_end().into()
}

/// `0.1652` above `± 0.0021`, `+2,304` above `(+19%)`.
fn stacked(cell: &str) -> String {
    cell.replacen(" ± ", "\n± ", 1).replacen(" (", "\n(", 1)
}
