//! The comparison for the terminal, as wide as the terminal and without colour elsewhere.

use super::grids::{self, Grid};
use super::notes::{notes, outcomes};
use super::words::{answer, name};
use super::{Across, LEGEND};
use crate::report::table::{WIDE, ruled};
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
    let narrow = table.width().is_some_and(|width| width < WIDE);
    let shown = |(column, cell): (usize, &String)| match column < grid.names {
        true => cell.clone(),
        false => stacked(cell, narrow),
    };
    let rows: Vec<Vec<String>> = grid
        .rows
        .iter()
        .map(|row| row.iter().enumerate().map(shown).collect())
        .collect();
    // Rows of one line need no rules between them.
    if rows.iter().flatten().all(|cell| !cell.contains('\n')) {
        table.style_mut().row_separator = LineStyle::none();
    }
    let headings = grid.headings.iter().enumerate();
    table.set_header(headings.map(|(column, heading)| match column < grid.names {
        true => heading.clone(),
        false => folded(heading),
    }));
    table.add_rows(rows);
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

/// `0.1652` above `± 0.0021`, a difference above its interval, which takes two lines itself where there is little room.
fn stacked(cell: &str, narrow: bool) -> String {
    let stacked = cell.replacen(" ± ", "\n± ", 1).replacen(" [", "\n[", 1);
    match narrow {
        true => stacked.replacen(", ", ",\n", 1),
        false => stacked,
    }
}

/// A heading in lines about as wide as the numbers below it, broken where its words end.
fn folded(heading: &str) -> String {
    const WIDTH: usize = 12;
    let mut lines = vec![String::new()];
    for word in heading.split_inclusive(['_', '-', '/', ' ', '.']) {
        let fits = |line: &String| line.chars().count() + word.chars().count() <= WIDTH;
        match lines.last_mut() {
            Some(line) if line.is_empty() || fits(line) => line.push_str(word),
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_headings_are_broken_where_words_end() {
        assert_eq!(folded("difference"), "difference");
        assert_eq!(folded("old_depth_residual"), "old_depth_\nresidual");
        assert_eq!(folded(""), "");
    }
}
