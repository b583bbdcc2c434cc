//! What an arm is worth beside its controls: the same size without the connection, or the connection without what it brings.

use super::compare::{Arm, Change, Comparison, Comparisons, Role, paired};
use super::label;
use super::number::Digits;
use super::stats::{Interval, Paired, Summary};
use crate::record::schema::{CONTROL, NO_CONTROL};
use serde::Serialize;

/// Two arms are as large as each other when they differ by this part at most: the plan matches them so.
const ALIKE: f64 = 0.02;

/// Axes of how a skip joins, which is the same where it brings nothing.
const JOINS: [&str; 2] = ["model.skip.mode", "model.connection"];

/// The axis values of the arm that an arm controls; nothing when it is no control.
pub fn controlled(axes: &[String], values: &[String]) -> Option<Vec<String>> {
    let at = position(axes)?;
    let is_control = values.get(at).is_some_and(|kind| kind != NO_CONTROL);
    is_control.then(|| {
        let mut values = values.to_vec();
        values[at] = NO_CONTROL.into();
        values
    })
}

/// Where the axis of controls stands.
fn position(axes: &[String]) -> Option<usize> {
    axes.iter().position(|axis| axis == CONTROL)
}

/// An arm beside one of its controls.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// Position of the arm.
    pub arm: usize,
    /// Position of the control.
    pub control: usize,
    /// Arm − control over the seeds that both have.
    pub difference: Paired,
}

/// The same in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `skip.at [14]`.
    pub arm: String,
    /// `zero_skip`.
    pub control: String,
    /// Seeds that both have.
    pub n: String,
    /// `−0.012`.
    pub difference: String,
    /// `[−0.015, −0.009]`.
    pub interval: String,
}

impl Row {
    /// What its cells are.
    pub const HEADINGS: [&str; 5] = ["arm", "control", "arm − control", "95% interval", "n"];

    /// Its texts, in the order of the headings.
    pub fn cells(self) -> Vec<String> {
        vec![
            self.arm,
            self.control,
            self.difference,
            self.interval,
            self.n,
        ]
    }
}

/// What the differences are.
pub const CAPTION: &str = "Differences of arms to their controls, paired by seed, with their 95% interval; not corrected for their number.";

/// The differences of arms to their controls, paired by seed.
pub fn of(comparisons: &Comparisons, axes: &[String]) -> Vec<Beside> {
    let Some(at) = position(axes) else {
        return Vec::new();
    };
    let arms = || comparisons.arms.iter().enumerate();
    let mut kinds: Vec<&str> = Vec::new();
    for (_, arm) in arms().filter(|(_, arm)| arm.controls.is_some()) {
        if !kinds.contains(&arm.axes[at].as_str()) {
            kinds.push(&arm.axes[at]);
        }
    }
    let asked = arms().filter(|(_, arm)| arm.controls.is_none());
    let pairs = asked.flat_map(|(index, arm)| kinds.iter().map(move |kind| (index, arm, *kind)));
    let beside = |(index, arm, kind): (usize, &Arm, &str)| {
        let control = control(comparisons, axes, at, index, kind)?;
        let difference = paired(arm, control);
        Some(Beside {
            arm: index,
            control: arms().position(|(_, other)| std::ptr::eq(other, control))?,
            difference: (difference.summary.n > 0).then_some(difference)?,
        })
    };
    pairs.filter_map(beside).collect()
}

/// All of them in a sentence.
pub fn note(beside: &[Beside], metric: &str, digits: Digits) -> Option<String> {
    let means = || beside.iter().filter_map(|it| it.difference.summary.mean);
    let low = means().min_by(f64::total_cmp)?;
    let high = means().max_by(f64::total_cmp)?;
    let sure = beside
        .iter()
        .filter(|it| {
            it.difference
                .summary
                .interval
                .is_some_and(Interval::excludes_zero)
        })
        .count();
    Some(format!(
        "Beside their controls, {} of the arms differs by {} to {}; {sure} of {} intervals lie on one side of zero.",
        label::visible(metric),
        digits.signed(low),
        digits.signed(high),
        beside.len()
    ))
}

/// The differences in words.
pub fn rows(
    beside: &[Beside],
    comparisons: &Comparisons,
    axes: &[String],
    digits: Digits,
) -> Vec<Row> {
    let Some(at) = position(axes) else {
        return Vec::new();
    };
    let row = |beside: &Beside| {
        let [arm, control] = [beside.arm, beside.control].map(|at| &comparisons.arms[at]);
        let Summary {
            n, mean, interval, ..
        } = beside.difference.summary;
        Row {
            arm: arm.label.clone(),
            control: label::value(&control.axes[at]),
            n: n.to_string(),
            difference: mean.map_or_else(String::new, |mean| digits.signed(mean)),
            interval: interval.map_or_else(String::new, |interval| digits.interval(interval)),
        }
    };
    beside.iter().map(row).collect()
}

/// The control of this kind of the arm at `index`. Arms can share a control, which the plan shows beside the first of them only.
/// Those of one size share the network without the connection: for the others it is the one of the same baseline that is as
/// large as they are. Those that differ only in how they join share the network whose skip brings nothing.
fn control<'a>(
    comparisons: &'a Comparisons,
    axes: &[String],
    at: usize,
    index: usize,
    kind: &str,
) -> Option<&'a Arm<'a>> {
    let arms = || comparisons.arms.iter();
    let of_kind = || arms().filter(|arm| arm.controls.is_some() && arm.axes[at] == kind);
    let own = of_kind().find(|arm| arm.controls == Some(index));
    let wanted = compared(&comparisons.arms[index]);
    let size = |comparison: &Comparison| -> Option<Change> {
        match label::value(kind).as_str() {
            "matched_parameters" => comparison.cost.params,
            "matched_macs" => comparison.cost.macs,
            _ => None,
        }
    };
    let joins = |position: usize| position == at || JOINS.contains(&axes[position].as_str());
    let asked = &comparisons.arms[index];
    let joins_elsewise = |arm: &&Arm| {
        let zero = label::value(kind) == "zero_skip";
        zero && (0..axes.len()).all(|axis| joins(axis) || arm.axes[axis] == asked.axes[axis])
    };
    let is_alike = |arm: &&Arm| {
        let (Some(other), Some(wanted)) = (compared(arm), wanted) else {
            return false;
        };
        let sizes = size(other)
            .zip(size(wanted))
            .filter(|_| other.baseline == wanted.baseline);
        sizes.is_some_and(|(a, b)| (a.to / b.to - 1.0).abs() <= ALIKE)
    };
    own.or_else(|| of_kind().find(is_alike))
        .or_else(|| of_kind().find(joins_elsewise))
}

fn compared<'a>(arm: &'a Arm) -> Option<&'a Comparison> {
    match &arm.role {
        Role::Compared(comparison) => Some(comparison),
        Role::Alone | Role::Baseline | Role::NoBaseline => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_names_the_arm_that_it_controls() {
        let strings =
            |texts: &[&str]| -> Vec<String> { texts.iter().map(|&text| text.to_owned()).collect() };
        let axes = strings(&["model.skip.at", "control"]);
        let of = |kind| controlled(&axes, &strings(&["[14]", kind]));
        assert_eq!(of("\"zero_skip\""), Some(strings(&["[14]", "\"none\""])));
        assert_eq!(of("\"none\""), None);
        assert_eq!(controlled(&axes[..1], &strings(&["[14]"])), None);
    }
}
