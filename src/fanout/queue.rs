//! Who is next: pure policy over trials known only by their position in the plan.
//!
//! Seed by seed, so that a sweep stopped halfway has whole pairs to compare; within a seed longest first, so that
//! the last trials to end are short ones: by their expected work first, by the time their arm took once it is known. A
//! trial that failed waits behind all that failed less often: a bad trial delays nobody, and none is given up before
//! every other had its turn.
//!
//! Where several runners drain one sweep, a trial must be claimed before it may be handed out: it starts out unclaimed,
//! and is then opened, or held by another runner until that one finishes it or is gone.

use crate::outcome::Outcome;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Failed attempts after which a trial is given up.
pub const ATTEMPTS: u32 = 3;

/// What must be over before a unit may be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing: trials need it trained first.
    Artefact,
    /// All artefacts, finished or given up.
    Trial,
}

/// A trial to queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Position in the plan.
    pub index: usize,
    /// What must be over before it may be handed out.
    pub stage: Stage,
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

/// Waiting trials stand in the order of this key: what others need, fewest failures, earliest seed, longest, first in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    stage: Stage,
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
            stage: entry.stage,
            failures: entry.failures,
            round: entry.round,
            cost,
            index: entry.index,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unclaimed,
    Held,
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
    unclaimed: BTreeSet<Turn>,
    held: BTreeSet<usize>,
    waiting: BTreeSet<Turn>,
    by_point: BTreeMap<usize, Vec<usize>>,
    artefacts: Vec<usize>,
    /// Work done in a second, by the first trial that finished: turns seconds into the unit of costs.
    rate: Option<f64>,
}

