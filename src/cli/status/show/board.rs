//! The arms of a view: a chart of their learning curves, and a line for each. Pure.

use super::page::{Page, cut};
use crate::cli::status::chart::{self, Axis, Cell, DOTS, Line, Scale, Stroke};
use crate::cli::status::curves::mean;
use crate::cli::status::view::{Board, Shown};
use crate::fanout::curve::Point;
use crate::harmless::harmless;
use crate::record::schema::TRAIN_LOSS;
use std::fmt::Write as _;

/// Stand for the arms.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
/// Least and most rows of a chart.
const HEIGHT: std::ops::RangeInclusive<usize> = 4..=12;
/// A chart that is wider shows no more.
const WIDEST: usize = 100;
/// In fewer columns means stand without their spread.
const NARROW: usize = 48;
/// Foregrounds (ECMA-48) of the lines that are no baseline: told apart by most colour-blind people, on dark and on light.
const COLOURS: [u8; 5] = [33, 36, 35, 34, 32];

/// How many arms a page has room for.
pub fn room(page: Page) -> usize {
    match page.rows {
        None => 12,
        // Beside chart and axis, headline, projection, a runner and what separates them.
        Some(rows) => rows
            .saturating_sub(height(page) + 12)
            .clamp(3, LETTERS.len()),
    }
}

/// Rows of a chart.
fn height(page: Page) -> usize {
    let third = page.rows.map_or(usize::MAX, |rows| rows / 3);
    third.clamp(*HEIGHT.start(), *HEIGHT.end())
}

/// Chart and arms; empty when nothing has begun.
pub fn text(board: &Board, page: Page) -> String {
    if board.arms.is_empty() {
        return String::new();
    }
    let quantity = quantity(board);
    let mut out = drawn(board, quantity, page).unwrap_or_default();
    let rows = rows(board, quantity, page.columns);
    for (number, (row, shown)) in rows.iter().zip(&board.arms).enumerate() {
        out += &(page.paint(row, colour(number, shown)) + "\n");
    }
    if board.more > 0 {
        let _ = writeln!(out, "and {} more arms that have begun", board.more);
    }
    out
}

/// What is drawn: the compared metric where it is measured while trials train, else the training loss.
fn quantity(board: &Board) -> &str {
    let all = board.arms.iter().flat_map(|shown| &shown.curves);
    let mut metrics = all.filter_map(|curves| curves.get(&board.metric));
    match metrics.any(|points| points.len() > 1) {
        true => &board.metric,
        false => TRAIN_LOSS,
    }
}

fn letter(number: usize) -> char {
    LETTERS.chars().nth(number).unwrap_or('+')
}

fn colour(number: usize, shown: &Shown) -> Option<u8> {
    (!shown.arm.baseline).then(|| COLOURS[number % COLOURS.len()])
}

/// The chart; `None` when nothing is measured yet.
fn drawn(board: &Board, quantity: &str, page: Page) -> Option<String> {
    let curves = |shown: &'_ Shown| -> Vec<Vec<Point>> {
        let curves = shown.curves.iter();
        curves
            .filter_map(|by_name| by_name.get(quantity))
            .cloned()
            .collect()
    };
    let all: Vec<_> = board.arms.iter().map(curves).collect();
    let ends = all.iter().flatten().filter_map(|curve| curve.last());
    let measured = ends.map(|(epoch, _)| *epoch).max()?;
    let training = board.arms.iter().flat_map(|shown| &shown.arm.training);
    let last = training
        .map(|(_, epochs)| *epochs)
        .max()
        .unwrap_or(0)
        .max(measured);
    let height = height(page);
    // Beside the labels of the axis (which are at most nine wide) and the letters.
    let letters = board.arms.len().min(page.columns / 10);
    let width = page.columns.min(WIDEST).saturating_sub(12 + letters).max(8);
    let lines = board.arms.iter().zip(&all).enumerate();
    let lines: Vec<_> = lines
        .map(|(number, (shown, curves))| Line {
            letter: letter(number),
            stroke: match shown.arm.baseline {
                true => Stroke::Dashed,
                false => Stroke::Solid,
            },
            values: {
                let curves: Vec<_> = curves.iter().map(Vec::as_slice).collect();
                mean(&curves, width * DOTS[0], last)
            },
        })
        .collect();
    let axis = Axis::of(&lines)?;
    let cells = chart::draw(&lines, axis, width + letters, height);
    let how = match axis.scale {
        Scale::Linear => "",
        Scale::Log => ", log axis",
    };
    let title = format!("{} by epoch, mean of seeds{how}", harmless(quantity));
    let mut out = cut(&title, page.columns) + "\n";
    let ends = [axis.high, axis.low].map(number);
    let labels = ends.iter().map(|label| label.chars().count()).max()?;
    for (index, row) in cells.iter().enumerate() {
        let label = match index {
            0 => &ends[0],
            last if last + 1 == height => &ends[1],
            _ => "",
        };
        let _ = writeln!(
            out,
            "{label:>labels$} │{}",
            painted(row, board, page).trim_end()
        );
    }
    let _ = writeln!(out, "{:>labels$} └{}", "", "─".repeat(width));
    let _ = writeln!(out, "{:>labels$}  1{last:>rest$}", "", rest = width - 1);
    Some(out)
}

