//! `interactions` and `uses`: the page's charts of lines over a few named places, side by side.

use super::super::chart::{Chart, Line};
use super::drawing::{Anchor, COLUMN, Drawing, LEADING, MARGIN, Point, SOFT};
use super::font;
use super::frame::{Ends, Frame};
use super::legend::{self, Entry};
use super::scale::Tick;

/// The figures' names.
pub const INTERACTIONS: &str = "interactions";
/// As above.
pub const USES: &str = "uses";

/// At most so many lines of a chart; a line says that there are more.
const LINES: usize = 10;

/// From one place to the next at least so much, or places go without their names, in points.
const NARROWEST: f64 = 15.0;

/// One chart; nothing where it has no value.
pub fn of(chart: &Chart) -> Option<Drawing> {
    let has = |line: &&Line| line.first && line.mean.iter().any(Option::is_some);
    let lines: Vec<&Line> = chart.lines.iter().filter(has).take(LINES).collect();
    let all = |list: fn(&Line) -> &Vec<Option<f64>>| lines.iter().map(move |line| list(line));
    let frame = Frame::of(
        &chart.y,
        all(|line| &line.mean),
        all(|line| &line.low),
        all(|line| &line.high),
        Ends::Whole,
    )?;
    let mut drawing = Drawing::new(chart.name.clone());
    let [left, right] = frame.places();
    let apart = (right - left) / chart.places.len().max(1) as f64;
    let across = |place: usize| left + apart * (place as f64 + 0.5);
    frame.draw(&mut drawing, &chart.y);
    let bottom = frame.ticks(&mut drawing, &ticks(chart, apart, &across), &chart.x);
    // Side by side, so that no whisker hides another.
    let step = (0.5 * apart / lines.len().max(1) as f64).min(5.0);
    for (number, line) in lines.iter().enumerate() {
        let aside = (number as f64 - (lines.len() as f64 - 1.0) / 2.0) * step;
        draw(&mut drawing, line, &frame, &|place| across(place) + aside);
    }
    let entries: Vec<Entry> = lines
        .iter()
        .map(|line| Entry {
            name: &line.label,
            look: line.look,
            mark: Some(line.mark),
        })
        .collect();
    let mut y = legend::draw(&mut drawing, &entries, bottom + LEADING + 3.0);
    let all = chart.lines.len() + chart.left_out;
    if lines.len() < all {
        let note = format!("{} of {all} lines", lines.len());
        drawing.text([MARGIN, y], Anchor::Start, SOFT, &note, COLUMN);
        y += LEADING;
    }
    drawing.size = [COLUMN, y - LEADING + MARGIN];
    Some(drawing)
}

/// The places with their names, cut where they would touch; of many places only some are named.
fn ticks(chart: &Chart, apart: f64, across: &dyn Fn(usize) -> f64) -> Vec<Tick> {
    let every = (NARROWEST / apart).ceil().max(1.0);
    let named = chart.places.iter().enumerate().step_by(every as usize);
    let fit = |name: &str| font::fit(name, apart * every - 2.0);
    named.map(|(at, name)| (across(at), fit(name))).collect()
}

/// Draws whiskers, the line and its marks.
fn draw(drawing: &mut Drawing, line: &Line, frame: &Frame, across: &dyn Fn(usize) -> f64) {
    let colour = line.look.colour();
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    for (at, ends) in line.low.iter().zip(&line.high).enumerate() {
        if let (Some(low), Some(high)) = (finite(*ends.0), finite(*ends.1)) {
            let (x, low, high) = (across(at), frame.up.at(low), frame.up.at(high));
            drawing.line(&[[x, low], [x, high]], colour, 0.8);
            for end in [low, high] {
                drawing.line(&[[x - 2.0, end], [x + 2.0, end]], colour, 0.8);
            }
        }
    }
    let known = line.mean.iter().enumerate();
    let known = known.filter_map(|(at, mean)| Some([across(at), frame.up.at(finite(*mean)?)]));
    let points: Vec<Point> = known.collect();
    drawing.pen(&points, legend::pen(line.look));
    for point in points {
        legend::mark(drawing, line.mark, point, colour);
    }
}
