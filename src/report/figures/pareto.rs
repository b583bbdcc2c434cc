//! `pareto`: the metric of every arm against what it costs, and the arms that no other beats in both.

use super::super::compare::Comparisons;
use super::super::label;
use super::super::pareto::{Pareto, Point};
use super::drawing::{Anchor, COLUMN, Drawing, INK, LEADING, MARGIN, SOFT};
use super::font;
use super::frame::{Ends, Frame};
use super::look::Look;
use super::scale::{Scale, Tick};

/// The figure's name.
pub const NAME: &str = "pareto";

/// From this factor between the highest and the lowest cost on, as on the page, orders of magnitude are shown.
const LOGARITHMIC: f64 = 20.0;

/// What stands below every chart.
const NOTE: &str = "Line and names: no other arm beats them in both.";

/// One chart; nothing where it has no value.
pub fn of(chart: &Pareto, comparisons: &Comparisons, looks: &[Look]) -> Option<Drawing> {
    let metric = label::visible(&comparisons.metric);
    let ends = |end: usize| {
        let ends = chart
            .points
            .iter()
            .map(move |it| it.ends.map(|ends| ends[end]));
        vec![ends.collect::<Vec<_>>()]
    };
    let means = [chart.points.iter().map(|it| Some(it.y)).collect::<Vec<_>>()];
    let (lows, highs) = (ends(0), ends(1));
    let frame = Frame::of(
        &metric,
        means.iter(),
        lows.iter(),
        highs.iter(),
        Ends::Whole,
    )?;
    let (along, ticks) = along(&chart.points, &frame)?;
    let mut drawing = Drawing::new(format!("{metric} against {}", chart.cost));
    frame.draw(&mut drawing, &metric);
    let bottom = frame.ticks(&mut drawing, &ticks, chart.cost);
    let mut points: Vec<&Point> = chart.points.iter().collect();
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.arm.cmp(&b.arm)));
    let front: Vec<&Point> = points.iter().copied().filter(|it| it.front).collect();
    let at = |point: &Point| [along.at(point.x), frame.up.at(point.y)];
    let mut stairs = Vec::new();
    for point in &front {
        let [x, y] = at(point);
        stairs.extend(stairs.last().map(|[_, before]: &[f64; 2]| [x, *before]));
        stairs.push([x, y]);
    }
    drawing.line(&stairs, SOFT, 0.8);
    for point in &points {
        let ([x, y], colour) = (at(point), looks[point.arm].colour());
        if let Some([low, high]) = point.ends.map(|ends| ends.map(|end| frame.up.at(end))) {
            drawing.line(&[[x, low], [x, high]], colour, 0.8);
        }
        let radius = if point.front { 2.8 } else { 2.0 };
        drawing.dot([x, y], radius, colour);
    }
    let named = front
        .iter()
        .map(|it| (at(it), comparisons.arms[it.arm].label.as_str()));
    names(&mut drawing, named, frame.places());
    let y = bottom + LEADING;
    drawing.text([MARGIN, y], Anchor::Start, SOFT, NOTE, COLUMN);
    drawing.size = [COLUMN, y + MARGIN];
    Some(drawing)
}

/// The scale of the costs with its ticks.
fn along(points: &[Point], frame: &Frame) -> Option<(Scale, Vec<Tick>)> {
    let costs = || points.iter().map(|point| point.x);
    let (low, high) = (costs().reduce(f64::min)?, costs().reduce(f64::max)?);
    if low > 0.0 && high / low > LOGARITHMIC {
        let scale = Scale::logarithmic(low / 1.15, high * 1.15, frame.places())?;
        return Some((scale, scale.ticks()));
    }
    let air = 0.06 * (high - low);
    let scale = Scale::linear(low - air, high + air, frame.places())?;
    Some((scale, scale.ticks_in_a_row()))
}

/// Names beside their dots, on whichever side there is room; one that would hide another is left out.
fn names<'a>(
    drawing: &mut Drawing,
    named: impl Iterator<Item = ([f64; 2], &'a str)>,
    [left, right]: [f64; 2],
) {
    let mut taken: Vec<[f64; 3]> = Vec::new();
    for ([x, y], name) in named {
        let name = font::fit(name, (right - left) * 0.8);
        let width = font::width(&name);
        let is_free = |[from, y]: &[f64; 2]| {
            let clear = |[other, to, line]: &[f64; 3]| {
                (line - y).abs() > 9.0 || *other > from + width || to < from
            };
            *from >= left && from + width <= right && taken.iter().all(clear)
        };
        let starts = [x + 5.0, x - 5.0 - width, right - width];
        let mut places = starts
            .into_iter()
            .flat_map(|from| [[from, y - 4.0], [from, y + 9.0]]);
        if let Some([from, y]) = places.find(is_free) {
            taken.push([from, from + width, y]);
            drawing.text([from, y], Anchor::Start, INK, &name, COLUMN);
        }
    }
}
