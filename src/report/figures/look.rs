//! The colour and the line of every arm, the same in every figure.

use super::super::chart;
use super::super::compare::{Arm, Comparisons, Role};
use super::super::shown::Shown;
use super::drawing::Colour;

/// Colours of arms, as in `assets/report.css` on light ground: Okabe–Ito, told apart by every kind of colour vision.
const COLOURS: [Colour; chart::COLOURS] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xcc, 0x79, 0xa7),
    Colour(0xb8, 0x86, 0x00),
    Colour(0x3a, 0x9b, 0xd6),
];

/// The colour of baselines.
const NEUTRAL: Colour = Colour(0x6d, 0x72, 0x78);

/// Lines of arms beyond the colours, in points: solid first.
const DASHES: [&[f64]; 4] = [&[], &[5.0, 2.5], &[1.8, 1.8], &[5.5, 1.8, 1.2, 1.8]];

/// How an arm is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Which colour; `None`: a baseline's grey.
    pub colour: Option<usize>,
    /// Which line style.
    pub dash: usize,
}

impl Look {
    /// The colour.
    pub fn colour(self) -> Colour {
        self.colour
            .map_or(NEUTRAL, |index| COLOURS[index % COLOURS.len()])
    }

    /// Lengths of dashes and gaps in points; none for a solid line.
    pub fn dashes(self) -> &'static [f64] {
        DASHES[self.dash % DASHES.len()]
    }
}

/// The look of every arm: baselines are grey; beyond the colours, and among baselines, line styles change. Arms that are drawn
/// come first, so that no two of the first of them look alike.
pub fn looks(comparisons: &Comparisons, shown: &Shown) -> Vec<Look> {
    let is_drawn = |arm: &Arm| shown.drawn.contains(arm.axes);
    let mut looks = vec![
        Look {
            colour: None,
            dash: 0
        };
        comparisons.arms.len()
    ];
    let (mut baselines, mut others) = (0, 0);
    for drawn in [true, false] {
        let arms = comparisons.arms.iter().zip(&mut looks);
        for (arm, look) in arms.filter(|(arm, _)| is_drawn(arm) == drawn) {
            let count = match arm.role {
                Role::Baseline => &mut baselines,
                Role::Alone | Role::NoBaseline | Role::Compared(_) => &mut others,
            };
            *look = match arm.role {
                Role::Baseline => Look {
                    colour: None,
                    dash: *count,
                },
                Role::Alone | Role::NoBaseline | Role::Compared(_) => Look {
                    colour: Some(*count % COLOURS.len()),
                    dash: *count / COLOURS.len(),
                },
            };
            *count += 1;
        }
    }
    looks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the page's style sheet.
    #[test]
    fn colours_are_those_of_the_page() {
        let css = include_str!("../assets/report.css");
        let named = |name: String, Colour(r, g, b): Colour| {
            let line = format!("--{name}: #{r:02x}{g:02x}{b:02x};");
            assert!(css.contains(&line), "{line}");
        };
        for (index, colour) in COLOURS.into_iter().enumerate() {
            named(format!("c{index}"), colour);
        }
        named("neutral".into(), NEUTRAL);
    }
}
