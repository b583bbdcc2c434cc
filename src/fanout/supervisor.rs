//! The loop: hands trials to workers, takes back outcomes, replaces the dead, and sleeps between.
//!
//! It holds no state that a restart would need: what is done is in the record, what failed in `attempts/`, what
//! was stopped in checkpoints. So it may die at any instant.

mod aftermath;
mod staff;

use super::breaker::Breaker;
use super::crew::{Duty, Member, Stride};
use super::fate::Circumstance;
use super::message::{FromWorker, Heard};
use super::pace::{Backoff, Cadence};
use super::process::Launch;
use super::progress::Progress;
use super::queue::Queue;
use crate::error::{Error, Result};
use crate::plan::Trial;
use crate::record::Folder;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Where and how to run.
pub struct Site<'a> {
    /// Results of the sweep.
    pub folder: &'a Folder,
    /// How to start workers.
    pub launch: Launch,
    /// Most workers at a time.
    pub workers: usize,
    /// A worker that is silent longer is killed.
    pub hang_after: Duration,
    /// Becomes true when the run is to stop.
    pub stop: &'a AtomicBool,
}

/// What the supervisor must be told of the sweep.
pub trait Work {
    /// The trial at this position of the plan.
    fn trial(&self, index: usize) -> Trial;
    /// Rebuilds the file that people look at while the sweep runs.
    ///
    /// # Errors
    /// When the file system or HDF5 refuses: the run ends.
    fn snapshot(&self, queue: &Queue) -> Result<()>;
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing waits any more.
    Drained,
    /// Stopped on request, everything checkpointed.
    Stopped,
}

enum Phase {
    Running,
    Stopping,
    Failing(Error),
}

/// How soon a request to stop is noticed.
const NAP: Duration = Duration::from_millis(200);

/// Works the queue off, or until asked to stop.
///
/// # Errors
/// What every trial would meet: a full disk, damaged data, workers that do not start, a machine on which all
/// trials fail at once. The other workers have stopped cleanly then, and no trial is blamed.
pub fn supervise(
    site: &Site<'_>,
    queue: &mut Queue,
    work: &dyn Work,
    progress: &mut Progress,
) -> Result<End> {
    let (mouth, ears) = channel();
    let breaker = Breaker::new(queue.waiting_points());
    let mut supervisor = Supervisor {
        site,
        queue,
        work,
        progress,
        crew: BTreeMap::new(),
        mouth,
        ears,
        began: Instant::now(),
        listened: Instant::now(),
        started: 0,
        failed_starts: 0,
        backoff: Backoff::default(),
        breaker,
        blamed: Vec::new(),
        phase: Phase::Running,
    };
    supervisor.run()
}

struct Supervisor<'a> {
    site: &'a Site<'a>,
    queue: &'a mut Queue,
    work: &'a dyn Work,
    progress: &'a mut Progress,
    crew: BTreeMap<u64, Member>,
    mouth: Sender<(u64, Heard<FromWorker>)>,
    ears: Receiver<(u64, Heard<FromWorker>)>,
    began: Instant,
    /// When it last went through the loop.
    listened: Instant,
    started: u64,
    failed_starts: u32,
    backoff: Backoff,
    breaker: Breaker,
    /// Attempts recorded since the last progress: forgiven when the breaker blames the machine.
    blamed: Vec<(String, u32)>,
    phase: Phase,
}

impl Supervisor<'_> {
    fn run(&mut self) -> Result<End> {
        let mut cadence = Cadence::new();
        loop {
            if self.running() && self.site.stop.load(Ordering::Relaxed) {
                self.progress
                    .say("stopping: every worker writes a checkpoint (Ctrl-C again kills them)");
                self.stop(Phase::Stopping);
            }
            if self.running()
                && let Err(error) = self.hire()
            {
                self.stop(Phase::Failing(error));
            }
            let busy = self.crew.values().any(|m| matches!(m.duty, Duty::Busy(_)));
            let more = self.running() && self.queue.waiting() > 0;
            if !busy && !more {
                break;
            }
            // The supervisor holds a sender itself, so the only error is that nothing came.
            let mut next = self.ears.recv_timeout(NAP).ok();
            while let Some((number, heard)) = next {
                self.hear(number, heard);
                next = self.ears.try_recv().ok();
            }
            // Before all that takes its time, the snapshot above all.
            if self.running() {
                self.hand_out();
            }
            self.watch();
            self.progress.tick();
            let now = self.began.elapsed();
            if self.running() && cadence.due(now) {
                if let Err(error) = self.work.snapshot(self.queue) {
                    self.stop(Phase::Failing(error));
                }
                cadence.done(self.began.elapsed(), self.began.elapsed() - now);
            }
        }
        self.progress.clear();
        self.dismiss_all()?;
        match std::mem::replace(&mut self.phase, Phase::Running) {
            Phase::Stopping if self.queue.waiting() > 0 => Ok(End::Stopped),
            // Asked to stop when the last trials were just about to be committed: nothing is left to do.
            Phase::Running | Phase::Stopping => Ok(End::Drained),
            Phase::Failing(error) => Err(error),
        }
    }

    fn running(&self) -> bool {
        matches!(self.phase, Phase::Running)
    }

    /// Takes note of what worker `number` said, or that it will say no more.
    fn hear(&mut self, number: u64, heard: Heard<FromWorker>) {
        let Some(member) = self.crew.get_mut(&number) else {
            return;
        };
        member.heard = Instant::now();
        let message = match heard {
            Heard::Message(message) => message,
            Heard::Garbage(text) => {
                member.circumstance = Circumstance::Garbage(text);
                member.process.kill();
                return self.death(number);
            }
            Heard::Closed => return self.death(number),
        };
        match (message, &mut member.duty) {
            (FromWorker::Hello(hello), Duty::Starting) => {
                member.duty = Duty::Idle;
                if let Err(error) = hello.check() {
                    self.stop(Phase::Failing(error));
                }
            }
            (FromWorker::Started { .. }, _) => self.failed_starts = 0,
            (FromWorker::Step { step, steps }, _) => {
                if member.stride == Stride::NotYet {
                    member.stride = Stride::Found;
                    // `benches/overhead.sh` reads this line.
                    let ms = member.since.elapsed().as_secs_f64() * 1e3;
                    tracing::debug!("worker {number}: first step done {ms:.1} ms after its start");
                }
                let part = step as f64 / steps.max(1) as f64;
                self.progress.moved(number, part);
            }
            (FromWorker::Epoch { epoch, epochs }, Duty::Busy(assignment)) => {
                assignment.moved = true;
                let part = epoch as f64 / epochs.max(1) as f64;
                self.progress.moved(number, part);
                self.machine_works();
            }
            (FromWorker::Finished(finished), _) => self.finished(number, &finished),
            (FromWorker::Failed(failure), _) => self.failed(number, failure),
            (FromWorker::Stopped { step }, _) => {
                if let Some(assignment) = self.take_assignment(number, Duty::Leaving) {
                    self.queue.give_back(assignment.trial.index);
                    let how = format!("stopped, checkpoint of step {step} is on disk");
                    self.progress.ended(number, &how);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
