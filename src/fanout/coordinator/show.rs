//! What people see of a run from outside: `status/` and `sweep.h5`.

use super::Coordinator;
use crate::fanout::status::{Now, Running, State};

impl Coordinator<'_> {
    /// What people who look from outside are shown.
    pub(super) fn now(&self, state: State) -> Now {
        let holder = |trial| self.peers.as_ref().and_then(|peers| peers.holder(trial));
        let running = self.progress.running().map(|(index, label, part)| Running {
            index,
            id: self.work.trial(index).id.to_string(),
            label: label.to_owned(),
            rank: holder(index).unwrap_or(0),
            part,
        });
        Now {
            done: self.progress.done(),
            finished: self.finished,
            running: running.collect(),
            state,
        }
    }

    pub(super) fn report(&mut self) {
        let state = match self.running() {
            true => State::Running,
            false => State::Stopping,
        };
        if let Some(mut reporter) = self.reporter.take() {
            reporter.tick(|| self.now(state));
            self.reporter = Some(reporter);
        }
    }
}
