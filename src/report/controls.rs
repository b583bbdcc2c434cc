//! What an arm is worth beside its controls: the same size without the connection, or the connection without what it brings.

use super::compare::{Arm, Comparisons, paired};
use super::label;
use super::rows::Rows;
use crate::record::schema::{CONTROL, NO_CONTROL};

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
pub fn position(axes: &[String]) -> Option<usize> {
    axes.iter().position(|axis| axis == CONTROL)
}

/// The differences of arms to their controls, paired by seed.
pub fn note(comparisons: &Comparisons, rows: &Rows, axes: &[String]) -> Option<String> {
    let (at, digits) = (position(axes)?, rows.difference_digits);
    let beside = |control: &Arm| {
        let arm = &comparisons.arms[control.controls?];
        let summary = paired(arm, control).summary;
        let interval = summary.interval;
        Some(format!(
            "{} beside {} {}{}",
            arm.label,
            label::value(&control.axes[at]),
            digits.signed(summary.mean?),
            interval.map_or_else(String::new, |i| format!(" {}", digits.interval(i)))
        ))
    };
    let all: Vec<String> = comparisons.arms.iter().filter_map(beside).collect();
    (!all.is_empty()).then(|| {
        format!(
            "Arms beside their controls (difference in {} with its 95% interval, paired by seed, not corrected for \
             their number): {}.",
            label::visible(&comparisons.metric),
            all.join("; ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_names_the_arm_that_it_controls() {
        let strings = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        let axes = strings(&["model.skip.at", "control"]);
        let of = |kind| controlled(&axes, &strings(&["[14]", kind]));
        assert_eq!(of("\"zero_skip\""), Some(strings(&["[14]", "\"none\""])));
        assert_eq!(of("\"none\""), None);
        assert_eq!(controlled(&axes[..1], &strings(&["[14]"])), None);
    }
}
