//! The controls of a plan in words.

use super::{ROWS, grouped, shown};
use crate::plan::{ArmSummary, CONTROL, ControlSummary, Plan, Summary, percent};

/// What each control is beside its arm, and which arms have none.
pub fn text(plan: &Plan, summary: &Summary<'_>) -> String {
    let arms = plan.controls().take(ROWS).map(|point| plan.arm(point));
    let made = arms.filter_map(|arm| Some(control(&arm, arm.control.as_ref()?)));
    let without = summary.uncontrolled.iter().map(|lack| {
        let (kind, arm, reason) = (lack.control, lack.arm, &lack.reason);
        format!("  no {kind} of arm {arm}: {reason}\n")
    });
    let lines: String = made.chain(without).collect();
    if lines.is_empty() {
        return lines;
    }
    let count = plan.controls().count();
    let more = |noun: &str, all: usize, told: usize| match all - told {
        0 => String::new(),
        more => format!("  … and {more} more {noun}\n"),
    };
    format!(
        "\ncontrols:\n{lines}{}{}",
        more("control arms", count, count.min(ROWS)),
        more(
            "arms without one",
            summary.uncontrolled_arms,
            summary.uncontrolled.len()
        )
    )
}

fn control(arm: &ArmSummary, control: &ControlSummary) -> String {
    let set = control.set.iter();
    let set: Vec<String> = set
        .map(|(path, value)| format!("{path} = {}", shown(value)))
        .collect();
    let (count, counted) = match control.counted {
        "macs" => (arm.macs, "MACs"),
        _ => (arm.params, "parameters"),
    };
    format!(
        "  arm {}, {} of arm {}: {}; {} {counted}, {}{}\n",
        arm.arm,
        shown(&arm.axes[CONTROL]),
        control.of,
        set.join(", "),
        grouped(count),
        match control.excess == 0.0 {
            true => "as many".into(),
            false => percent(control.excess),
        },
        match control.nearest {
            true => ", the nearest possible",
            false => "",
        }
    )
}
