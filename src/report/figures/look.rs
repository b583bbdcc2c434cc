//! The colour and the line of every arm, the same in every figure and chart. Dashes change from the first arm on, so that
//! colour is never the only cue.

use super::super::compare::{Arm, Comparisons, Role};
use super::super::shown::Shown;
use super::drawing::{Colour, INK};
use serde::{Serialize, Serializer};

/// Colours of arms, as in `assets/report.css` on light ground: Okabe–Ito, told apart by every kind of colour vision.
const COLOURS: [Colour; 6] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xcc, 0x79, 0xa7),
    Colour(0xb8, 0x86, 0x00),
    Colour(0x3a, 0x9b, 0xd6),
];

/// The colour of baselines.
const NEUTRAL: Colour = Colour(0x6d, 0x72, 0x78);

/// Lines, in points: solid first; the page has the same in `assets/js/chart.js` and its style sheet.
const DASHES: [&[f64]; 6] = [
    &[],
    &[5.0, 2.5],
    &[1.8, 1.8],
    &[5.5, 1.8, 1.2, 1.8],
    &[9.0, 2.5],
    &[5.5, 1.5, 1.2, 1.5, 1.2, 1.5],
];

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A baseline: grey.
    Baseline,
    /// An arm: one of the colours.
    Arm(usize),
    /// What is no arm, as the level of a factor: the colour of text.
    Ink,
}

impl Serialize for Tone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Baseline => serializer.serialize_str("neutral"),
            Self::Arm(index) => serializer.collect_str(&format_args!("c{index}")),
            Self::Ink => serializer.serialize_str("ink"),
        }
    }
}

/// How an arm is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Look {
    /// Its colour.
    pub tone: Tone,
    /// Which line style.
    pub dash: usize,
}

impl Look {
    /// The look of a level of a factor: arms' colours would make it look like an arm.
    pub fn level(number: usize) -> Self {
        Self {
            tone: Tone::Ink,
            dash: number % DASHES.len(),
        }
    }

    /// The colour.
    pub fn colour(self) -> Colour {
        match self.tone {
            Tone::Baseline => NEUTRAL,
            Tone::Arm(index) => COLOURS[index % COLOURS.len()],
            Tone::Ink => INK,
        }
    }

    /// Lengths of dashes and gaps in points; none for a solid line.
    pub fn dashes(self) -> &'static [f64] {
        DASHES[self.dash % DASHES.len()]
    }
}

/// The look of every arm: baselines are grey. Arms that are shown before the reader chooses come first, then all that are drawn,
/// so that no two of the first of them look alike.
pub fn looks(comparisons: &Comparisons, shown: &Shown) -> Vec<Look> {
    let is_baseline = |arm: &Arm| matches!(arm.role, Role::Baseline);
    let mut order: Vec<usize> = (0..comparisons.arms.len()).collect();
    order.sort_by_key(|at| {
        let axes = comparisons.arms[*at].axes;
        (!shown.first.contains(axes), !shown.drawn.contains(axes))
    });
    let (baselines, others): (Vec<usize>, Vec<usize>) = order
        .into_iter()
        .partition(|at| is_baseline(&comparisons.arms[*at]));
    let mut looks = vec![Look::level(0); comparisons.arms.len()];
    for (number, at) in baselines.iter().enumerate() {
        looks[*at] = Look {
            tone: Tone::Baseline,
            dash: number % DASHES.len(),
        };
    }
    for (number, at) in others.into_iter().enumerate() {
        looks[at] = other(number, baselines.len());
    }
    looks
}

/// The look of an arm that is no baseline, the first of which has another dash than the baselines before it. Every round of the
/// colours moves the dashes on by one: of 36 arms no two look alike, of 6 in a row none has the colour or the dash of another.
fn other(number: usize, baselines: usize) -> Look {
    Look {
        tone: Tone::Arm(number % COLOURS.len()),
        dash: (number + number / COLOURS.len() + baselines) % DASHES.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the page's style sheet and script.
    #[test]
    fn colours_and_dashes_are_those_of_the_page() {
        let css = include_str!("../assets/report.css");
        let named = |name: String, Colour(r, g, b): Colour| {
            let line = format!("--{name}: #{r:02x}{g:02x}{b:02x};");
            assert!(css.contains(&line), "{line}");
        };
        for (index, colour) in COLOURS.into_iter().enumerate() {
            named(format!("c{index}"), colour);
        }
        named("neutral".into(), NEUTRAL);
        let script = include_str!("../assets/js/chart.js");
        let (_, list) = script.split_once("DASHES = [").unwrap();
        let (list, _) = list.split_once("];").unwrap();
        assert_eq!(list.matches('[').count(), DASHES.len());
        for dash in 1..DASHES.len() {
            assert!(css.contains(&format!(".d{dash} path")), "d{dash}");
        }
    }

    /// Colour is never the only cue, and no two of the first 36 are the same.
    #[test]
    fn arms_in_a_row_differ_in_colour_and_in_dash() {
        let looks: Vec<Look> = (0..36).map(|number| other(number, 1)).collect();
        for (at, look) in looks.iter().enumerate() {
            assert!(!looks[..at].contains(look), "{at}");
            assert!(
                looks[at / 6 * 6..at]
                    .iter()
                    .all(|before| before.dash != look.dash),
                "{at}"
            );
        }
        assert_ne!(looks[0].dash, 0, "the baseline's");
    }
}
