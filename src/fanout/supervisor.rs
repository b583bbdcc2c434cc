//! The loop of one rank: hands its desk's trials to workers, takes back what became of them, replaces the dead, and sleeps
//! between.

mod aftermath;
mod gpus;
mod staff;

pub use gpus::Gpus;

use super::breaker::Breaker;
use super::crew::{Assignment, Duty, Member, Stride};
use super::desk::{Departure, Desk, Order, Retired, Signals, Word};
use super::fate::Circumstance;
use super::message::{FromWorker, Heard};
use super::pace::Backoff;
use super::process::Launch;
use super::walltime::Walltime;
use crate::error::{Error, Result};
use crate::plan::Trial;
use crate::record::Folder;
use gpus::Floor;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

/// Where and how to run.
pub struct Site<'a> {
    /// This rank.
    pub rank: usize,
    /// Results of the sweep.
    pub folder: &'a Folder,
    /// How to start workers.
    pub launch: Launch,
    /// Most workers at a time.
    pub workers: usize,
    /// The GPUs that they train on; none: they train on the processor.
    pub gpus: Option<Gpus>,
    /// A worker that is silent longer is killed.
    pub hang_after: Duration,
    /// Longest time between two checkpoints.
    pub checkpoint_every: Duration,
    /// When the job ends.
    pub walltime: Walltime,
    /// What signals ask for.
    pub signals: &'a Signals,
}

/// The plan, as far as a supervisor must know it.
pub trait Trials {
    /// The trial at this position.
    fn trial(&self, index: usize) -> Trial;
    /// Number of arms of which trials are left.
    fn points(&self) -> usize;
    /// What the trial at this position is expected to cost, in any unit. Where that is not known, all count alike.
    fn cost(&self, _index: usize) -> f64 {
        1.0
    }
}

/// What wakes a supervisor.
pub enum Call {
    /// A worker said something, or nothing more.
    Worker(u64, Heard<FromWorker>),
    /// The desk has news.
    Desk,
}

enum Phase {
    Running,
    Stopping,
    Failing(Error),
    /// No worker trains any more, and the desk knows.
    Retired,
}

/// How soon a request to stop is noticed.
const NAP: Duration = Duration::from_millis(200);

/// Trains what the desk gives, until it says that there is no more to do. `calls` is what wakes it; its sender is for whoever
/// knocks.
///
/// # Errors
/// When workers cannot be seen off.
pub fn supervise(
    site: &Site<'_>,
    trials: &dyn Trials,
    desk: &mut dyn Desk,
    calls: (Sender<Call>, Receiver<Call>),
) -> Result<Departure> {
    let (mouth, ears) = calls;
    let mut supervisor = Supervisor {
        site,
        trials,
        desk,
        crew: BTreeMap::new(),
        mouth,
        ears,
        began: Instant::now(),
        listened: Instant::now(),
        started: 0,
        failed_starts: 0,
        backoff: Backoff::default(),
        breaker: Breaker::new(trials.points()),
        blamed: Vec::new(),
        floor: site.gpus.as_ref().map(Floor::new),
        done: 0.0,
        phase: Phase::Running,
    };
    supervisor.run()
}

struct Supervisor<'a> {
    site: &'a Site<'a>,
    trials: &'a dyn Trials,
    desk: &'a mut dyn Desk,
    crew: BTreeMap<u64, Member>,
    mouth: Sender<Call>,
    ears: Receiver<Call>,
    began: Instant,
    /// When it last went through the loop.
    listened: Instant,
    started: u64,
    failed_starts: u32,
    backoff: Backoff,
    breaker: Breaker,
    /// Attempts recorded since the last progress: forgiven when the breaker blames the machine.
    blamed: Vec<Blamed>,
    floor: Option<Floor>,
    /// Work done by all workers.
    done: f64,
    phase: Phase,
}

/// A recorded attempt.
struct Blamed {
    trial: usize,
    id: String,
    number: u32,
}

