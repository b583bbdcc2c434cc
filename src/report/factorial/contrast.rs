//! Main effects and interactions of a factorial design, one value a seed, then an interval across seeds.
//!
//! The effect of a set of factors at given levels is the mean of its contrast over all settings of the other factors
//! (Box, Hunter & Hunter, *Statistics for Experimenters*, 2nd ed., §5.3): for one factor mean(level) − mean(baseline level),
//! for two half the change of the one effect that the other level makes.

use super::design::{Cell, Design};
use crate::report::compare::Arm;
use crate::report::stats::Paired;
use std::collections::BTreeSet;

/// A factor at a level, both by position.
pub type Setting = (usize, usize);

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// Its value by seed, summarised.
    pub paired: Paired,
    /// Over how many settings of the other factors it is averaged.
    pub settings: usize,
    /// Seeds planned for every arm that it takes.
    pub planned: usize,
}

/// The contrast of `settings`, each against its factor's baseline level; `None` where the grid has no complete setting of the
/// other factors, or the factors have no effect on each other by construction.
pub fn contrast(design: &Design, settings: &[Setting]) -> Option<Contrast> {
    let complete: Vec<Vec<&Arm>> = others(design, settings)
        .iter()
        .filter_map(|others| corners(design, settings, others))
        .collect();
    let first = complete.first()?.first()?;
    let all = || complete.iter().flatten();
    let has = |arm: &Arm, seed: u64| arm.trials.iter().any(|row| row.seed == seed);
    let seeds: BTreeSet<u64> = first.trials.iter().map(|row| row.seed).collect();
    let planned = seeds
        .into_iter()
        .filter(|seed| all().all(|arm| has(arm, *seed)));
    let planned: Vec<u64> = planned.collect();
    let divisor = (complete.len() << (settings.len() - 1)) as f64;
    let effect = |seed: &u64| {
        let mut sum = 0.0;
        for corners in &complete {
            for (corner, arm) in corners.iter().enumerate() {
                sum += sign(corner, settings.len()) * arm.values.get(seed)?;
            }
        }
        Some(sum / divisor)
    };
    let effects: Vec<f64> = planned.iter().filter_map(effect).collect();
    Some(Contrast {
        paired: Paired::of(&effects),
        settings: complete.len(),
        planned: planned.len(),
    })
}

/// Bit i of a corner: whether factor i is at its level rather than at its baseline. Each baseline turns the sign.
fn sign(corner: usize, factors: usize) -> f64 {
    match (factors - corner.count_ones() as usize).is_multiple_of(2) {
        true => 1.0,
        false => -1.0,
    }
}

/// The settings of the other factors that occur at any corner; of one that collapsed only where it is not written out too.
fn others(design: &Design, settings: &[Setting]) -> BTreeSet<Cell> {
    let at_corner = |cell: &&Cell| {
        let at = |(factor, level): &Setting| {
            cell[*factor].is_none_or(|it| it == *level || it == design.factors[*factor].baseline)
        };
        settings.iter().all(at)
    };
    let blank = |cell: &Cell| {
        let mut cell = cell.clone();
        settings.iter().for_each(|(factor, _)| cell[*factor] = None);
        cell
    };
    let all: BTreeSet<Cell> = design.cells().filter(at_corner).map(blank).collect();
    let is_special = |cell: &&Cell, other: &Cell| {
        *other != **cell && cell.iter().zip(other).all(|(a, b)| a.is_none() || a == b)
    };
    let collapsed =
        |cell: &Cell| cell.iter().filter(|level| level.is_none()).count() > settings.len();
    let written_out =
        |cell: &&Cell| !collapsed(cell) || !all.iter().any(|other| is_special(cell, other));
    all.iter().filter(written_out).cloned().collect()
}

/// The arms at all corners, when they are all there and differ from each other.
fn corners<'a>(
    design: &Design<'a>,
    settings: &[Setting],
    others: &Cell,
) -> Option<Vec<&'a Arm<'a>>> {
    let corner = |corner: usize| {
        let mut cell = others.clone();
        for (bit, (factor, level)) in settings.iter().enumerate() {
            let is_set = corner >> bit & 1 == 1;
            cell[*factor] = Some(if is_set {
                *level
            } else {
                design.factors[*factor].baseline
            });
        }
        design.arm(&cell)
    };
    let arms: Vec<&Arm> = (0..1 << settings.len())
        .map(corner)
        .collect::<Option<_>>()?;
    let distinct: BTreeSet<&[String]> = arms.iter().map(|arm| arm.axes).collect();
    (distinct.len() == arms.len()).then_some(arms)
}