fn painted(row: &[Cell], board: &Board, page: Page) -> String {
    let colour = |line: Option<usize>| line.and_then(|line| colour(line, &board.arms[line]));
    let runs = row.chunk_by(|a, b| a.1 == b.1);
    runs.map(|run| {
        let text: String = run.iter().map(|(c, _)| *c).collect();
        page.paint(&text, colour(run[0].1))
    })
    .collect()
}

/// "a 0.1234 sd 0.0012  5/8 baseline model.skip.at=[]  epoch 3 of 20"
fn rows(board: &Board, quantity: &str, columns: usize) -> Vec<String> {
    let heads = board.arms.iter().map(|shown| {
        let done = format!("{}/{}", shown.arm.done, shown.arm.planned);
        [value(shown, columns), done]
    });
    let heads: Vec<_> = heads.collect();
    let [values, counts] = [0, 1].map(|column| {
        let widths = heads.iter().map(|head| head[column].chars().count());
        widths.max().unwrap_or(0)
    });
    let room = columns.saturating_sub(values + counts + 5);
    let rows = board.arms.iter().zip(&heads).enumerate();
    rows.map(|(number, (shown, [value, done]))| {
        let head = format!("{} {value:<values$}  {done:>counts$} ", letter(number));
        head + &named(shown, quantity, room)
    })
    .collect()
}

/// The final value of an arm; no ±, behind which a report has half an interval. Where there is little room the name needs it.
fn value(shown: &Shown, columns: usize) -> String {
    let spread = shown.arm.spread().filter(|_| columns >= NARROW);
    match (shown.arm.mean(), spread) {
        (Some(mean), Some(spread)) => format!("{} sd {}", number(mean), as_exact(spread, mean)),
        (Some(mean), None) => number(mean),
        (None, _) => "-".to_owned(),
    }
}

/// An arm and where its training is, in so many characters.
fn named(shown: &Shown, quantity: &str, room: usize) -> String {
    let arm = &shown.arm;
    let named = |baseline: &'static str, label: &str| match arm.baseline {
        true => format!("{baseline} {}", harmless(label)),
        false => harmless(label),
    };
    let ends = shown.curves.iter();
    let ends = ends.filter_map(|curves| curves.get(quantity)?.last());
    let value = match (arm.done, ends.max_by_key(|(epoch, _)| *epoch)) {
        (0, Some((_, value))) => format!(": {}", number(*value)),
        // Beside a final value, another one would be mistaken for it.
        _ => String::new(),
    };
    let now = arm.training.iter().max().map(|(epoch, epochs)| {
        let long = format!("  epoch {epoch} of {epochs}{value}");
        (long, format!(" {epoch}/{epochs}"))
    });
    let (long, short) = now.unwrap_or_default();
    let length = |text: &str| text.chars().count();
    let full = named("baseline", &shown.label) + &long;
    if length(&full) <= room {
        return full;
    }
    let kept = room.saturating_sub(length(&short));
    cut(&named("base", &shown.short), kept) + &short
}

/// Four digits.
fn number(value: f64) -> String {
    match decimals(value) {
        Some(decimals) => format!("{value:.decimals$}"),
        None if value == 0.0 => "0".to_owned(),
        None => format!("{value:.2e}"),
    }
}

/// A spread with as many decimals as its mean, where that shows it.
fn as_exact(spread: f64, mean: f64) -> String {
    let shown = decimals(mean).map(|decimals| format!("{spread:.decimals$}"));
    let telling =
        |text: &String| spread == 0.0 || text.contains(|c: char| ('1'..='9').contains(&c));
    shown.filter(telling).unwrap_or_else(|| number(spread))
}

/// Decimals that make four digits; `None` for what is written with an exponent.
fn decimals(value: f64) -> Option<usize> {
    let size = value.abs();
    let plain = (1e-3..1e5).contains(&size);
    plain.then(|| usize::try_from(3 - size.log10().floor() as i32).unwrap_or(0))
}

#[cfg(test)]
mod tests;
