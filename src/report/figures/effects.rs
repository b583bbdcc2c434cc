//! `effects`: the paired difference of every arm to its baseline, a dot with its 95% interval, against zero.

use super::super::Findings;
use super::super::compare::{Arm, Role};
use super::super::label;
use super::drawing::{Anchor, COLUMN, Drawing, INK, LEADING, LINE, SOFT};
use super::font;
use super::look::Look;
use super::scale::Scale;

/// The figure's name.
pub const NAME: &str = "effects";

/// At most so many arms; a line says that there are more.
const ARMS: usize = 40;

/// From one arm to the next, in points.
const ROW: f64 = 13.0;

/// Room around, in points.
const MARGIN: f64 = 4.0;

/// The widest name of an arm, and the narrowest space for dots.
const WIDEST_NAME: f64 = 290.0;
const NARROWEST: f64 = 125.0;

/// The radius of a dot, in points.
const DOT: f64 = 2.4;

/// The figure; nothing where nothing is compared.
pub fn of(findings: &Findings, looks: &[Look]) -> Option<Drawing> {
    let comparisons = &findings.comparisons;
    let shown = &comparisons.arms[..comparisons.arms.len().min(ARMS)];
    let (low, high) = reach(shown)?;
    let name = shown
        .iter()
        .map(|arm| font::width(&arm.label))
        .fold(0.0, f64::max);
    let name = name.min(WIDEST_NAME);
    let left = MARGIN + name + 2.0 * MARGIN;
    let right = left + NARROWEST.max(COLUMN - left - 3.0 * MARGIN);
    // Dots at the ends keep clear of the frame.
    let room = 0.06 * (high - low);
    let scale = Scale::linear(low - room, high + room, [left, right])?;

    let metric = label::visible(&comparisons.metric);
    let mut drawing = Drawing::new(format!(
        "Difference in {metric} of each arm to its baseline"
    ));
    let top = MARGIN;
    let bottom = top + ROW * shown.len() as f64;
    for (x, words) in scale.ticks_in_a_row() {
        drawing.line(&[[x, top], [x, bottom]], LINE, 0.5);
        drawing.text([x, bottom + 9.0], Anchor::Middle, SOFT, &words, COLUMN);
    }
    drawing.line(&[[scale.at(0.0), top], [scale.at(0.0), bottom]], SOFT, 0.8);
    for (index, (arm, look)) in shown.iter().zip(looks).enumerate() {
        let middle = top + ROW * (index as f64 + 0.5);
        let words = &findings.rows.rows[index].difference;
        row(&mut drawing, arm, *look, words, &scale, middle);
    }
    let width = right + 3.0 * MARGIN;
    let mut y = bottom + 20.0;
    let axis = format!("difference in {metric} to the baseline");
    let half = font::width(&axis).min(width - 2.0 * MARGIN) / 2.0;
    let middle = ((left + right) / 2.0)
        .min(width - half - MARGIN)
        .max(half + MARGIN);
    drawing.text([middle, y], Anchor::Middle, INK, &axis, 2.0 * half + 0.01);
    if shown.len() < comparisons.arms.len() {
        y += LEADING;
        let note = format!("the first {ARMS} of {} arms", comparisons.arms.len());
        drawing.text([width - MARGIN, y], Anchor::End, SOFT, &note, width);
    }
    drawing.size = [width, y + MARGIN];
    Some(drawing)
}

/// A mean difference, with its interval if it has one; nothing where there is none, or none that is finite.
fn difference(arm: &Arm) -> Option<(f64, Option<[f64; 2]>)> {
    let Role::Compared(comparison) = &arm.role else {
        return None;
    };
    let summary = &comparison.paired.summary;
    let interval = summary.interval.map(|i| [i.low, i.high]);
    let interval = interval.filter(|ends| ends.iter().all(|end| end.is_finite()));
    Some((summary.mean.filter(|mean| mean.is_finite())?, interval))
}

/// From the lowest to the highest that is drawn, zero among it.
fn reach(arms: &[Arm]) -> Option<(f64, f64)> {
    let drawn: Vec<_> = arms.iter().filter_map(difference).collect();
    let values = drawn
        .iter()
        .flat_map(|(mean, ends)| ends.iter().flatten().chain([mean]));
    let reach = values.fold((0.0_f64, 0.0_f64), |(low, high), value| {
        (low.min(*value), high.max(*value))
    });
    match drawn.is_empty() {
        true => None,
        // No arm differs: any scale shows that.
        false if reach == (0.0, 0.0) => Some((-1.0, 1.0)),
        false => Some(reach),
    }
}

/// Draws an arm at this height: name on the left, dot and whisker, or why there is none.
fn row(drawing: &mut Drawing, arm: &Arm, look: Look, words: &str, scale: &Scale, y: f64) {
    let (colour, baseline) = (look.colour(), y + 2.8);
    let zero = scale.at(0.0);
    let ink = match arm.role {
        Role::Compared(_) => INK,
        Role::Alone | Role::Baseline | Role::NoBaseline => SOFT,
    };
    drawing.text(
        [MARGIN, baseline],
        Anchor::Start,
        ink,
        &arm.label,
        WIDEST_NAME,
    );
    match difference(arm) {
        Some((mean, interval)) => {
            if let Some([low, high]) = interval.map(|ends| ends.map(|end| scale.at(end))) {
                drawing.line(&[[low, y], [high, y]], colour, 1.2);
                for end in [low, high] {
                    drawing.line(&[[end, y - 2.0], [end, y + 2.0]], colour, 1.2);
                }
            }
            drawing.dot([scale.at(mean), y], DOT, colour);
        }
        None if matches!(arm.role, Role::Baseline) => drawing.dot([zero, y], DOT, colour),
        None => drawing.text(
            [zero + 4.0, baseline],
            Anchor::Start,
            SOFT,
            words,
            NARROWEST,
        ),
    }
}
