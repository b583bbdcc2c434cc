//! The workers of one supervisor and what each is doing.

use super::fate::Circumstance;
use super::process::Process;
use crate::plan::Trial;
use std::time::{Duration, Instant};

/// What a worker is at.
pub enum Duty {
    /// Started, has not greeted yet.
    Starting,
    /// Waits for a trial.
    Idle,
    /// Trains.
    Busy(Box<Assignment>),
    /// Told to leave, with nothing in hand.
    Leaving,
}

/// A trial in a worker's hands.
pub struct Assignment {
    /// The trial.
    pub trial: Trial,
    /// When it was handed out.
    pub since: Instant,
    /// What the plan expects it to cost.
    pub cost: f64,
    /// The part of it that was done when it was last heard of; `None` before that.
    pub part: Option<f64>,
    /// Whether the worker has done an epoch of it: then a failure is not an early one.
    pub moved: bool,
}

impl Assignment {
    /// Takes note that so much of it is done. Gives the work done since it was last heard of: what a checkpoint holds counts for
    /// nothing.
    pub fn advance(&mut self, part: f64) -> f64 {
        let before = self.part.replace(part).unwrap_or(part);
        (part - before).max(0.0) * self.cost
    }

    /// How long it took to fail, as the breaker counts: for ever once an epoch was done.
    pub fn lasted(&self) -> Duration {
        match self.moved {
            true => Duration::MAX,
            false => self.since.elapsed(),
        }
    }
}

/// Whether a worker has got going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stride {
    /// It has not done a step since it was started.
    NotYet,
    /// It has.
    Found,
}

/// One worker.
pub struct Member {
    /// The process.
    pub process: Process,
    /// The GPU that it is on.
    pub gpu: Option<usize>,
    /// With how many it was told to share that in its trial; 0 before it was told.
    pub sharing: usize,
    /// When it was started.
    pub since: Instant,
    /// Whether it has done a step of a trial.
    pub stride: Stride,
    /// What it is at.
    pub duty: Duty,
    /// When it last said something (or was given something to do): the monotonic clock.
    pub heard: Instant,
    /// What was done to it or around it that may explain its death.
    pub circumstance: Circumstance,
    /// The kernel's count of memory kills when it started.
    pub memory_kills: Option<u64>,
}

impl Member {
    /// Whether it owes a word: it trains or should greet.
    pub fn owes_a_word(&self) -> bool {
        matches!(self.duty, Duty::Busy(_) | Duty::Starting)
    }
}
