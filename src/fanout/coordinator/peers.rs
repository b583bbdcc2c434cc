//! The other ranks as rank 0 sees them: what each holds, and for how much more it has room.

use super::{Others, Rank};
use crate::error::{Error, Result};
use crate::fanout::desk::{Retired, Signals, Word};
use crate::fanout::queue::Queue;
use crate::fanout::ranks::message::{FromRank, ToRank, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

pub(super) struct Peers<'a> {
    others: Others<'a>,
    /// Ranks from 1.
    peers: Vec<Peer>,
    dismissed: bool,
}

struct Peer {
    state: State,
    workers: usize,
    holds: BTreeSet<usize>,
    /// Trials sent to it so far.
    sent: u64,
    /// What it said last: trials that it would take, and how many it had received when it said so.
    room: usize,
    received: u64,
    heard: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Has not greeted yet.
    Silent,
    Greeted(Rank),
}

/// What a rank said that others must know.
pub(super) enum Event {
    Word(Word),
    Retired(Retired),
    Refused(Error),
}

impl Peer {
    /// Trials that it could take beyond those on the way.
    fn room(&self) -> usize {
        let on_the_way = (self.sent - self.received.min(self.sent)) as usize;
        match self.state {
            State::Greeted(Rank::Working) => self.room.saturating_sub(on_the_way),
            _ => 0,
        }
    }
}

impl<'a> Peers<'a> {
    pub(super) fn new(others: Others<'a>) -> Self {
        let peer = |_| Peer {
            state: State::Silent,
            workers: 0,
            holds: BTreeSet::new(),
            sent: 0,
            room: 0,
            received: 0,
            heard: Instant::now(),
        };
        Self {
            peers: (1..others.link.ranks()).map(peer).collect(),
            others,
            dismissed: false,
        }
    }

    /// Reads what came.
    pub(super) fn receive(&mut self) -> Result<Vec<(usize, Event)>> {
        let mut events = Vec::new();
        while let Some((rank, message)) = self.others.link.receive()? {
            let Some(peer) = rank.checked_sub(1).and_then(|at| self.peers.get_mut(at)) else {
                continue;
            };
            peer.heard = Instant::now();
            match message {
                FromRank::Alive => {}
                FromRank::Hello(hello) => {
                    peer.state = State::Greeted(Rank::Working);
                    peer.workers = hello.workers;
                    match hello.check(rank, &self.others.ours) {
                        Ok(()) => {
                            let seconds_left = self.others.walltime.seconds_left();
                            self.others
                                .link
                                .send(rank, &ToRank::Welcome { seconds_left });
                        }
                        Err(error) => {
                            peer.state = State::Greeted(Rank::Retired);
                            events.push((rank, Event::Refused(error)));
                        }
                    }
                }
                FromRank::Report {
                    words,
                    room,
                    received,
                } => {
                    (peer.room, peer.received) = (room, received);
                    for word in words {
                        if let Some(trial) = word.settles() {
                            peer.holds.remove(&trial);
                        }
                        events.push((rank, Event::Word(word)));
                    }
                }
                FromRank::Retired { error } => {
                    peer.state = State::Greeted(Rank::Retired);
                    let how =
                        error.map_or(Retired::Stopped, |trouble| Retired::Failed(trouble.into()));
                    events.push((rank, Event::Retired(how)));
                }
            }
        }
        Ok(events)
    }

    /// A rank that has said nothing for too long, and for how long.
    pub(super) fn silent(&self, signals: &Signals) -> Option<(usize, Duration)> {
        let patience = signals.patience(self.others.hang_after);
        let retired = State::Greeted(Rank::Retired);
        let silent = |peer: &Peer| peer.state != retired && peer.heard.elapsed() > patience;
        let at = self.peers.iter().position(silent)?;
        Some((at + 1, self.peers[at].heard.elapsed()))
    }

    /// Trials that all of them could take now.
    pub(super) fn room(&self) -> usize {
        self.peers.iter().map(Peer::room).sum()
    }

    pub(super) fn in_hands(&self) -> usize {
        self.peers.iter().map(|peer| peer.holds.len()).sum()
    }

    /// The rank that holds a trial.
    pub(super) fn holder(&self, trial: usize) -> Option<usize> {
        let holds = |peer: &Peer| peer.holds.contains(&trial);
        Some(1 + self.peers.iter().position(holds)?)
    }

    /// Ranks that train, or will when they have greeted.
    pub(super) fn working(&self) -> usize {
        let retired = State::Greeted(Rank::Retired);
        self.peers.iter().filter(|p| p.state != retired).count()
    }

    /// Workers of those that train.
    pub(super) fn workers(&self) -> usize {
        let working = State::Greeted(Rank::Working);
        let working = self.peers.iter().filter(|peer| peer.state == working);
        working.map(|peer| peer.workers).sum()
    }

    /// Shares out what waits, all but what this rank's own `idle` workers take: to each rank at most its part, so that the last trials are spread.
    /// A trial goes to another rank than the one on which it failed last, where another trains: with few trials left, a bad rank would use
    /// up all their attempts before it is known to be bad.
    pub(super) fn serve(
        &mut self,
        queue: &mut Queue,
        idle: usize,
        here: Rank,
        failed_on: &BTreeMap<usize, usize>,
    ) {
        let ranks = self.others.link.ranks();
        let working = self.working() + usize::from(here == Rank::Working);
        for (at, peer) in self.peers.iter_mut().enumerate() {
            let spare = queue.waiting().saturating_sub(idle);
            let share = peer.room().min(spare.div_ceil(ranks));
            let failed = |trial| working > 1 && failed_on.get(&trial) == Some(&(at + 1));
            let trials = std::iter::from_fn(|| queue.take_but(failed));
            let trials: Vec<_> = trials.take(share).collect();
            if !trials.is_empty() {
                peer.sent += trials.len() as u64;
                peer.holds.extend(&trials);
                self.others.link.send(at + 1, &ToRank::Train { trials });
            }
        }
    }

    pub(super) fn stop(&mut self) {
        for rank in 1..=self.peers.len() {
            self.others.link.send(rank, &ToRank::Stop);
        }
    }

    /// Sends everyone home, once.
    pub(super) fn dismiss(&mut self, error: Option<&Error>) {
        if std::mem::replace(&mut self.dismissed, true) {
            return;
        }
        let error = error.map(Trouble::from);
        for rank in 1..=self.peers.len() {
            let error = error.clone();
            self.others.link.send(rank, &ToRank::Leave { error });
        }
    }
}
