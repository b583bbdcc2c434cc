//! What the lines of a figure are: their names below it, and marks that tell apart lines of one look.

use super::drawing::{Anchor, COLUMN, Colour, Drawing, INK, LEADING, MARGIN, Pen, Point};
use super::font;
use super::look::Look;

/// The length of a line beside its name, in points.
const SAMPLE: f64 = 16.0;

/// The radius of a mark, in points.
const MARK: f64 = 2.2;

/// A line and its name.
pub struct Entry<'a> {
    /// `skip.at [14]`.
    pub name: &'a str,
    /// Its colour and line.
    pub look: Look,
    /// The mark at its places, where there are any.
    pub mark: Option<usize>,
}

/// How its line is drawn.
pub fn pen(look: Look) -> Pen {
    Pen {
        colour: look.colour(),
        width: 1.3,
        dashes: look.dashes(),
    }
}

/// Draws a mark: a disc, a square, a cross, a plus, a bar, and again.
pub fn mark(drawing: &mut Drawing, number: usize, [x, y]: Point, colour: Colour) {
    let mut stroke = |from: Point, to: Point, width| drawing.line(&[from, to], colour, width);
    match number % 5 {
        0 => drawing.dot([x, y], MARK, colour),
        1 => stroke([x - MARK, y], [x + MARK, y], 2.0 * MARK),
        2 => {
            stroke([x - MARK, y - MARK], [x + MARK, y + MARK], 1.4);
            stroke([x - MARK, y + MARK], [x + MARK, y - MARK], 1.4);
        }
        3 => {
            stroke([x - MARK, y], [x + MARK, y], 1.4);
            stroke([x, y - MARK], [x, y + MARK], 1.4);
        }
        _ => stroke([x, y - 1.3 * MARK], [x, y + 1.3 * MARK], 1.8),
    }
}

/// The names, in two columns where they fit; gives the baseline of the line of text below.
pub fn draw(drawing: &mut Drawing, entries: &[Entry], top: f64) -> f64 {
    let widest = entries
        .iter()
        .map(|entry| font::width(entry.name))
        .fold(0.0, f64::max);
    let half = (COLUMN - 2.0 * MARGIN) / 2.0;
    let columns = if widest + SAMPLE + 3.0 * MARGIN <= half {
        2
    } else {
        1
    };
    let room = (COLUMN - 2.0 * MARGIN) / columns as f64;
    for (index, entry) in entries.iter().enumerate() {
        let x = MARGIN + room * (index % columns) as f64;
        let y = top + LEADING * (index / columns) as f64;
        drawing.pen(&[[x, y - 2.8], [x + SAMPLE, y - 2.8]], pen(entry.look));
        if let Some(number) = entry.mark {
            let middle = [x + SAMPLE / 2.0, y - 2.8];
            mark(drawing, number, middle, entry.look.colour());
        }
        let room = room - SAMPLE - 2.0 * MARGIN;
        let at = [x + SAMPLE + MARGIN, y];
        drawing.text(at, Anchor::Start, INK, entry.name, room);
    }
    top + LEADING * entries.len().div_ceil(columns) as f64
}
