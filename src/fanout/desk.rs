//! Where a rank's workers get their trials from and bring what became of them.
//!
//! The supervisor of a rank knows only this: on rank 0 the desk is the [`coordinator`](super::coordinator) itself, on
//! the others a [`branch`](super::branch) that speaks to it. A run without MPI is rank 0 of one.

use super::curve::Curves;
use super::message::{Finished, Row};
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What became of a trial, or what people should read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// A worker got it.
    Started {
        /// Position in the plan.
        trial: usize,
    },
    /// A part (0 to 1) of it is done.
    Moved {
        /// Position in the plan.
        trial: usize,
        /// The part.
        part: f64,
    },
    /// It goes on from a checkpoint.
    Resumed {
        /// Position in the plan.
        trial: usize,
        /// What was measured before.
        curves: Curves,
    },
    /// An epoch of it is done.
    Epoch {
        /// Position in the plan.
        trial: usize,
        /// Epochs done.
        epoch: u64,
        /// Of so many.
        epochs: u64,
        /// What was measured after it.
        row: Row,
    },
    /// It is committed.
    Finished {
        /// Position in the plan.
        trial: usize,
        /// What is shown of it.
        finished: Finished,
    },
    /// An attempt failed and is recorded.
    Failed {
        /// Position in the plan.
        trial: usize,
        /// Class of the failure: "panic", "SIGSEGV", ….
        class: String,
        /// Where its log is; empty when there is none.
        log: String,
    },
    /// It comes back unblamed, for this reason.
    GivenBack {
        /// Position in the plan.
        trial: usize,
        /// Why.
        why: String,
    },
    /// A recorded attempt does not count: the machine was to blame.
    Forgiven {
        /// Position in the plan.
        trial: usize,
    },
    /// For people.
    Say {
        /// A line.
        text: String,
    },
}

impl Word {
    /// The trial that is in nobody's hands any more.
    pub fn settles(&self) -> Option<usize> {
        match self {
            Self::Finished { trial, .. }
            | Self::Failed { trial, .. }
            | Self::GivenBack { trial, .. } => Some(*trial),
            _ => None,
        }
    }
}

/// What a supervisor is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Train what the desk gives.
    GoOn,
    /// Stop with checkpoints.
    Stop,
    /// There is no more to do anywhere.
    Leave,
    /// Another rank does not answer: it hangs, or is gone while the job is being ended. Nothing more can be agreed on.
    Abandon,
}

/// After a request to end at once, another rank that is silent for so long is gone.
pub(super) const SILENCE: Duration = Duration::from_secs(6);

/// What signals ask for.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// Stop, with checkpoints.
    pub stop: Arc<AtomicBool>,
    /// And soon: whoever sent it (SIGTERM, from a launcher that lost a rank, or from Slurm) kills within half a minute.
    pub soon: Arc<AtomicBool>,
}

impl Signals {
    /// Whether to stop.
    pub fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether to stop soon.
    pub fn soon(&self) -> bool {
        self.soon.load(Ordering::Relaxed)
    }

    /// How long another rank may say nothing.
    pub fn patience(&self, hang_after: Duration) -> Duration {
        match self.soon() {
            true => SILENCE,
            false => hang_after.max(SILENCE),
        }
    }
}

/// How a rank leaves its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// With all others.
    Together,
    /// Without them: whoever is left of them is to be ended.
    Alone,
}

/// The error of a rank that leaves alone.
pub fn left_alone(who: &str, silent: Duration) -> Error {
    Error::Worker(format!(
        "{who} has said nothing for {} s\n  next: look at its node; run the same command again, what is committed or checkpointed is safe",
        silent.as_secs()
    ))
}

/// A rank that trains no more.
#[derive(Debug)]
pub enum Retired {
    /// It stopped on request.
    Stopped,
    /// Its machine or build is to blame, or something that every rank would meet.
    Failed(Error),
}

/// What a supervisor asks of the place where trials come from.
pub trait Desk {
    /// Trials that could be handed out now.
    fn waiting(&self) -> usize;
    /// The next trial.
    fn take(&mut self) -> Option<usize>;
    /// Something happened.
    fn tell(&mut self, word: Word);
    /// To be called in every round, with the number of trials that this rank's workers could begin now. Passes on what
    /// came in and what goes out.
    fn tend(&mut self, idle: usize) -> Order;
    /// This rank trains no more and holds no trial; [`tend`](Self::tend) is called on until it says [`Order::Leave`].
    fn retire(&mut self, how: Retired);
}
