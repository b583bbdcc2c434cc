//! Who is next: pure policy over trials known only by their position in the plan.
//!
//! Longest first, so that the last trials to end are short ones. A trial that failed waits behind all that
//! failed less often: a bad trial delays nobody, and none is given up before every other had its turn.

use crate::outcome::Outcome;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Failed attempts after which a trial is given up.
pub const ATTEMPTS: u32 = 3;

/// A trial to queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Position in the plan.
    pub index: usize,
    /// Expected work, in any unit that all entries share; only the order counts.
    pub cost: f64,
    /// Counted failed attempts so far.
    pub failures: u32,
}

/// What a failed attempt leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It will be tried again.
    Again,
    /// It is given up.
    Quarantined,
}

/// Waiting trials stand in the order of this key: fewest failures, longest, first in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    failures: u32,
    cost: Reverse<u64>,
    index: usize,
}

impl Turn {
    fn new(entry: &Entry) -> Self {
        // The bits of numbers from 0 up are in the order of the numbers; NaN counts as 0.
        let cost = Reverse(entry.cost.max(0.0).to_bits());
        Self {
            failures: entry.failures,
            cost,
            index: entry.index,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Stopped,
    Finished,
    Quarantined,
}

/// Trials that wait, run, are finished or given up.
#[derive(Clone, Debug)]
pub struct Queue {
    entries: BTreeMap<usize, (Entry, State)>,
    waiting: BTreeSet<Turn>,
}

impl Queue {
    /// A queue of these trials. Those with [`ATTEMPTS`] failures or more are quarantined from the start.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut queue = Self {
            entries: BTreeMap::new(),
            waiting: BTreeSet::new(),
        };
        for entry in entries {
            queue.entries.insert(entry.index, (entry, State::Waiting));
        }
        for (entry, state) in queue.entries.values_mut() {
            if entry.failures >= ATTEMPTS {
                *state = State::Quarantined;
            } else {
                queue.waiting.insert(Turn::new(entry));
            }
        }
        queue
    }

    /// Hands out the next trial, which then runs.
    pub fn take(&mut self) -> Option<usize> {
        let index = self.waiting.pop_first()?.index;
        if let Some((_, state)) = self.entries.get_mut(&index) {
            *state = State::Running;
        }
        Some(index)
    }

    /// A running trial is done. Words about trials that do not run change nothing, here and below.
    pub fn finish(&mut self, index: usize) {
        self.leave(index, State::Finished);
    }

    /// A running trial comes back unblamed, to be gone on with: it was stopped, or its worker was at fault.
    pub fn give_back(&mut self, index: usize) {
        if let Some(entry) = self.leave(index, State::Stopped) {
            self.waiting.insert(Turn::new(&entry));
        }
    }

    /// A running trial's attempt failed.
    pub fn fail(&mut self, index: usize) -> Verdict {
        let Some(mut entry) = self.leave(index, State::Waiting) else {
            return Verdict::Again;
        };
        entry.failures += 1;
        let given_up = entry.failures >= ATTEMPTS;
        let state = match given_up {
            true => State::Quarantined,
            false => State::Waiting,
        };
        self.entries.insert(index, (entry, state));
        if given_up {
            return Verdict::Quarantined;
        }
        self.waiting.insert(Turn::new(&entry));
        Verdict::Again
    }

    /// What a record says of a trial that has no committed result; `None` for trials that were never queued.
    pub fn outcome(&self, index: usize) -> Option<Outcome> {
        let (entry, state) = self.entries.get(&index)?;
        Some(match state {
            State::Quarantined => Outcome::Quarantined,
            State::Stopped => Outcome::Interrupted,
            _ if entry.failures > 0 => Outcome::Failed,
            _ => Outcome::Pending,
        })
    }

    /// Expected work of a trial; 0 when it was never queued.
    pub fn cost(&self, index: usize) -> f64 {
        self.entries
            .get(&index)
            .map_or(0.0, |(entry, _)| entry.cost)
    }

    /// Number of trials that wait for their turn.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Number of trials given up.
    pub fn quarantined(&self) -> usize {
        self.count(State::Quarantined)
    }

    /// Number of trials finished since this queue was made.
    pub fn finished(&self) -> usize {
        self.count(State::Finished)
    }

