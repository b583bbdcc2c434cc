//! Is it the trials or the machine? A machine on which everything fails at once must not use up the attempts
//! of a whole sweep (promise 8), while an axis value that crashes every seed must not stop the others.

use std::collections::BTreeMap;
use std::time::Duration;

/// A failure this soon after the trial was handed out, with no epoch done, is an early one.
pub const MOMENTS: Duration = Duration::from_secs(10);
const TRIALS: usize = 3;

/// Counts early failures since any trial last made progress.
#[derive(Clone, Debug)]
pub struct Breaker {
    points_needed: usize,
    /// Trial index to its point.
    failed: BTreeMap<usize, usize>,
}

impl Breaker {
    /// For a queue whose trials belong to `points` arms.
    pub fn new(points: usize) -> Self {
        Self {
            points_needed: points.min(TRIALS),
            failed: BTreeMap::new(),
        }
    }

    /// Some trial did an epoch or finished here: the machine works.
    pub fn progress(&mut self) {
        self.failed.clear();
    }

    /// An attempt failed after `lasted`. Returns true when the machine is to blame: three different trials
    /// of three arms (or of all arms, where there are fewer) failed early and nothing succeeded between.
    pub fn failed(&mut self, index: usize, point: usize, lasted: Duration) -> bool {
        if lasted < MOMENTS {
            self.failed.insert(index, point);
        }
        let mut points: Vec<_> = self.failed.values().collect();
        points.sort_unstable();
        points.dedup();
        self.failed.len() >= TRIALS && points.len() >= self.points_needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    const SOON: Duration = Duration::from_millis(10);

    #[test]
    fn three_trials_of_three_arms_that_fail_at_once_blame_the_machine() {
        let mut breaker = Breaker::new(4);
        assert!(!breaker.failed(0, 0, SOON));
        assert!(!breaker.failed(1, 1, SOON));
        assert!(breaker.failed(2, 2, SOON));
    }

    #[test]
    fn one_bad_arm_does_not_blame_the_machine() {
        let mut breaker = Breaker::new(2);
        assert!((0..8).all(|seed| !breaker.failed(seed, 0, SOON)));
        assert!(breaker.failed(8, 1, SOON));
    }

    #[test]
    fn one_trial_that_fails_thrice_does_not_blame_the_machine() {
        let mut breaker = Breaker::new(1);
        assert!((0..3).all(|_| !breaker.failed(0, 0, SOON)));
    }

    #[test]
    fn progress_and_late_failures_clear_the_machine() {
        let mut breaker = Breaker::new(3);
        breaker.failed(0, 0, SOON);
        breaker.failed(1, 1, SOON);
        breaker.progress();
        assert!(!breaker.failed(2, 2, SOON));
        breaker.failed(3, 0, SOON);
        assert!(!breaker.failed(4, 1, MOMENTS));
    }
}
