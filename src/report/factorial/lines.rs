//! The means behind an interaction: one factor along, the other as lines, averaged over all further factors.

use super::design::{Cell, Design};
use crate::report::compare::Arm;
use crate::report::stats::Summary;
use std::collections::{BTreeMap, BTreeSet};

/// The means of every pair of levels of two factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Means {
    /// Position of the factor along.
    pub along: usize,
    /// Position of the factor of the lines.
    pub lines: usize,
    /// `[level of lines][level along]`: mean and interval over seeds, of a seed over the settings of the further factors that have
    /// all its values; nothing where no seed has any.
    pub values: Vec<Vec<Summary>>,
}

/// The means of every ordered pair of factors of at most so many levels for which the grid is complete and has values to show.
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
    // A place without any value (every trial there diverged) is a gap; the others are averaged over what they all have.
    let known = |place: usize| complete.iter().any(|arms| !arms[place].values.is_empty());
    let known: Vec<usize> = (0..places.len()).filter(|place| known(*place)).collect();
    let ends = |end: fn(&(usize, usize)) -> usize| -> BTreeSet<usize> {
        known.iter().map(|place| end(&places[*place])).collect()
    };
    // One line, or lines of one place, tell nothing of how factors depend on each other.
    if ends(|(i, _)| *i).len() < 2 || ends(|(_, j)| *j).len() < 2 {
        return None;
    }
    let mut sums: BTreeMap<u64, (Vec<f64>, usize)> = BTreeMap::new();
    for arms in &complete {
        for seed in arms[known[0]].values.keys() {
            let values = known.iter().map(|at| arms[*at].values.get(seed).copied());
            let Some(values) = values.collect::<Option<Vec<f64>>>() else {
                continue;
            };
            let start = || (vec![0.0; known.len()], 0);
            let (sums, averaged) = sums.entry(*seed).or_insert_with(start);
            sums.iter_mut()
                .zip(values)
                .for_each(|(sum, value)| *sum += value);
            *averaged += 1;
        }
    }
    if sums.is_empty() {
        return None;
    }
    let mut summaries = vec![Summary::of(&[]); places.len()];
    for (at, place) in known.into_iter().enumerate() {
        let means = sums.values().map(|(sums, n)| sums[at] / *n as f64);
        summaries[place] = Summary::of(&means.collect::<Vec<f64>>());
    }
    Some(Means {
        along,
        lines,
        values: summaries
            .chunks(levels(along).len())
            .map(<[_]>::to_vec)
            .collect(),
    })
}
