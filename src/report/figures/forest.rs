//! A row for every effect: its name, and a dot with its interval against zero.

use super::drawing::{Anchor, COLUMN, Colour, Drawing, INK, LEADING, LINE, MARGIN, SOFT};
use super::font;
use super::scale::Scale;

/// At most so many rows; a line says that there are more.
pub const ROWS: usize = 40;

/// From one row to the next, in points.
const ROW: f64 = 13.0;

/// The widest name, and the narrowest space for dots.
const WIDEST_NAME: f64 = 290.0;
const NARROWEST: f64 = 125.0;

/// The radius of a dot, in points.
const DOT: f64 = 2.4;

/// One row.
pub struct Row<'a> {
    /// What it is about.
    pub name: String,
    /// The colour of its dot.
    pub colour: Colour,
    /// What stands there.
    pub value: Value<'a>,
}

/// What a row shows.
pub enum Value<'a> {
    /// A difference, with its interval if it has one.
    Known(f64, Option<[f64; 2]>),
    /// What others are compared with: a dot at zero.
    Zero,
    /// Why there is none.
    Missing(&'a str),
}

/// The figure; nothing where no row has a value. `what`: the rows, where there are more than are drawn.
pub fn of(title: String, axis: &str, rows: &[Row], what: &str) -> Option<Drawing> {
    let all = rows.len();
    let rows = &rows[..all.min(ROWS)];
    let (low, high) = reach(rows)?;
    let widths = rows.iter().map(|row| font::width(&row.name));
    let name = widths.fold(0.0, f64::max).min(WIDEST_NAME);
    let left = MARGIN + name + 2.0 * MARGIN;
    let right = left + NARROWEST.max(COLUMN - left - 3.0 * MARGIN);
    // Dots at the ends keep clear of the frame.
    let room = 0.06 * (high - low);
    let scale = Scale::linear(low - room, high + room, [left, right])?;

    let mut drawing = Drawing::new(title);
    let top = MARGIN;
    let bottom = top + ROW * rows.len() as f64;
    for (x, words) in scale.ticks_in_a_row() {
        drawing.line(&[[x, top], [x, bottom]], LINE, 0.5);
        drawing.text([x, bottom + 9.0], Anchor::Middle, SOFT, &words, COLUMN);
    }
    drawing.line(&[[scale.at(0.0), top], [scale.at(0.0), bottom]], SOFT, 0.8);
    for (index, row) in rows.iter().enumerate() {
        let middle = top + ROW * (index as f64 + 0.5);
        draw(&mut drawing, row, &scale, middle);
    }
    let width = right + 3.0 * MARGIN;
    let mut y = bottom + 20.0;
    let half = font::width(axis).min(width - 2.0 * MARGIN) / 2.0;
    let middle = ((left + right) / 2.0)
        .min(width - half - MARGIN)
        .max(half + MARGIN);
    drawing.text([middle, y], Anchor::Middle, INK, axis, 2.0 * half + 0.01);
    if rows.len() < all {
        y += LEADING;
        let note = format!("the first {ROWS} of {all} {what}");
        drawing.text([width - MARGIN, y], Anchor::End, SOFT, &note, width);
    }
    drawing.size = [width, y + MARGIN];
    Some(drawing)
}

/// From the lowest to the highest that is drawn, zero among it.
fn reach(rows: &[Row]) -> Option<(f64, f64)> {
    let known = rows.iter().filter_map(|row| match row.value {
        Value::Known(mean, ends) => Some((mean, ends)),
        Value::Zero | Value::Missing(_) => None,
    });
    let known: Vec<_> = known.collect();
    let values = known
        .iter()
        .flat_map(|(mean, ends)| ends.iter().flatten().chain([mean]));
    let reach = values.fold((0.0_f64, 0.0_f64), |(low, high), value| {
        (low.min(*value), high.max(*value))
    });
    match known.is_empty() {
        true => None,
        // Nothing differs: any scale shows that.
        false if reach == (0.0, 0.0) => Some((-1.0, 1.0)),
        false => Some(reach),
    }
}

/// Draws a row at this height: name on the left, dot and whisker, or why there is none.
fn draw(drawing: &mut Drawing, row: &Row, scale: &Scale, y: f64) {
    let (colour, baseline, zero) = (row.colour, y + 2.8, scale.at(0.0));
    let ink = match row.value {
        Value::Known(..) => INK,
        Value::Zero | Value::Missing(_) => SOFT,
    };
    drawing.text(
        [MARGIN, baseline],
        Anchor::Start,
        ink,
        &row.name,
        WIDEST_NAME,
    );
    match row.value {
        Value::Known(mean, ends) => {
            if let Some([low, high]) = ends.map(|ends| ends.map(|end| scale.at(end))) {
                drawing.line(&[[low, y], [high, y]], colour, 1.2);
                for end in [low, high] {
                    drawing.line(&[[end, y - 2.0], [end, y + 2.0]], colour, 1.2);
                }
            }
            drawing.dot([scale.at(mean), y], DOT, colour);
        }
        Value::Zero => drawing.dot([zero, y], DOT, colour),
        Value::Missing(words) => {
            drawing.text(
                [zero + 4.0, baseline],
                Anchor::Start,
                SOFT,
                words,
                NARROWEST,
            );
        }
    }
}
