//! Rank 0's desk: owns the queue, shares it out among all ranks (its own workers are one of them), and knows when all is done.
//!
//! It holds no state that a restart would need: what is done is in the record, what failed in `attempts/`, what was
//! stopped in checkpoints. So it may die at any instant.

mod peers;
mod show;
mod words;

use super::desk::{Desk, Order, Retired, Signals, Word, left_alone};
use super::pace::Cadence;
use super::progress::Progress;
use super::queue::Queue;
use super::ranks::Link;
use super::ranks::message::RankHello;
use super::status::{Reporter, State};
use super::supervisor::Trials;
use super::supply::Supply;
use super::walltime::Walltime;
use crate::error::{Error, Result};
use peers::Peers;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// What the coordinator must be told of the sweep.
pub trait Work: Trials {
    /// Tells the queue what other runners finished, and what failed, since it was made.
    ///
    /// # Errors
    /// When the record cannot be read.
    fn refresh(&self, queue: &mut Queue) -> Result<()>;
    /// Rebuilds the file that people look at while the sweep runs.
    ///
    /// # Errors
    /// When the file system or HDF5 refuses: the run ends.
    fn snapshot(&self, queue: &Queue) -> Result<()>;
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is left to do.
    Drained,
    /// Stopped on request, everything checkpointed.
    Stopped,
    /// All that is left is in the hands of other runners.
    OthersAtWork,
}

/// The other ranks of this job.
pub struct Others<'a> {
    /// The way to them.
    pub link: &'a dyn Link,
    /// This rank.
    pub ours: RankHello,
    /// A rank that is silent longer is taken for hung.
    pub hang_after: Duration,
    /// When the job ends.
    pub walltime: Walltime,
}

/// See the module.
pub struct Coordinator<'a> {
    queue: &'a mut Queue,
    supply: Supply,
    work: &'a dyn Work,
    progress: &'a mut Progress,
    signals: &'a Signals,
    reporter: Option<Reporter>,
    peers: Option<Peers<'a>>,
    /// Trials in the hands of this rank's workers.
    mine: BTreeSet<usize>,
    /// Trials that failed, and the rank on which they did so last.
    failed_on: BTreeMap<usize, usize>,
    here: Rank,
    /// Trials finished by any rank of this run.
    finished: usize,
    phase: Phase,
    began: Instant,
    cadence: Cadence,
}

/// Whether a rank still trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rank {
    Working,
    Retired,
}

enum Phase {
    Running,
    Stopping,
    Failing(Error),
}

impl<'a> Coordinator<'a> {
    /// For a queue whose trials `supply` opens; `reporter` tells who looks
    /// from outside; `others` is `None` when this is the only rank.
    pub fn new(
        queue: &'a mut Queue,
        supply: Supply,
        work: &'a dyn Work,
        progress: &'a mut Progress,
        signals: &'a Signals,
        reporter: Option<Reporter>,
        others: Option<Others<'a>>,
    ) -> Self {
        Self {
            queue,
            supply,
            work,
            progress,
            signals,
            reporter,
            peers: others.map(Peers::new),
            mine: BTreeSet::new(),
            failed_on: BTreeMap::new(),
            here: Rank::Working,
            finished: 0,
            phase: Phase::Running,
            began: Instant::now(),
            cadence: Cadence::new(),
        }
    }

    /// How the run ended. To be asked when the supervisor is done.
    ///
    /// # Errors
    /// What every trial would meet: a full disk, damaged data, workers that do not start, machines on which all trials
    /// fail at once. The workers have stopped cleanly then, and no trial is blamed.
    pub fn end(mut self) -> Result<End> {
        self.progress.clear();
        let state = match &self.phase {
            Phase::Failing(error) => State::Failed(error.to_string()),
            _ => State::Left,
        };
        let now = self.now(state);
        if let Some(reporter) = &mut self.reporter {
            reporter.write(now);
        }
        match self.phase {
            Phase::Failing(error) => Err(error),
            // Asked to stop when the last trials were just about to be committed: nothing is left to do.
            _ if self.queue.left() == 0 => Ok(End::Drained),
            Phase::Running if self.drained() => Ok(End::OthersAtWork),
            // On request, or because no rank had time left for another trial.
            _ => Ok(End::Stopped),
        }
    }