impl Supervisor<'_> {
    fn run(&mut self) -> Result<Departure> {
        let departure = loop {
            self.heed_signals();
            let starts = self.running() && self.site.walltime.allows(self.site.checkpoint_every);
            if self.running() && !starts && self.busy() == 0 {
                self.say("what is left of the job's walltime is shorter than --checkpoint-every: no trial starts here any more");
                self.stop(Phase::Stopping);
            }
            let idle = match starts {
                true => self.most().saturating_sub(self.busy()),
                false => 0,
            };
            match self.desk.tend(idle) {
                Order::GoOn => {}
                Order::Stop => self.stop(Phase::Stopping),
                Order::Leave => break Departure::Together,
                Order::Abandon => break Departure::Alone,
            }
            if starts && self.running() {
                self.hand_out();
                if let Err(error) = self.hire() {
                    self.stop(Phase::Failing(error));
                }
                self.tend_gpus();
            }
            self.watch();
            // Before it sleeps, so that the desk hears of it in the next round.
            if self.retire() {
                continue;
            }
            // The supervisor holds a sender itself, so the only error is that nothing came.
            let mut next = self.ears.recv_timeout(NAP).ok();
            while let Some(call) = next {
                if let Call::Worker(number, heard) = call {
                    self.hear(number, heard);
                }
                next = self.ears.try_recv().ok();
            }
        };
        self.dismiss_all()?;
        Ok(departure)
    }

    fn busy(&self) -> usize {
        let busy = |member: &&Member| matches!(member.duty, Duty::Busy(_));
        self.crew.values().filter(busy).count()
    }

    fn heed_signals(&mut self) {
        if !self.running() {
            return;
        }
        let why = if self.site.signals.stop() {
            "stopping: every worker writes a checkpoint (Ctrl-C again kills them)"
        } else if self.site.walltime.is_near() {
            "the job's walltime is near: every worker writes a checkpoint"
        } else {
            return;
        };
        self.say(why);
        self.stop(Phase::Stopping);
    }

    /// Tells the desk once that nobody trains here any more. Returns whether it did.
    fn retire(&mut self) -> bool {
        if self.running() || self.busy() > 0 {
            return false;
        }
        let how = match std::mem::replace(&mut self.phase, Phase::Retired) {
            Phase::Failing(error) => Retired::Failed(error),
            Phase::Retired => return false,
            _ => Retired::Stopped,
        };
        self.desk.retire(how);
        true
    }

    fn say(&mut self, text: &str) {
        let text = text.to_owned();
        self.desk.tell(Word::Say { text });
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
            (FromWorker::Started { .. }, duty) => {
                self.failed_starts = 0;
                if let Duty::Busy(assignment) = duty {
                    assignment.part = Some(0.0);
                }
            }
            (FromWorker::Step { step, steps }, _) => {
                if member.stride == Stride::NotYet {
                    member.stride = Stride::Found;
                    // `benches/overhead.sh` reads this line.
                    let ms = member.since.elapsed().as_secs_f64() * 1e3;
                    tracing::debug!("worker {number}: first step done {ms:.1} ms after its start");
                }
                self.moved(number, step, steps);
            }
            (FromWorker::PassedOver { text }, _) => self.desk.tell(Word::Say {
                text: format!("warning: {text}"),
            }),
            (FromWorker::Resumed { curves, .. }, Duty::Busy(assignment)) => {
                let trial = assignment.trial.index;
                // How far it was is told by its next step, and is no work of this worker's.
                assignment.part = None;
                self.desk.tell(Word::Resumed { trial, curves });
            }
            (FromWorker::Epoch { epoch, epochs, row }, Duty::Busy(assignment)) => {
                assignment.moved = true;
                let trial = assignment.trial.index;
                self.desk.tell(Word::Epoch {
                    trial,
                    epoch,
                    epochs,
                    row,
                });
                self.machine_works();
            }
            (FromWorker::Finished(finished), _) => self.finished(number, finished),
            (FromWorker::Failed(failure), _) => self.failed(number, failure),
            (FromWorker::Stopped { step }, _) => {
                if let Some(assignment) = self.take_assignment(number, Duty::Leaving) {
                    let why = format!("stopped, checkpoint of step {step} is on disk");
                    self.give_back(&assignment, why);
                }
            }
            _ => {}
        }
    }

    /// A worker has done so many of so many.
    fn moved(&mut self, number: u64, done: u64, of: u64) {
        if let Some(Duty::Busy(assignment)) =
            self.crew.get_mut(&number).map(|member| &mut member.duty)
        {
            let (trial, part) = (assignment.trial.index, done as f64 / of.max(1) as f64);
            self.done += assignment.advance(part);
            self.desk.tell(Word::Moved { trial, part });
        }
    }

    fn give_back(&mut self, assignment: &Assignment, why: String) {
        let trial = assignment.trial.index;
        self.desk.tell(Word::GivenBack { trial, why });
    }
}

#[cfg(test)]
mod tests;
