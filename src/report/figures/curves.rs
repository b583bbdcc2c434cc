//! `curves-<metric>`: the mean of every arm over its seeds by epoch, with the band of its 95% interval.

use super::super::compare::Comparisons;
use super::super::curves::{self, Curve, Metric};
use super::super::evidence::Evidence;
use super::super::rows::Better;
use super::super::verdict::Expected;
use super::drawing::{Anchor, COLUMN, Drawing, INK, LEADING, LINE, Pen, Point, SOFT};
use super::font;
use super::look::Look;
use super::scale::Scale;

/// How the names of these figures begin.
const PREFIX: &str = "curves-";

/// At most so many arms; a line says that there are more.
const ARMS: usize = 12;

/// Beside the compared one.
const TRAINING: &str = "train_loss";

/// From this factor between the highest and the lowest mean on, orders of magnitude are shown: of errors, not of
/// accuracies and similarities.
const LOGARITHMIC: f64 = 10.0;

/// Room around, the height of the field of curves, and the length of a legend's line, in points.
const MARGIN: f64 = 4.0;
const HEIGHT: f64 = 120.0;
const SAMPLE: f64 = 16.0;

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
    let bottom = field.axes(&mut drawing, &metric.name);
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
            points => drawing.pen(points, pen(line.look)),
        }
    }
    let mut y = legend(&mut drawing, lines, bottom + LEADING + 3.0);
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
    up: Scale,
    left: f64,
}

impl Field {
    const TOP: f64 = MARGIN + LEADING + 2.0;
    const BOTTOM: f64 = Self::TOP + HEIGHT;
    /// The last epoch's number, centred here, ends before the figure does.
    const RIGHT: f64 = COLUMN - 3.0 * MARGIN;

    fn of(metric: &Metric, lines: &[Line]) -> Option<Self> {
        let epochs: Vec<f64> = metric.epochs.iter().map(|&epoch| epoch as f64).collect();
        let up = values(&metric.name, lines, [Self::BOTTOM, Self::TOP])?;
        let widths = up.ticks().into_iter().map(|(_, words)| font::width(&words));
        let left = MARGIN + widths.fold(0.0, f64::max) + MARGIN;
        let along = Scale::linear(*epochs.first()?, *epochs.last()?, [left, Self::RIGHT])?;
        Some(Self {
            epochs,
            along,
            up,
            left,
        })
    }

    /// Draws axes and their names; gives the baseline of the lowest line of text.
    fn axes(&self, drawing: &mut Drawing, metric: &str) -> f64 {
        let (left, right, bottom) = (self.left, Self::RIGHT, Self::BOTTOM);
        drawing.text([MARGIN, MARGIN + 7.0], Anchor::Start, INK, metric, right);
        for (y, words) in self.up.ticks() {
            drawing.line(&[[left, y], [right, y]], LINE, 0.5);
            drawing.text([left - 3.0, y + 2.8], Anchor::End, SOFT, &words, COLUMN);
        }
        drawing.line(&[[left, bottom], [right, bottom]], SOFT, 0.8);
        for (x, words) in self.along.whole_ticks() {
            drawing.line(&[[x, bottom], [x, bottom + 2.5]], SOFT, 0.8);
            drawing.text([x, bottom + LEADING], Anchor::Middle, SOFT, &words, COLUMN);
        }
        let (middle, lowest) = (f64::midpoint(left, right), bottom + 2.0 * LEADING);
        drawing.text([middle, lowest], Anchor::Middle, INK, "epoch", COLUMN);
        lowest
    }

    /// The places of the values that are known; a mean of huge values may be infinite.
    fn points(&self, values: &[Option<f64>]) -> Vec<Point> {
        let known = self.epochs.iter().zip(values);
        let known =
            known.filter_map(|(epoch, value)| Some((*epoch, (*value).filter(|v| v.is_finite())?)));
        known
            .map(|(epoch, value)| [self.along.at(epoch), self.up.at(value)])
            .collect()
    }
}

