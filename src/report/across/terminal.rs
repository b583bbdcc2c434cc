//! The comparison for the terminal, as wide as the terminal and without colour elsewhere.

use super::grids::{self, Grid};
use super::notes::{notes, outcomes};
use super::words::{answer, name};
use super::{Across, LEGEND};
use crate::report::table::ruled;
use comfy_table::{CellAlignment, ColumnConstraint, LineStyle};

/// Every sweep beside the reference. `width`: columns to fit into; the terminal's when `None`.
pub fn text(across: &Across, width: Option<u16>) -> String {
    let mut parts = Vec::new();
    for versus in &across.versus {
        let title = format!(
            "{} beside {}",
            name(versus.name),
            name(&across.reference().name)
        );
        parts.push(title);
        parts.push(answer(across, versus));
        for grid in grids::of(across, versus) {
            parts.push(String::new());
            parts.push(grid.title.clone());
            parts.push(table(&grid, width));
        }
        parts.push(String::new());
        parts.extend(notes(across, versus));
        parts.push(String::new());
    }
    if across.versus.iter().any(|versus| versus.valued() > 0) {
        parts.push(LEGEND.into());
    }
    parts.extend(outcomes(across));
    parts.join("\n") + "\n"
}

fn table(grid: &Grid, width: Option<u16>) -> String {
    let mut table = ruled(width);
    // Rows of one line need no rules between them.
    let mut cells = grid.rows.iter().flat_map(|row| row.iter().skip(grid.names));
    if cells.all(|cell| !stacked(cell).contains('\n')) {
        table.style_mut().row_separator = LineStyle::none();
    }
    table.set_header(&grid.headings);
    for row in &grid.rows {
        let cell = |(column, cell): (usize, &String)| match column < grid.names {
            true => cell.clone(),
            false => stacked(cell),
        };
        table.add_row(row.iter().enumerate().map(cell));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    // Names give way to a narrow terminal; numbers are not broken.
    for column in table.column_iter_mut().skip(grid.names) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    table.trim_fmt()
}

/// `0.1652` above `± 0.0021`, a difference above its interval.
fn stacked(cell: &str) -> String {
    cell.replacen(" ± ", "\n± ", 1).replacen(" [", "\n[", 1)
}
