//! Who is next: pure policy over trials known only by their position in the plan.
//!
//! Seed by seed, so that a sweep stopped halfway has whole pairs to compare; within a seed longest first, so that
//! the last trials to end are short ones. A trial that failed waits behind all that
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
    /// Position of its arm among the plan's arms.
    pub point: usize,
    /// Position of its seed among the seeds.
    pub round: usize,
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

/// Waiting trials stand in the order of this key: fewest failures, earliest seed, longest, first in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    failures: u32,
    round: usize,
    cost: Reverse<u64>,
    index: usize,
}

impl Turn {
    fn new(entry: &Entry) -> Self {
        // The bits of numbers from 0 up are in the order of the numbers; NaN counts as 0.
        let cost = Reverse(entry.cost.max(0.0).to_bits());
        Self {
            failures: entry.failures,
            round: entry.round,
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

    /// Number of arms of which trials wait.
    pub fn waiting_points(&self) -> usize {
        let waiting = self.entries.values();
        let points: BTreeSet<_> = waiting
            .filter(|(_, state)| *state == State::Waiting)
            .map(|(entry, _)| entry.point)
            .collect();
        points.len()
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
mod tests;
