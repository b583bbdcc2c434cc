//! What people see of a run from outside: `status/` and `sweep.h5`.

use super::{Coordinator, Peers};
use crate::fanout::status::{Now, State};

impl Coordinator<'_> {
    /// What people who look from outside are shown.
    pub(super) fn now(&self, state: State) -> Now {
        let holder = |trial| self.peers.as_ref().and_then(|peers| peers.holder(trial));
        let running = self.progress.running();
        let beside = running.len();
        let running = running.map(|(index, training)| {
            let id = self.work.trial(index).id.to_string();
            training.told(index, id, holder(index).unwrap_or(0), beside)
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
            reporter.others_have(self.peers.as_ref().map_or(0, Peers::workers));
            reporter.tick(|| self.now(state));
            self.reporter = Some(reporter);
        }
    }
}
