//! All points that a sweep can mean: the grid's and those of `include`. A point is made only when it is asked for.

use super::control::Control;
use crate::config::{Field, TrialConfig};
use crate::grid::Grid;
use crate::sweep::{Assignment, Sweep};

/// Where a point comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Number in the grid; the last axis varies fastest.
    Grid(u64),
    /// Position in `include`.
    Include(usize),
    /// Position among the controls.
    Control(usize),
}

/// A sweep with its grid.
pub(super) struct Space {
    pub(super) sweep: Sweep,
    pub(super) grid: Grid,
    /// Every field that some axis or extra point sets, axes first.
    pub(super) fields: Vec<&'static Field>,
    /// What was made from other points.
    pub(super) controls: Vec<Control>,
}

impl Space {
    /// Nothing when the grid has 2^64 points or more.
    pub(super) fn new(sweep: &Sweep) -> Option<Self> {
        let grid = Grid::new(sweep.axes.iter().map(|axis| axis.levels.len()).collect())?;
        let mut fields: Vec<&'static Field> = Vec::new();
        let on_axes = sweep
            .axes
            .iter()
            .flat_map(|axis| axis.fields.iter().copied());
        let extra = sweep
            .include
            .iter()
            .flat_map(|point| point.values.iter().map(|value| value.field));
        for field in on_axes.chain(extra) {
            if !fields.iter().any(|known| known.path == field.path) {
                fields.push(field);
            }
        }
        Some(Self {
            sweep: sweep.clone(),
            grid,
            fields,
            controls: Vec::new(),
        })
    }

    /// The values that a point sets on top of the base.
    pub(super) fn values(&self, origin: Origin) -> Vec<&Assignment> {
        match origin {
            Origin::Grid(number) => {
                let mut digits = Vec::new();
                self.grid.digits(number, &mut digits);
                let axes = self.sweep.axes.iter().zip(digits);
                axes.flat_map(|(axis, digit)| &axis.levels[digit]).collect()
            }
            Origin::Include(index) => self.sweep.include[index].values.iter().collect(),
            Origin::Control(index) => {
                let Control { of, set, .. } = &self.controls[index];
                let kept = |value: &&Assignment| {
                    !set.iter().any(|other| other.field.path == value.field.path)
                };
                let values = self.values(*of).into_iter();
                values.filter(kept).chain(set).collect()
            }
        }
    }

    /// The point's config, `dataset: auto` not yet resolved.
    pub(super) fn config(&self, origin: Origin) -> TrialConfig {
        let mut config = self.sweep.base.clone();
        for value in self.values(origin) {
            (value.set)(&mut config);
        }
        config
    }

    /// The point in words: `model.depth = 2, model.skip.at = [14]`, `zero_skip of model.skip.at = [14]`.
    pub(super) fn describe(&self, origin: Origin) -> String {
        if let Origin::Control(index) = origin {
            let Control { kind, of, .. } = &self.controls[index];
            return format!("{} of {}", kind.name(), self.describe(*of));
        }
        let values = self.values(origin);
        if values.is_empty() {
            return "the base alone".into();
        }
        let one = |value: &&Assignment| format!("{} = {}", value.field.path, shown(&value.text));
        values.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// Canonical text as the YAML writes it.
pub(super) fn shown(text: &str) -> String {
    match text {
        "null" => "none".into(),
        text => text.trim_matches('"').to_owned(),
    }
}

/// Conditions on field values, prepared so that a grid point is judged by its digits alone.
pub(super) struct Matcher {
    /// (axis, which of its levels agree).
    axes: Vec<(usize, Vec<bool>)>,
    /// Whether the fields that no axis varies agree.
    rest: Agreement,
    conditions: Vec<Assignment>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Agreement {
    Yes,
    No,
}

impl Matcher {
    pub(super) fn new(sweep: &Sweep, conditions: &[Assignment]) -> Self {
        let mut axes = Vec::new();
        let mut rest = Agreement::Yes;
        for condition in conditions {
            let position = sweep.axes.iter().enumerate().find_map(|(axis, written)| {
                let column = written
                    .fields
                    .iter()
                    .position(|field| field.path == condition.field.path)?;
                Some((axis, column))
            });
            match position {
                Some((axis, column)) => {
                    let levels = sweep.axes[axis].levels.iter();
                    axes.push((
                        axis,
                        levels
                            .map(|level| level[column].text == condition.text)
                            .collect(),
                    ));
                }
                None if condition.holds(&sweep.base) => {}
                None => rest = Agreement::No,
            }
        }
        Self {
            axes,
            rest,
            conditions: conditions.to_vec(),
        }
    }

    /// Whether the grid point with these digits meets all conditions.
    pub(super) fn meets(&self, digits: &[usize]) -> bool {
        self.rest == Agreement::Yes && self.axes.iter().all(|(axis, agrees)| agrees[digits[*axis]])
    }

    /// Whether a config meets all conditions: for points that are not in the grid.
    pub(super) fn meets_config(&self, config: &TrialConfig) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.holds(config))
    }

    /// The levels of an axis that meet the conditions.
    pub(super) fn levels(&self, axis: usize, length: usize) -> Vec<usize> {
        let fits = |level: &usize| {
            self.axes
                .iter()
                .all(|(on, agrees)| *on != axis || agrees[*level])
        };
        let levels = (0..length).filter(fits);
        if self.rest == Agreement::Yes {
            levels.collect()
        } else {
            Vec::new()
        }
    }
}
