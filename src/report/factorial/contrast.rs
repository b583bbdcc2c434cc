//! Main effects and interactions of a factorial design, one value a seed, then an interval across seeds.
//!
//! The effect of a set of factors at given levels is the mean of its contrast over all settings of the other factors that have
//! the values (Box, Hunter & Hunter, *Statistics for Experimenters*, 2nd ed., §5.3): for one factor mean(level) − mean(baseline level),
//! for two half the change of the one effect that the other level makes.

use super::design::{Cell, Design};
use crate::report::compare::Arm;
use crate::report::stats::Paired;
use std::collections::{BTreeMap, BTreeSet};

/// A factor at a level, both by position.
pub type Setting = (usize, usize);

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// Its value by seed, summarised.
    pub paired: Paired,
    /// How many settings of the other factors the grid has it at.
    pub settings: usize,
    /// Over how many of them it is averaged: in the seed with the fewest and in the one with the most. The others lack a value.
    pub averaged: [usize; 2],
    /// Seeds planned for it at any of them.
    pub planned: usize,
}

/// The contrast of `settings`, each against its factor's baseline level, by seed averaged over the settings of the other factors
/// that have all values of that seed. `None` where the grid has no complete setting of the other factors, or the factors have
/// no effect on each other by construction.
pub fn contrast(design: &Design, settings: &[Setting]) -> Option<Contrast> {
    let complete: Vec<Vec<&Arm>> = others(design, settings)
        .iter()
        .filter_map(|others| corners(design, settings, others))
        .collect();
    if complete.is_empty() {
        return None;
    }
    let mut planned = BTreeSet::new();
    let mut sums: BTreeMap<u64, (f64, usize)> = BTreeMap::new();
    for corners in &complete {
        let seeds = corners.iter().map(|arm| -> BTreeSet<u64> {
            let rows = arm.trials.iter();
            rows.map(|row| row.seed).collect()
        });
        planned.extend(seeds.reduce(|a, b| &a & &b).into_iter().flatten());
        for seed in corners[0].values.keys() {
            let values = corners.iter().map(|arm| arm.values.get(seed).copied());
            let Some(values) = values.collect::<Option<Vec<f64>>>() else {
                continue;
            };
            let (sum, averaged) = sums.entry(*seed).or_default();
            for (corner, value) in values.iter().enumerate() {
                *sum += sign(corner, settings.len()) * value;
            }
            *averaged += 1;
        }
    }
    let effect = |(sum, averaged): &(f64, usize)| sum / (averaged << (settings.len() - 1)) as f64;
    let effects: Vec<f64> = sums.values().map(effect).collect();
    let averaged = || sums.values().map(|(_, averaged)| *averaged);
    Some(Contrast {
        paired: Paired::of(&effects),
        settings: complete.len(),
        averaged: [averaged().min(), averaged().max()].map(Option::unwrap_or_default),
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