    fn count(&self, wanted: State) -> usize {
        let states = self.entries.values().map(|(_, state)| *state);
        states.filter(|state| *state == wanted).count()
    }

    /// Takes a trial out of the running ones.
    fn leave(&mut self, index: usize, next: State) -> Option<Entry> {
        let (entry, state) = self.entries.get_mut(&index)?;
        if *state != State::Running {
            return None;
        }
        *state = next;
        Some(*entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn queue(costs: &[f64]) -> Queue {
        Queue::new(costs.iter().enumerate().map(|(index, &cost)| Entry {
            index,
            cost,
            failures: 0,
        }))
    }

    #[test]
    fn the_longest_goes_first_and_ties_go_by_index() {
        let mut queue = queue(&[1.0, 5.0, 5.0, f64::NAN, 2.0]);
        let order: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
        assert_eq!(order, [1, 2, 4, 0, 3]);
    }

    #[test]
    fn a_failed_trial_waits_behind_all_others_and_is_given_up_after_three() {
        let mut queue = queue(&[9.0, 1.0]);
        assert_eq!(queue.take(), Some(0));
        assert_eq!(queue.fail(0), Verdict::Again);
        assert_eq!(queue.outcome(0), Some(Outcome::Failed));
        assert_eq!(queue.take(), Some(1));
        assert_eq!(queue.take(), Some(0));
        assert_eq!(queue.fail(0), Verdict::Again);
        assert_eq!(queue.take(), Some(0));
        assert_eq!(queue.fail(0), Verdict::Quarantined);
        assert_eq!(queue.outcome(0), Some(Outcome::Quarantined));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn failures_of_earlier_runs_count() {
        let entry = |failures| Entry {
            index: failures as usize,
            cost: 1.0,
            failures,
        };
        let mut queue = Queue::new([entry(3), entry(2)]);
        assert_eq!((queue.waiting(), queue.quarantined()), (1, 1));
        assert_eq!(queue.take(), Some(2));
        assert_eq!(queue.fail(2), Verdict::Quarantined);
    }

    #[test]
    fn a_stopped_trial_is_not_blamed() {
        let mut queue = queue(&[1.0]);
        for _ in 0..5 {
            assert_eq!(queue.take(), Some(0));
            queue.give_back(0);
            assert_eq!(queue.outcome(0), Some(Outcome::Interrupted));
        }
    }

    proptest! {
        /// Oracle: a plain list of what runs and how often each trial failed.
        #[test]
        fn every_trial_is_handed_out_and_none_twice_at_once(
            costs in prop::collection::vec(0.0..10.0f64, 1..20),
            steps in prop::collection::vec((0..4u8, any::<prop::sample::Index>()), 0..400),
        ) {
            let mut queue = queue(&costs);
            let mut running: Vec<usize> = Vec::new();
            let mut failures = vec![0; costs.len()];
            let mut over = vec![false; costs.len()];
            // After the storm, finish everything.
            let calm = std::iter::repeat_n((0, 1), 2 * costs.len()).flat_map(|(a, b)| [a, b]);
            let storm = steps.iter().map(|(action, pick)| (*action, Some(pick)));
            for (action, pick) in storm.chain(calm.map(|action| (action, None))) {
                if action == 0 {
                    if let Some(index) = queue.take() {
                        prop_assert!(!running.contains(&index) && !over[index]);
                        running.push(index);
                    }
                } else if !running.is_empty() {
                    let at = pick.map_or(0, |pick| pick.index(running.len()));
                    let index = running.swap_remove(at);
                    match action {
                        1 => { queue.finish(index); over[index] = true; }
                        2 => queue.give_back(index),
                        _ => {
                            failures[index] += 1;
                            over[index] = failures[index] == ATTEMPTS;
                            let given_up = queue.fail(index) == Verdict::Quarantined;
                            prop_assert_eq!(given_up, over[index]);
                        }
                    }
                }
            }
            for index in running {
                queue.finish(index);
                over[index] = true;
            }
            while let Some(index) = queue.take() {
                queue.finish(index);
                over[index] = true;
            }
            prop_assert!(over.iter().all(|over| *over));
            prop_assert_eq!(queue.finished() + queue.quarantined(), costs.len());
        }
    }
}
