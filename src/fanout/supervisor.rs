//! The loop: hands trials to workers, takes back outcomes, replaces the dead, and sleeps between.
//!
//! It holds no state that a restart would need: what is done is in the record, what failed in `attempts/`, what
//! was stopped in checkpoints. So it may die at any instant.

mod aftermath;

use super::breaker::Breaker;
use super::crew::{Assignment, Duty, Member};
use super::fate::{self, Circumstance};
use super::message::{FromWorker, Heard, Hello, ToWorker};
use super::pace::{Backoff, Cadence};
use super::process::{Launch, Process};
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
    /// Number of arms.
    fn points(&self) -> usize;
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
/// A supervisor that comes round this late was away.
const AWAY: Duration = Duration::from_secs(2);

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
        breaker: Breaker::new(work.points()),
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
            if self.running() {
                if let Err(error) = self.hire() {
                    self.stop(Phase::Failing(error));
                }
                self.hand_out();
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
            Phase::Running => Ok(End::Drained),
            Phase::Stopping => Ok(End::Stopped),
            Phase::Failing(error) => Err(error),
        }
    }

    fn running(&self) -> bool {
        matches!(self.phase, Phase::Running)
    }

    /// Starts workers while trials wait for them.
    fn hire(&mut self) -> Result<()> {
        let serving =
            |duty: fn(&Duty) -> bool| self.crew.values().filter(|m| duty(&m.duty)).count();
        let busy = serving(|duty| matches!(duty, Duty::Busy(_)));
        let free = serving(|duty| matches!(duty, Duty::Idle | Duty::Starting));
        let wanted = self
            .queue
            .waiting()
            .min(self.site.workers.saturating_sub(busy));
        for _ in free..wanted {
            if !self.backoff.ready(self.began.elapsed()) {
                break;
            }
            self.started += 1;
            let logs = self.site.folder.logs();
            let ears = self.mouth.clone();
            let mut process = Process::start(&self.site.launch, self.started, &logs, ears)?;
            process.send(&ToWorker::Hello(Hello::ours()));
            let member = Member {
                process,
                duty: Duty::Starting,
                heard: Instant::now(),
                circumstance: Circumstance::None,
                memory_kills: fate::memory_kills(),
            };
            self.crew.insert(self.started, member);
        }
        Ok(())
    }

    /// Gives every idle worker a trial.
    fn hand_out(&mut self) {
        for (number, member) in &mut self.crew {
            if !matches!(member.duty, Duty::Idle) {
                continue;
            }
            let Some(index) = self.queue.take() else {
                return;
            };
            let trial = self.work.trial(index);
            self.progress
                .started(*number, &trial, self.queue.cost(index));
            member.process.send(&ToWorker::Train {
                trial: trial.to_json(),
            });
            member.heard = Instant::now();
            member.duty = Duty::Busy(Box::new(Assignment {
                trial,
                since: Instant::now(),
                moved: false,
            }));
        }
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

    /// Kills workers that have been silent too long. When it was the supervisor that did not listen (it was
    /// stopped, or a disk was slow), everyone's time starts again.
    fn watch(&mut self) {
        let away = self.listened.elapsed() > AWAY;
        self.listened = Instant::now();
        if away {
            self.crew
                .values_mut()
                .for_each(|m| m.heard = Instant::now());
        }
        let patience = self.site.hang_after;
        for (number, member) in &mut self.crew {
            let silent = member.heard.elapsed();
            if member.owes_a_word()
                && silent > patience
                && member.circumstance == Circumstance::None
            {
                member.circumstance = Circumstance::Hang;
                member.process.kill();
                let (pid, seconds) = (member.process.pid(), silent.as_secs());
                self.progress.say(&format!(
                    "worker {number} (process {pid}) was silent for {seconds} s: killed (--hang-after)"
                ));
            }
        }
    }

    /// Lets no more trials start, and asks the running ones to stop with a checkpoint. The first error stays.
    fn stop(&mut self, phase: Phase) {
        if matches!(self.phase, Phase::Failing(_)) {
            return;
        }
        let told = !self.running();
        self.phase = phase;
        if told {
            return;
        }
        for member in self.crew.values_mut() {
            if matches!(member.duty, Duty::Busy(_)) {
                member.process.send(&ToWorker::Stop);
            } else {
                member.process.dismiss();
                member.duty = Duty::Leaving;
            }
        }
    }

    /// Sends everyone home and waits until they are gone.
    fn dismiss_all(&mut self) -> Result<()> {
        for member in self.crew.values_mut() {
            member.process.dismiss();
        }
        while let Some((_, member)) = self.crew.pop_first() {
            member.process.bury()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
