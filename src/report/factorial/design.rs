//! The arms of a grid as cells of a factorial design: factors with levels, and the arm that stands in each cell.

use crate::record::schema::{CONTROL, NO_CONTROL};
use crate::report::baseline::same_value;
use crate::report::compare::Arm;
use crate::report::label;
use std::collections::{BTreeMap, BTreeSet};

/// An axis, or several that move together (`zip`): their effects cannot be told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// `depth`, or `widths & lr`.
    pub name: String,
    /// Its levels, in the order of the plan.
    pub levels: Vec<String>,
    /// The level that the others are compared with: the sweep file's baseline, else the first.
    pub baseline: usize,
}

/// The level of every factor; `None` where the factor has no effect (the field is inactive there).
pub type Cell = Vec<Option<usize>>;

/// Factors and cells.
pub struct Design<'a> {
    /// At least one level of each; factors that do not vary are left out.
    pub factors: Vec<Factor>,
    /// The arms by their cells, controls left out.
    cells: BTreeMap<Cell, &'a Arm<'a>>,
    /// Those of them in which a factor has no effect.
    collapsed: Vec<(Cell, &'a Arm<'a>)>,
}

/// The axes of a factor, and its level by their values.
type Place<'a> = (Vec<usize>, BTreeMap<Vec<&'a str>, usize>);

impl<'a> Design<'a> {
    /// Finds factors and cells. `baseline` gives the JSON text that the sweep file's baseline wants of an axis.
    pub fn of(
        arms: &'a [Arm<'a>],
        axes: &[String],
        baseline: impl Fn(&str) -> Option<&'a str>,
    ) -> Self {
        let control = axes.iter().position(|axis| axis == CONTROL);
        let asked = |arm: &&Arm| control.is_none_or(|at| arm.axes[at] == NO_CONTROL);
        let arms: Vec<&Arm> = arms.iter().filter(asked).collect();
        let varied = (0..axes.len())
            .filter(|axis| Some(*axis) != control && levels(&arms, &[*axis]).len() > 1);
        let groups = together(&arms, varied);
        let mut design = Self {
            factors: Vec::new(),
            cells: BTreeMap::new(),
            collapsed: Vec::new(),
        };
        let mut places: Vec<Place> = Vec::new();
        for group in groups {
            let levels = levels(&arms, &group);
            let is_baseline = |values: &Vec<&str>| {
                let wanted = group.iter().map(|axis| baseline(&axes[*axis]));
                let named = wanted.clone().any(|wanted| wanted.is_some());
                named
                    && values.iter().zip(wanted).all(|(value, wanted)| {
                        wanted.is_none_or(|wanted| same_value(value, wanted))
                    })
            };
            design.factors.push(Factor {
                name: joined(group.iter().map(|axis| label::axis(axes, *axis))),
                levels: levels
                    .iter()
                    .map(|values| joined(values.iter().map(|value| label::value(value))))
                    .collect(),
                baseline: levels.iter().position(is_baseline).unwrap_or(0),
            });
            let by_values = levels
                .into_iter()
                .enumerate()
                .map(|(level, values)| (values, level));
            places.push((group, by_values.collect()));
        }
        for arm in arms {
            let level = |(group, levels): &Place| levels.get(&values(arm, group)).copied();
            let cell: Cell = places.iter().map(level).collect();
            if cell.contains(&None) {
                design.collapsed.push((cell.clone(), arm));
            }
            design.cells.insert(cell, arm);
        }
        design
    }

    /// Every cell that an arm stands in.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.cells.keys()
    }

    /// Every arm that stands in a cell.
    pub fn arms(&self) -> impl Iterator<Item = &'a Arm<'a>> {
        self.cells.values().copied()
    }

    /// The levels of two factors that occur together.
    pub fn together(&self, a: usize, b: usize) -> BTreeSet<(usize, usize)> {
        let pairs = self
            .cells
            .keys()
            .filter_map(|cell| Some((cell[a]?, cell[b]?)));
        pairs.collect()
    }

    /// The arm in a cell: its own, or the one into which the cell collapsed because a factor has no effect there.
    pub fn arm(&self, cell: &Cell) -> Option<&'a Arm<'a>> {
        let collapsed = || {
            let fits = |other: &Cell| {
                other
                    .iter()
                    .zip(cell)
                    .all(|(has, wanted)| has.is_none() || has == wanted)
            };
            let mut others = self.collapsed.iter();
            others.find_map(|(other, arm)| fits(other).then_some(*arm))
        };
        self.cells.get(cell).copied().or_else(collapsed)
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" & ")
}

fn values<'a>(arm: &'a Arm, group: &[usize]) -> Vec<&'a str> {
    group.iter().map(|axis| arm.axes[*axis].as_str()).collect()
}

/// The values of axes that occur together, in the order of the arms; where one has no effect there is no level.
fn levels<'a>(arms: &[&'a Arm], group: &[usize]) -> Vec<Vec<&'a str>> {
    let mut seen = BTreeSet::new();
    let values = arms.iter().map(|arm| values(arm, group));
    values
        .filter(|values| !values.contains(&"null") && seen.insert(values.clone()))
        .collect()
}

/// Axes that are functions of each other over all arms, in groups.
fn together(arms: &[&Arm], axes: impl Iterator<Item = usize>) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for axis in axes {
        let count = levels(arms, &[axis]).len();
        let moves_with = |group: &Vec<usize>| {
            let always = |axis: usize| arms.iter().all(|arm| arm.axes[axis] != "null");
            let pairs = levels(arms, &[group[0], axis]).len();
            always(axis)
                && always(group[0])
                && pairs == count
                && pairs == levels(arms, &[group[0]]).len()
        };
        match groups.iter_mut().find(|group| moves_with(group)) {
            Some(group) => group.push(axis),
            None => groups.push(vec![axis]),
        }
    }
    groups
}
