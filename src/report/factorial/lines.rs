//! The means behind an interaction: one factor along, the other as lines, averaged over all further factors.

use super::design::{Cell, Design};
use crate::report::compare::Arm;
use crate::report::stats::Summary;
use std::collections::BTreeSet;

/// The means of every pair of levels of two factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Means {
    /// Position of the factor along.
    pub along: usize,
    /// Position of the factor of the lines.
    pub lines: usize,
    /// `[level of lines][level along]`: mean and interval over the seeds that all of them have.
    pub values: Vec<Vec<Summary>>,
}

/// The means of every ordered pair of factors of at most so many levels for which the grid is complete.
pub fn of(design: &Design, most: usize) -> Vec<Means> {
    let fits = |factor: &usize| design.factors[*factor].levels.len() <= most;
    let factors = (0..design.factors.len()).filter(fits);
    let pairs = factors
        .clone()
        .flat_map(|along| factors.clone().map(move |lines| (along, lines)));
    pairs
        .filter(|(along, lines)| along != lines)
        .filter_map(|(along, lines)| means(design, along, lines))
        .collect()
}

fn means(design: &Design, along: usize, lines: usize) -> Option<Means> {
    let levels = |factor: usize| 0..design.factors[factor].levels.len();
    let places: Vec<(usize, usize)> = levels(lines)
        .flat_map(|i| levels(along).map(move |j| (i, j)))
        .collect();
    let blank = |cell: &Cell| {
        let mut cell = cell.clone();
        (cell[along], cell[lines]) = (None, None);
        cell
    };
    let others: BTreeSet<Cell> = design.cells().map(blank).collect();
    let arms = |others: &Cell| -> Option<Vec<&Arm>> {
        let arm = |&(i, j): &(usize, usize)| {
            let mut cell = others.clone();
            (cell[along], cell[lines]) = (Some(j), Some(i));
            design.arm(&cell)
        };
        places.iter().map(arm).collect()
    };
    let complete: Vec<Vec<&Arm>> = others.iter().filter_map(arms).collect();
    let first = complete.first()?.first()?;
    let seeds: Vec<u64> = first.values.keys().copied().collect();
    let has_all = |seed: &&u64| {
        complete
            .iter()
            .flatten()
            .all(|arm| arm.values.contains_key(seed))
    };
    let seeds: Vec<u64> = seeds.iter().filter(has_all).copied().collect();
    let mean = |place: usize, seed: &u64| {
        let values = complete.iter().map(|arms| arms[place].values[seed]);
        values.sum::<f64>() / complete.len() as f64
    };
    let summary = |place: usize| {
        let values: Vec<f64> = seeds.iter().map(|seed| mean(place, seed)).collect();
        Summary::of(&values)
    };
    let summaries: Vec<Summary> = (0..places.len()).map(summary).collect();
    Some(Means {
        along,
        lines,
        values: summaries
            .chunks(levels(along).len())
            .map(<[_]>::to_vec)
            .collect(),
    })
}