/// The scale of the values: that of the means, with some room for bands.
fn values(metric: &str, lines: &[Line], places: Point) -> Option<Scale> {
    let of = |list: fn(&Curve) -> &Vec<Option<f64>>| {
        let all = lines.iter().flat_map(move |line| list(line.curve));
        all.flatten().copied().filter(|value| value.is_finite())
    };
    let low = of(|curve| &curve.mean).reduce(f64::min)?;
    let high = of(|curve| &curve.mean).reduce(f64::max)?;
    let is_error = Better::of(Expected::Nothing, metric) == Better::Lower;
    if is_error && low > 0.0 && high / low >= LOGARITHMIC {
        return Scale::logarithmic(low / 1.15, high * 1.15, places);
    }
    let span = if high > low {
        high - low
    } else {
        low.abs().max(1e-9)
    };
    let band_low = of(|curve| &curve.low)
        .fold(low, f64::min)
        .max(low - 0.3 * span);
    let band_high = of(|curve| &curve.high)
        .fold(high, f64::max)
        .min(high + 0.3 * span);
    Scale::linear(band_low - 0.04 * span, band_high + 0.04 * span, places)
}

fn pen(look: Look) -> Pen {
    Pen {
        colour: look.colour(),
        width: 1.3,
        dashes: look.dashes(),
    }
}

/// The names, in two columns where they fit; gives the baseline of the line of text below.
fn legend(drawing: &mut Drawing, lines: &[Line], top: f64) -> f64 {
    let widest = lines
        .iter()
        .map(|line| font::width(line.name))
        .fold(0.0, f64::max);
    let half = (COLUMN - 2.0 * MARGIN) / 2.0;
    let columns = if widest + SAMPLE + 3.0 * MARGIN <= half {
        2
    } else {
        1
    };
    let room = (COLUMN - 2.0 * MARGIN) / columns as f64;
    for (index, line) in lines.iter().enumerate() {
        let x = MARGIN + room * (index % columns) as f64;
        let y = top + LEADING * (index / columns) as f64;
        drawing.pen(&[[x, y - 2.8], [x + SAMPLE, y - 2.8]], pen(line.look));
        let room = room - SAMPLE - 2.0 * MARGIN;
        drawing.text(
            [x + SAMPLE + MARGIN, y],
            Anchor::Start,
            INK,
            line.name,
            room,
        );
    }
    top + LEADING * lines.len().div_ceil(columns) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_metric_is_a_plain_file_name() {
        assert_eq!(plain("../../etc/passwd\0\u{202e}"), "..-..-etc-passwd--");
        assert_eq!(plain("test.bce"), "test.bce");
    }

    fn curve(mean: &[f64]) -> Curve {
        Curve {
            mean: mean.iter().copied().map(Some).collect(),
            ..Curve::default()
        }
    }

    fn scale(metric: &str, mean: &[f64]) -> Option<Scale> {
        let curve = curve(mean);
        let look = Look::level(0);
        let name = "";
        values(
            metric,
            &[Line {
                name,
                curve: &curve,
                look,
            }],
            [100.0, 0.0],
        )
    }

    /// Oracle: on a logarithmic scale the geometric mean lies in the middle, on a linear one the arithmetic mean.
    #[test]
    fn orders_of_magnitude_make_the_scale_logarithmic() {
        let wide = scale("test.bce", &[1.0, 0.01]).unwrap();
        assert!((wide.at(0.1) - 50.0).abs() < 1e-6);
        let narrow = scale("test.bce", &[0.2, 0.1]).unwrap();
        assert!((narrow.at(0.15) - 50.0).abs() < 1e-6);
        let accuracy = scale("test.accuracy", &[1.0, 0.05]).unwrap();
        assert!((accuracy.at(0.525) - 50.0).abs() < 1e-6);
    }

    #[test]
    fn curves_without_extent_have_a_scale_and_without_values_none() {
        assert!(scale("loss", &[0.0, 0.0]).is_some() && scale("loss", &[-2.0]).is_some());
        assert_eq!(scale("loss", &[]), None);
        assert_eq!(scale("loss", &[-1e308, 1e308]), None);
    }
}
