//! `compare.md`: the comparison as text that renders on a code host.

use super::grids::{self, Grid};
use super::notes::{notes, outcomes};
use super::words::{answer, name};
use super::{Across, LEGEND};
use crate::report::markdown::escape;

/// Writes the page.
pub fn text(across: &Across) -> String {
    let reference = escape(&name(&across.reference().name));
    let mut paragraphs = vec![format!("# Sweeps beside {reference}")];
    for versus in &across.versus {
        paragraphs.push(format!(
            "## {} beside {reference}",
            escape(&name(versus.name))
        ));
        paragraphs.push(escape(&answer(across, versus)));
        for grid in grids::of(across, versus) {
            paragraphs.push(format!("### {}", escape(&grid.title)));
            paragraphs.push(table(&grid));
        }
        paragraphs.push(list(&notes(across, versus)));
    }
    if across.versus.iter().any(|versus| versus.valued() > 0) {
        paragraphs.push(LEGEND.into());
    }
    paragraphs.push(list(&outcomes(across)));
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n\n") + "\n"
}

fn list(lines: &[String]) -> String {
    let lines = lines.iter().map(|line| format!("- {}", escape(line)));
    lines.collect::<Vec<_>>().join("\n")
}

fn table(grid: &Grid) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = |column| match column < grid.names {
        true => "---".to_owned(),
        false => "---:".to_owned(),
    };
    let rules: Vec<String> = (0..grid.headings.len()).map(rule).collect();
    let mut lines = vec![line(&grid.headings), format!("| {} |", rules.join(" | "))];
    lines.extend(grid.rows.iter().map(|row| line(row)));
    lines.join("\n")
}
