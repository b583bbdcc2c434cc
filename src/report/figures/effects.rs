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
        row(
            &mut drawing,
            arm,
            *look,
            words,
            &scale,
            [MARGIN, middle],
            name,
        );
    }
    let width = right + 3.0 * MARGIN;
    let mut y = bottom + 20.0;
    let axis = format!("difference in {metric} to the baseline");
    let half = font::width(&axis).min(width - 2.0 * MARGIN) / 2.0;
    let middle = ((left + right) / 2.0).clamp(half + MARGIN, width - half - MARGIN);
    drawing.text([middle, y], Anchor::Middle, INK, &axis, 2.0 * half + 0.01);
    if shown.len() < comparisons.arms.len() {
        y += LEADING;
        let note = format!("the first {ARMS} of {} arms", comparisons.arms.len());
        drawing.text([width - MARGIN, y], Anchor::End, SOFT, &note, width);
    }
    drawing.size = [width, y + MARGIN];
    Some(drawing)
}

/// From the lowest to the highest that is drawn, zero among it.
fn reach(arms: &[Arm]) -> Option<(f64, f64)> {
    let mut compared = false;
    let (mut low, mut high) = (0.0_f64, 0.0_f64);
    for arm in arms {
        let Role::Compared(comparison) = &arm.role else {
            continue;
        };
        let summary = &comparison.paired.summary;
        let ends = summary.interval.map(|i| [i.low, i.high]);
        for value in summary.mean.into_iter().chain(ends.into_iter().flatten()) {
            compared = true;
            (low, high) = (low.min(value), high.max(value));
        }
    }
    match compared {
        // No arm differs: any scale shows that.
        true if low == high => Some((-1.0, 1.0)),
        true => Some((low, high)),
        false => None,
    }
}

fn row(
    drawing: &mut Drawing,
    arm: &Arm,
    look: Look,
    words: &str,
    scale: &Scale,
    [x, y]: [f64; 2],
    room: f64,
) {
    const BASELINE: f64 = 2.8;
    let colour = look.colour();
    let summary = match &arm.role {
        Role::Compared(comparison) => Some(&comparison.paired.summary),
        Role::Alone | Role::Baseline | Role::NoBaseline => None,
    };
    let ink = if summary.is_some() { INK } else { SOFT };
    // A hair of room: a name that fits exactly is not cut.
    drawing.text(
        [x, y + BASELINE],
        Anchor::Start,
        ink,
        &arm.label,
        room + 0.01,
    );
    let Some((mean, interval)) =
        summary.and_then(|summary| Some((summary.mean?, summary.interval)))
    else {
        let zero = scale.at(0.0);
        if matches!(arm.role, Role::Baseline) {
            drawing.dot([zero, y], 2.4, colour);
        } else {
            drawing.text(
                [zero + 4.0, y + BASELINE],
                Anchor::Start,
                SOFT,
                words,
                room.max(60.0),
            );
        }
        return;
    };
    if let Some(interval) = interval {
        let [low, high] = [interval.low, interval.high].map(|value| scale.at(value));
        drawing.line(&[[low, y], [high, y]], colour, 1.2);
        for end in [low, high] {
            drawing.line(&[[end, y - 2.0], [end, y + 2.0]], colour, 1.2);
        }
    }
    drawing.dot([scale.at(mean), y], 2.4, colour);
}
