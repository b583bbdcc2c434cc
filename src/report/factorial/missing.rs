//! The arms of a grid that lack values, and why: settings with them are left out of means.

use super::design::Design;
use crate::outcome::Outcome;
use crate::report::compare::Arm;

/// At most so many arms are named.
const NAMED: usize = 8;

/// An arm without all of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// `skip.at [14] · depth 2`.
    pub arm: String,
    /// How many values were planned.
    pub planned: usize,
    /// What became of the trials without a value, and how many there are.
    pub why: Vec<(&'static str, usize)>,
}

/// Every such arm.
pub fn of(design: &Design) -> Vec<Missing> {
    design.arms().filter_map(missing).collect()
}

fn missing(arm: &Arm) -> Option<Missing> {
    let without = || {
        let rows = arm.trials.iter();
        rows.filter(|row| !arm.values.contains_key(&row.seed))
    };
    let count = |outcome: Outcome| {
        let word = match outcome {
            Outcome::Completed => "completed without a value",
            other => other.name(),
        };
        let rows = without().filter(|row| row.outcome == outcome);
        Some((word, rows.count())).filter(|(_, n)| *n > 0)
    };
    let why: Vec<_> = Outcome::ALL.into_iter().filter_map(count).collect();
    (!why.is_empty()).then(|| Missing {
        arm: arm.label.clone(),
        planned: arm.trials.len(),
        why,
    })
}

/// All of them in a sentence; nothing where there are none.
pub fn sentence(missing: &[Missing]) -> Option<String> {
    let told = missing.iter().take(NAMED).map(|missing| {
        let why = missing.why.iter().enumerate();
        let why = why.map(|(at, (word, n))| match at {
            0 => format!("{n} of {} {word}", missing.planned),
            _ => format!("{n} {word}"),
        });
        format!("{} ({})", missing.arm, why.collect::<Vec<_>>().join(", "))
    });
    let told: Vec<String> = told.collect();
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more arms"),
    };
    (!told.is_empty()).then(|| {
        format!(
            "Settings with an arm that has no value are left out of the means, seed by seed, so that seeds may be averaged over \
             different settings: {}{more}.",
            told.join("; ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arms_are_named_with_what_became_of_them() {
        let missing = |n: usize, why: &[(&'static str, usize)]| Missing {
            arm: format!("depth {n}"),
            planned: 4,
            why: why.to_vec(),
        };
        let one = missing(1, &[("diverged", 2), ("pending", 1)]);
        let told = sentence(&[one]).unwrap();
        assert!(
            told.ends_with("different settings: depth 1 (2 of 4 diverged, 1 pending)."),
            "{told}"
        );
        let many: Vec<Missing> = (0..10).map(|n| missing(n, &[("failed", 4)])).collect();
        let told = sentence(&many).unwrap();
        assert!(
            told.ends_with("depth 7 (4 of 4 failed) and 2 more arms."),
            "{told}"
        );
        assert_eq!(sentence(&[]), None);
    }
}
