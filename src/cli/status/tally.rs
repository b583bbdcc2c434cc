//! Counting, and what follows from it. Pure.

use crate::error::ExitCode;
use crate::fanout::queue::ATTEMPTS;
use crate::outcome::Outcome;
use serde::Serialize;
use std::collections::BTreeSet;

/// What is known of one planned trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// How it ended, when it is committed.
    pub committed: Option<Outcome>,
    /// Failed attempts that count.
    pub failures: u32,
}

/// How many trials stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All of them: the next five together.
    pub planned: usize,
    /// Trained to the end.
    pub completed: usize,
    /// The loss became NaN or infinite.
    pub diverged: usize,
    /// Given up after three failed attempts.
    pub quarantined: usize,
    /// In training now.
    pub running: usize,
    /// To be trained.
    pub waiting: usize,
    /// Those of the last two that failed before.
    pub retried: usize,
    /// Failed attempts that count, of trials that are not done.
    pub failed_attempts: usize,
    /// Committed trials that are not in the plan.
    pub others: usize,
}

/// Whether a sweep goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Every trial is done.
    Finished,
    /// What is not done was given up.
    FinishedWithFailures,
    /// Trials run or wait.
    MoreToDo,
}

impl Standing {
    /// What scripts are told.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Finished => ExitCode::Done,
            Self::FinishedWithFailures => ExitCode::TrialsFailed,
            Self::MoreToDo => ExitCode::MoreToDo,
        }
    }
}

impl Tally {
    /// Counts planned trials, in the order of the plan; `running` holds the positions of those in training, `others` is what
    /// the folder holds beside what is planned.
    pub fn count(
        trials: impl IntoIterator<Item = Known>,
        running: &BTreeSet<usize>,
        others: usize,
    ) -> Self {
        let mut tally = Self {
            others,
            ..Self::default()
        };
        for (index, trial) in trials.into_iter().enumerate() {
            tally.planned += 1;
            match trial.committed {
                Some(Outcome::Diverged) => tally.diverged += 1,
                Some(_) => tally.completed += 1,
                None => tally.undone(trial.failures, running.contains(&index)),
            }
        }
        tally
    }

    fn undone(&mut self, failures: u32, running: bool) {
        self.failed_attempts += failures as usize;
        if failures >= ATTEMPTS {
            self.quarantined += 1;
            return;
        }
        if running {
            self.running += 1;
        } else {
            self.waiting += 1;
        }
        if failures > 0 {
            self.retried += 1;
        }
    }

    /// Committed trials.
    pub fn done(&self) -> usize {
        self.completed + self.diverged
    }

    /// Whether nothing is left to do.
    pub fn is_finished(&self) -> bool {
        self.standing() != Standing::MoreToDo
    }

    /// Whether the sweep goes on.
    pub fn standing(&self) -> Standing {
        match (self.running + self.waiting, self.quarantined) {
            (0, 0) => Standing::Finished,
            (0, _) => Standing::FinishedWithFailures,
            _ => Standing::MoreToDo,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(trials: &[(Option<Outcome>, u32)], running: &[usize], others: usize) -> Tally {
        let known = trials.iter().map(|&(committed, failures)| Known {
            committed,
            failures,
        });
        Tally::count(known, &running.iter().copied().collect(), others)
    }

    #[test]
    fn every_trial_is_counted_once() {
        let (completed, diverged) = (Some(Outcome::Completed), Some(Outcome::Diverged));
        let trials = [
            (completed, 2),
            (diverged, 0),
            (None, 3),
            (None, 0),
            (None, 1),
            (None, 0),
            (completed, 0),
        ];
        // Position 0 is done already: its runner has not said so yet.
        let tally = count(&trials, &[0, 4], 2);
        let expected = Tally {
            planned: 7,
            completed: 2,
            diverged: 1,
            quarantined: 1,
            running: 1,
            waiting: 2,
            retried: 1,
            failed_attempts: 4,
            others: 2,
        };
        assert_eq!(tally, expected);
    }

    #[test]
    fn scripts_hear_whether_there_is_more_to_do() {
        let done = (Some(Outcome::Completed), 0);
        let code = |trials: &[_], running: &[usize]| {
            let tally = count(trials, running, 0);
            (tally.is_finished(), tally.standing().exit_code())
        };
        assert_eq!(code(&[done], &[]), (true, ExitCode::Done));
        assert_eq!(
            code(&[(Some(Outcome::Diverged), 0)], &[]),
            (true, ExitCode::Done)
        );
        assert_eq!(
            code(&[done, (None, 3)], &[]),
            (true, ExitCode::TrialsFailed)
        );
        assert_eq!(code(&[done, (None, 2)], &[]), (false, ExitCode::MoreToDo));
        assert_eq!(code(&[done, (None, 0)], &[1]), (false, ExitCode::MoreToDo));
        assert_eq!(
            code(&[(None, 3), (None, 0)], &[]),
            (false, ExitCode::MoreToDo)
        );
    }
}
