//! How the arms stand, and which of them are shown. Pure.

use crate::sweep::Expect;
use std::cmp::Ordering;

/// An arm: all trials that differ only in their seed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arm {
    /// Its position among the plan's arms.
    pub point: usize,
    /// Whether it is a baseline.
    pub baseline: bool,
    /// Committed trials.
    pub done: usize,
    /// Planned trials.
    pub planned: usize,
    /// Trials in training: epochs done, of so many.
    pub training: Vec<(u64, u64)>,
    values: Vec<f64>,
}

impl Arm {
    /// Nothing of it has begun.
    pub fn new(point: usize, baseline: bool, planned: usize) -> Self {
        Self {
            point,
            baseline,
            planned,
            ..Self::default()
        }
    }

    /// The final value of a completed trial.
    pub fn learn(&mut self, value: f64) {
        self.values.push(value);
    }

    /// Mean of the final values.
    pub fn mean(&self) -> Option<f64> {
        let count = self.values.len() as f64;
        (count > 0.0).then(|| self.values.iter().sum::<f64>() / count)
    }

    /// Standard deviation of the final values (n − 1); `None` for fewer than two.
    pub fn spread(&self) -> Option<f64> {
        let (mean, count) = (self.mean()?, self.values.len());
        let squares = self.values.iter().map(|value| (value - mean).powi(2));
        (count > 1).then(|| (squares.sum::<f64>() / (count - 1) as f64).sqrt())
    }

    /// Whether there is anything to show of it.
    pub fn has_begun(&self) -> bool {
        self.done > 0 || !self.training.is_empty()
    }
}

/// The arms that are shown when there is room for so many, in the order of the plan: the first baseline, then those in training,
/// then the best so far, as far as it was written down what is better. Arms that have not begun have nothing to show.
pub fn choose(arms: &[Arm], expect: Option<Expect>, room: usize) -> Vec<usize> {
    let begun = || arms.iter().filter(|arm| arm.has_begun());
    let baseline = begun().filter(|arm| arm.baseline).take(1);
    let training = begun().filter(|arm| !arm.training.is_empty());
    let mut rest: Vec<_> = begun().collect();
    rest.sort_by(|a, b| better(a.mean(), b.mean(), expect));
    let mut chosen: Vec<usize> = Vec::new();
    for arm in baseline.chain(training).chain(rest) {
        if chosen.len() == room {
            break;
        }
        if !chosen.contains(&arm.point) {
            chosen.push(arm.point);
        }
    }
    chosen.sort_unstable();
    chosen
}

/// Which of two means comes first; without one comes last.
fn better(a: Option<f64>, b: Option<f64>, expect: Option<Expect>) -> Ordering {
    match (a, b, expect) {
        (Some(a), Some(b), Some(Expect::Lower)) => a.total_cmp(&b),
        (Some(a), Some(b), Some(Expect::Higher)) => b.total_cmp(&a),
        (Some(_), Some(_), _) => Ordering::Equal,
        (a, b, _) => b.is_some().cmp(&a.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(point: usize, baseline: bool, training: usize, values: &[f64]) -> Arm {
        Arm {
            done: values.len(),
            training: vec![(1, 2); training],
            values: values.to_vec(),
            ..Arm::new(point, baseline, 4)
        }
    }

    /// Oracle: NumPy, `np.mean`, `np.std(ddof=1)` of [1, 2, 4].
    #[test]
    fn a_spread_takes_two_trials() {
        let three = arm(0, false, 0, &[1.0, 2.0, 4.0]);
        assert!((three.mean().expect("a mean") - 2.333_333_333_333_333_5).abs() < 1e-12);
        assert!((three.spread().expect("a spread") - 1.527_525_231_651_946_8).abs() < 1e-12);
        assert_eq!(arm(0, false, 0, &[1.0]).spread(), None);
        assert_eq!(arm(0, false, 0, &[]).mean(), None);
    }

    #[test]
    fn the_baseline_those_in_training_and_the_best_are_shown() {
        let arms = [
            arm(0, false, 0, &[3.0]),
            arm(1, false, 0, &[]),
            arm(2, false, 1, &[]),
            arm(3, true, 0, &[9.0]),
            arm(4, true, 0, &[8.0]),
            arm(5, false, 0, &[1.0, 2.0]),
        ];
        let lower = Some(Expect::Lower);
        assert!(choose(&arms, lower, 0).is_empty());
        assert_eq!(choose(&arms, lower, 1), [3]);
        assert_eq!(choose(&arms, lower, 2), [2, 3]);
        assert_eq!(choose(&arms, lower, 3), [2, 3, 5]);
        assert_eq!(choose(&arms, lower, 9), [0, 2, 3, 4, 5]);
        assert_eq!(choose(&arms, Some(Expect::Higher), 3), [2, 3, 4]);
        assert_eq!(choose(&arms, None, 3), [0, 2, 3]);
    }
}