impl Queue {
    /// A queue of these trials, all of them free to be handed out. Those with [`ATTEMPTS`] failures or more are
    /// quarantined from the start.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut queue = Self::unclaimed(entries);
        while let Some(index) = queue.first_unclaimed() {
            queue.open(index);
        }
        queue
    }

    /// As [`new`](Self::new), but each trial has to be [`open`](Self::open)ed first.
    pub fn unclaimed(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut queue = Self {
            entries: BTreeMap::new(),
            unclaimed: BTreeSet::new(),
            held: BTreeSet::new(),
            waiting: BTreeSet::new(),
            by_point: BTreeMap::new(),
            artefacts: Vec::new(),
            rate: None,
        };
        for entry in entries {
            let state = match entry.failures >= ATTEMPTS {
                true => State::Quarantined,
                false => State::Unclaimed,
            };
            if state == State::Unclaimed {
                queue.unclaimed.insert(Turn::new(&entry));
            }
            if entry.stage == Stage::Artefact {
                queue.artefacts.push(entry.index);
            }
            queue
                .by_point
                .entry(entry.point)
                .or_default()
                .push(entry.index);
            queue.entries.insert(entry.index, (entry, state));
        }
        queue
    }

    /// The trial that should be claimed next.
    pub fn first_unclaimed(&self) -> Option<usize> {
        self.unclaimed.first().map(|turn| turn.index)
    }

    /// The entry of a trial that was queued.
    pub fn entry(&self, index: usize) -> Option<&Entry> {
        self.entries.get(&index).map(|(entry, _)| entry)
    }

    /// An unclaimed or held trial is ours: it waits to be handed out.
    pub fn open(&mut self, index: usize) {
        if let Some((entry, state @ (State::Unclaimed | State::Held))) =
            self.entries.get_mut(&index)
        {
            *state = State::Waiting;
            let turn = Turn::new(entry);
            self.unclaimed.remove(&turn);
            self.held.remove(&index);
            self.waiting.insert(turn);
        }
    }

    /// An unclaimed trial turns out to be another runner's, or a waiting one was taken over by one.
    pub fn hold(&mut self, index: usize) {
        if let Some((entry, state)) = self.entries.get_mut(&index)
            && matches!(state, State::Unclaimed | State::Waiting | State::Stopped)
        {
            let turn = Turn::new(entry);
            *state = State::Held;
            self.unclaimed.remove(&turn);
            self.waiting.remove(&turn);
            self.held.insert(index);
        }
    }

    /// What other runners made of a trial that does not run here: finished it, or failed so often.
    pub fn learn_of(&mut self, index: usize, finished: bool, failures: u32) {
        let Some((entry, state)) = self.entries.get_mut(&index) else {
            return;
        };
        if matches!(state, State::Running | State::Finished) {
            return;
        }
        let turn = Turn::new(entry);
        self.unclaimed.remove(&turn);
        self.waiting.remove(&turn);
        entry.failures = failures;
        *state = match *state {
            _ if finished => State::Finished,
            _ if failures >= ATTEMPTS => State::Quarantined,
            // Forgiven by another run: whoever tries it again claims it first.
            State::Quarantined => State::Unclaimed,
            other => other,
        };
        match *state {
            State::Unclaimed => drop(self.unclaimed.insert(Turn::new(entry))),
            State::Waiting | State::Stopped => drop(self.waiting.insert(Turn::new(entry))),
            State::Held => return,
            _ => {}
        }
        self.held.remove(&index);
    }

    /// Hands out the next trial, which then runs.
    pub fn take(&mut self) -> Option<usize> {
        self.take_but(|_| false)
    }

    /// As [`take`](Self::take), but passes over trials that are `refused`.
    pub fn take_but(&mut self, refused: impl Fn(usize) -> bool) -> Option<usize> {
        let mut waiting = self.waiting.iter();
        let turn = *waiting.find(|turn| !refused(turn.index))?;
        if turn.stage == Stage::Trial && self.artefacts_left() {
            return None;
        }
        self.waiting.remove(&turn);
        if let Some((_, state)) = self.entries.get_mut(&turn.index) {
            *state = State::Running;
        }
        Some(turn.index)
    }

    /// Whether so many trials wait that have not failed yet.
    pub fn has_fresh(&self, wanted: usize) -> bool {
        let fresh = self.waiting.iter().filter(|turn| turn.failures == 0);
        fresh.take(wanted).count() == wanted
    }

    /// Number of trials that could be handed out now: none while what they need first is not over, but that itself.
    pub fn ready(&self) -> usize {
        match self.artefacts_left() {
            true => {
                let waiting = self.waiting.iter();
                waiting
                    .take_while(|turn| turn.stage == Stage::Artefact)
                    .count()
            }
            false => self.waiting.len(),
        }
    }

    /// Whether something that trials need trained first is neither finished nor given up.
    fn artefacts_left(&self) -> bool {
        let artefacts = self
            .artefacts
            .iter()
            .filter_map(|index| self.entries.get(index));
        let over = |state: &State| matches!(state, State::Finished | State::Quarantined);
        artefacts.into_iter().any(|(_, state)| !over(state))
    }

    /// A running trial is done and took this long. Words about trials that do not run change nothing, here and below.
    pub fn finish(&mut self, index: usize, seconds: f64) {
        if let Some(entry) = self.leave(index, State::Finished) {
            self.learn(&entry, seconds);
        }
    }

    /// The other trials of the arm are expected to take as long.
    fn learn(&mut self, finished: &Entry, seconds: f64) {
        /// Below this, what a trial took says more of the machine's mood than of the trial.
        const MEANINGFUL: f64 = 0.1;
        if seconds.is_nan() || seconds < MEANINGFUL || finished.cost <= 0.0 {
            return;
        }
        let rate = *self.rate.get_or_insert(finished.cost / seconds);
        let cost = seconds * rate;
        // Not for every little difference: turns are looked up by their cost.
        if (cost / finished.cost - 1.0).abs() < 0.2 {
            return;
        }
        for index in self.by_point.get(&finished.point).into_iter().flatten() {
            let Some((entry, state)) = self.entries.get_mut(index) else {
                continue;
            };
            let set = match state {
                State::Unclaimed => Some(&mut self.unclaimed),
                State::Waiting | State::Stopped => Some(&mut self.waiting),
                _ => None,
            };
            let old = Turn::new(entry);
            entry.cost = cost;
            if let Some(set) = set
                && set.remove(&old)
            {
                set.insert(Turn::new(entry));
            }
        }
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

    /// A failed attempt of a trial was not its fault: it does not count, and the trial may be tried again.
    pub fn forgive(&mut self, index: usize) {
        let Some((entry, state)) = self.entries.get_mut(&index) else {
            return;
        };
        let old = Turn::new(entry);
        entry.failures = entry.failures.saturating_sub(1);
        if *state == State::Quarantined || self.waiting.remove(&old) {
            *state = State::Waiting;
            self.waiting.insert(Turn::new(entry));
        }
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

    /// Expected work of all trials that are not finished or given up, as far as is known by now.
    pub fn work_left(&self) -> f64 {
        let left = self.entries.values();
        let left = left.filter(|(_, state)| !matches!(state, State::Finished | State::Quarantined));
        left.map(|(entry, _)| entry.cost).sum()
    }

    /// Number of arms of which trials wait, here or elsewhere.
    pub fn waiting_points(&self) -> usize {
        let left = self.entries.values();
        let points: BTreeSet<_> = left
            .filter(|(_, state)| matches!(state, State::Unclaimed | State::Held | State::Waiting))
            .map(|(entry, _)| entry.point)
            .collect();
        points.len()
    }

    /// Trials that other runners hold.
    pub fn held(&self) -> impl Iterator<Item = usize> + '_ {
        self.held.iter().copied()
    }

    /// Number of trials that are neither finished nor given up, whoever holds them.
    pub fn left(&self) -> usize {
        let over = |state| matches!(state, State::Finished | State::Quarantined);
        let states = self.entries.values().map(|(_, state)| *state);
        states.filter(|state| !over(*state)).count()
    }

    /// Number of trials that wait for their turn.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a trial waits for its turn.
    pub fn is_waiting(&self, index: usize) -> bool {
        let state = self.entries.get(&index).map(|(_, state)| *state);
        matches!(state, Some(State::Waiting | State::Stopped))
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
