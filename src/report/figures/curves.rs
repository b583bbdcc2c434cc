//! `curves-<metric>`: the mean of every arm over its seeds by epoch, with the band of its 95% interval.

use super::super::compare::Comparisons;
use super::super::curves::{self, Curve, Metric};
use super::super::evidence::Evidence;
use super::drawing::{Anchor, COLUMN, Drawing, LEADING, MARGIN, Point, SOFT};
use super::frame::{Ends, Frame};
use super::legend::{self, Entry};
use super::look::Look;
use super::scale::Scale;

/// How the names of these figures begin.
const PREFIX: &str = "curves-";

/// At most so many arms; a line says that there are more.
const ARMS: usize = 12;

/// Beside the compared one.
const TRAINING: &str = "train_loss";

/// An arm as it is drawn.
struct Line<'a> {
    name: &'a str,
    curve: &'a Curve,
    look: Look,
}

/// The figures, by name: the compared metric and the training loss, where they have two epochs.
pub fn of(
    evidence: &Evidence,
    comparisons: &Comparisons,
    looks: &[Look],
) -> Vec<(String, Drawing)> {
    let curves::Curves { metrics, .. } = curves::of(evidence, comparisons);
    let compared = super::super::label::visible(&comparisons.metric);
    let mut figures: Vec<(String, Drawing)> = Vec::new();
    for metric in metrics
        .iter()
        .filter(|metric| metric.name == compared || metric.name == TRAINING)
    {
        let name = name(&metric.name);
        let arms = comparisons.arms.iter().zip(looks);
        let arms = arms
            .filter(|(arm, _)| evidence.shown.drawn.contains(arm.axes))
            .zip(&metric.arms);
        let lines = arms.map(|((arm, look), curve)| Line {
            name: &arm.label,
            curve,
            look: *look,
        });
        let lines: Vec<Line> = lines
            .filter(|line| line.curve.mean.iter().any(Option::is_some))
            .collect();
        let drawing = drawing(metric, &lines, evidence.shown.arms);
        if !figures.iter().any(|(other, _)| *other == name) {
            figures.extend(drawing.map(|drawing| (name, drawing)));
        }
    }
    figures
}

/// The name of a metric's figure, without its end.
pub fn name(metric: &str) -> String {
    format!("{PREFIX}{}", plain(metric))
}

/// A metric's name as a file name has it.
fn plain(metric: &str) -> String {
    let plain = |c: char| match c {
        '.' | '_' | '-' => c,
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    metric.chars().take(60).map(plain).collect()
}

/// `arms`: how many the sweep has.
fn drawing(metric: &Metric, all: &[Line], arms: usize) -> Option<Drawing> {
    let lines = &all[..all.len().min(ARMS)];
    let mut drawing = Drawing::new(format!("{} by epoch", metric.name));
    let field = Field::of(metric, lines)?;
    field.frame.draw(&mut drawing, &metric.name);
    let bottom = field
        .frame
        .ticks(&mut drawing, &field.along.whole_ticks(), "epoch");
    for line in lines {
        let [low, high] = [&line.curve.low, &line.curve.high].map(|ends| field.points(ends));
        drawing.area(
            low.into_iter().chain(high.into_iter().rev()),
            line.look.colour(),
        );
    }
    for line in lines {
        match field.points(&line.curve.mean).as_slice() {
            [only] => drawing.dot(*only, 1.8, line.look.colour()),
            points => drawing.pen(points, legend::pen(line.look)),
        }
    }
    let entries: Vec<Entry> = lines
        .iter()
        .map(|line| Entry {
            name: line.name,
            look: line.look,
            mark: None,
        })
        .collect();
    let mut y = legend::draw(&mut drawing, &entries, bottom + LEADING + 3.0);
    if lines.len() < all.len() {
        let note = format!("{ARMS} of {arms} arms");
        drawing.text([MARGIN, y], Anchor::Start, SOFT, &note, COLUMN);
        y += LEADING;
    }
    drawing.size = [COLUMN, y - LEADING + MARGIN];
    Some(drawing)
}

/// Where curves are drawn.
struct Field {
    epochs: Vec<f64>,
    along: Scale,
    frame: Frame,
}

impl Field {
    fn of(metric: &Metric, lines: &[Line]) -> Option<Self> {
        let epochs: Vec<f64> = metric.epochs.iter().map(|&epoch| epoch as f64).collect();
        let all =
            |list: fn(&Curve) -> &Vec<Option<f64>>| lines.iter().map(move |it| list(it.curve));
        let frame = Frame::of(
            &metric.name,
            all(|curve| &curve.mean),
            all(|curve| &curve.low),
            all(|curve| &curve.high),
            Ends::Cut,
        )?;
        let along = Scale::linear(*epochs.first()?, *epochs.last()?, frame.places())?;
        Some(Self {
            epochs,
            along,
            frame,
        })
    }

    /// The places of the values that are known; a mean of huge values may be infinite.
    fn points(&self, values: &[Option<f64>]) -> Vec<Point> {
        let known = self.epochs.iter().zip(values);
        let known =
            known.filter_map(|(epoch, value)| Some((*epoch, (*value).filter(|v| v.is_finite())?)));
        known
            .map(|(epoch, value)| [self.along.at(epoch), self.frame.up.at(value)])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_metric_is_a_plain_file_name() {
        assert_eq!(plain("../../etc/passwd\0\u{202e}"), "..-..-etc-passwd--");
        assert_eq!(plain("test.bce"), "test.bce");
    }
}