    /// Whether other runners have had some of the trials: then what they made of them is to be read from the record.
    pub fn is_shared(&self) -> bool {
        self.supply.is_shared()
    }

    fn running(&self) -> bool {
        matches!(self.phase, Phase::Running)
    }

    /// The first error stays.
    fn fail(&mut self, error: Error) {
        if !matches!(self.phase, Phase::Failing(_)) {
            self.phase = Phase::Failing(error);
            self.tell_peers_to_stop();
        }
    }

    fn tell_peers_to_stop(&mut self) {
        if let Some(peers) = &mut self.peers {
            peers.stop();
        }
    }

    /// Whether to go on without the others, because one of them hangs or is gone. Own workers get their time to stop.
    fn is_left_alone(&mut self) -> bool {
        let Some(peers) = &self.peers else {
            return false;
        };
        let Some((rank, silent)) = peers.silent(self.signals) else {
            return false;
        };
        self.fail(left_alone(&format!("rank {rank}"), silent));
        self.here == Rank::Retired
    }

    /// Opens trials until there are enough for everyone who has nothing to do.
    fn refill(&mut self, idle: usize) -> Result<()> {
        let elsewhere = self.peers.as_ref().map_or(0, Peers::room);
        self.supply.refill(self.queue, idle + elsewhere, self.work)
    }

    fn snapshot(&mut self) -> Result<()> {
        let now = self.began.elapsed();
        if self.cadence.due(now) {
            self.work.snapshot(self.queue)?;
            self.cadence
                .done(self.began.elapsed(), self.began.elapsed() - now);
        }
        Ok(())
    }

    /// Whether no rank holds a trial and none will get one.
    fn over(&self) -> bool {
        let in_hands = self.mine.len() + self.peers.as_ref().map_or(0, Peers::in_hands);
        let nobody = self.here == Rank::Retired
            && self.peers.as_ref().is_none_or(|peers| peers.working() == 0);
        in_hands == 0 && (nobody || (self.running() && self.drained()))
    }

    /// Whether nothing waits and nothing more will come.
    fn drained(&self) -> bool {
        self.queue.waiting() == 0 && self.supply.exhausted(self.queue)
    }
}

impl Desk for Coordinator<'_> {
    fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    fn take(&mut self) -> Option<usize> {
        let elsewhere = self.peers.as_ref().map_or(0, Peers::working) > 0;
        let failed_on = &self.failed_on;
        let trial = self
            .queue
            .take_but(|trial| elsewhere && failed_on.get(&trial) == Some(&0))?;
        self.mine.insert(trial);
        Some(trial)
    }

    fn tell(&mut self, word: Word) {
        if let Some(trial) = word.settles() {
            self.mine.remove(&trial);
        }
        self.word(0, word);
    }

    fn tend(&mut self, idle: usize) -> Order {
        if self.running() && self.signals.stop() {
            self.phase = Phase::Stopping;
            self.tell_peers_to_stop();
        }
        if let Err(error) = self.receive() {
            self.fail(error);
        }
        if self.running() {
            let refilled = self.refill(idle).and_then(|()| self.snapshot());
            if let Err(error) = refilled {
                self.fail(error);
            }
        }
        if self.running()
            && let Some(peers) = &mut self.peers
        {
            // What failed here is for the others.
            let failed_here =
                |(trial, rank): &(&usize, &usize)| **rank == 0 && self.queue.is_waiting(**trial);
            let failed_here = self.failed_on.iter().filter(failed_here).count();
            let idle = idle.min(self.queue.waiting() - failed_here);
            peers.serve(self.queue, idle, self.here, &self.failed_on);
        }
        self.progress.tick(|| self.queue.work_left());
        self.report();
        if self.over() {
            if let Some(peers) = &mut self.peers {
                let error = match &self.phase {
                    Phase::Failing(error) => Some(error),
                    _ => None,
                };
                peers.dismiss(error);
            }
            return Order::Leave;
        }
        match (self.is_left_alone(), self.running()) {
            (true, _) => Order::Abandon,
            (false, true) => Order::GoOn,
            (false, false) => Order::Stop,
        }
    }

    fn retire(&mut self, how: Retired) {
        self.here = Rank::Retired;
        self.rank_retired("rank 0", how);
    }
}
