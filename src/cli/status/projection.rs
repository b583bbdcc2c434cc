//! When a sweep will be finished, as far as that can be known. Pure.

use crate::fanout::progress::words;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// What is left to do: the expected time of each piece on one worker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Networks that have to be trained before any other trial, what is left of those in training among them.
    pub first: Vec<Duration>,
    /// What is left of the trials in training.
    pub running: Vec<Duration>,
    /// Trials that wait.
    pub waiting: Vec<Duration>,
}

/// Who there is to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    /// Runners that live and train.
    Workers {
        /// Workers of all of them.
        count: usize,
        /// When the last of their Slurm jobs ends; `None` when one of them has no end that is known.
        until: Option<Duration>,
        /// Slurm jobs that wait.
        queued: usize,
    },
    /// Runners that were not heard yet.
    Unheard,
    /// Runners that live and were asked to stop.
    Stopping,
    /// No runner, but so many Slurm jobs that wait.
    Queued(usize),
    /// No runner.
    Nobody,
}

/// What can be said of the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Projection {
    /// Nothing is left to do.
    Finished,
    /// Nothing is measured yet.
    Unknown,
    /// It will be finished.
    Projected {
        /// From now.
        seconds: f64,
        /// By so many.
        workers: usize,
    },
    /// The Slurm jobs that run will not see the end.
    OutOfTime {
        /// From now, if they could go on.
        seconds: f64,
        /// By so many.
        workers: usize,
        /// Until the last of them ends.
        seconds_left: f64,
        /// Slurm jobs that wait.
        queued: usize,
    },
    /// Runners were not heard yet.
    Unheard,
    /// The runners were asked to stop.
    Stopping,
    /// No runner lives, but Slurm jobs wait.
    Queued {
        /// So many.
        queued: usize,
        /// Of one worker, to the end; null when nothing is measured yet.
        worker_seconds: Option<f64>,
    },
    /// No runner lives.
    Nobody {
        /// Of one worker, to the end; null when nothing is measured yet.
        worker_seconds: Option<f64>,
    },
}

/// Says when what is left will be done; `work` is `None` when nothing is measured yet.
pub fn project(work: Option<&Work>, hands: Hands) -> Projection {
    let worker_seconds = work.map(|work| work.total().as_secs_f64());
    match (hands, work) {
        (Hands::Nobody, _) => Projection::Nobody { worker_seconds },
        (Hands::Queued(queued), _) => Projection::Queued {
            queued,
            worker_seconds,
        },
        (Hands::Unheard, _) => Projection::Unheard,
        (Hands::Stopping, _) => Projection::Stopping,
        (Hands::Workers { .. }, None) => Projection::Unknown,
        (
            Hands::Workers {
                count,
                until,
                queued,
            },
            Some(work),
        ) => {
            let needed = work.makespan(count);
            let (seconds, workers) = (needed.as_secs_f64(), count);
            match until.filter(|until| *until < needed) {
                None => Projection::Projected { seconds, workers },
                Some(until) => Projection::OutOfTime {
                    seconds,
                    workers,
                    seconds_left: until.as_secs_f64(),
                    queued,
                },
            }
        }
    }
}

impl Work {
    /// Of one worker.
    fn total(&self) -> Duration {
        let all = self.first.iter().chain(&self.running).chain(&self.waiting);
        all.fold(Duration::ZERO, |sum, piece| sum.saturating_add(*piece))
    }

    /// Until all is done by so many workers, each of whom takes the longest piece that is left as soon as it is free. Trials
    /// wait for the networks that are trained first. (The queue goes seed by seed, and longest first within a seed.)
    fn makespan(&self, workers: usize) -> Duration {
        let pieces = self.first.len() + self.running.len() + self.waiting.len();
        let workers = workers.max(self.running.len()).clamp(1, pieces.max(1));
        let mut free: BinaryHeap<_> = vec![Reverse(Duration::ZERO); workers].into();
        let mut end = Duration::ZERO;
        let mut give = |pieces: &[Duration], not_before: Duration| {
            let mut pieces = pieces.to_vec();
            pieces.sort_unstable_by_key(|piece| Reverse(*piece));
            let mut last = not_before;
            for piece in pieces {
                let Reverse(start) = free.pop().unwrap_or_default();
                let done = start.max(not_before).saturating_add(piece);
                free.push(Reverse(done));
                last = last.max(done);
            }
            end = end.max(last);
            last
        };
        give(&self.running, Duration::ZERO);
        let trained = give(&self.first, Duration::ZERO);
        give(&self.waiting, trained);
        end
    }
}

impl Projection {
    /// Which kind it is: plain lines are written anew when that changes, not with every second.
    pub fn kind(&self) -> std::mem::Discriminant<Self> {
        std::mem::discriminant(self)
    }

    /// Seconds until the end, when there is one to be seen.
    pub fn seconds(&self) -> Option<f64> {
        match self {
            Self::Projected { seconds, .. } => Some(*seconds),
            _ => None,
        }
    }

    /// For people; `at` writes the time of the clock in so many seconds. Empty when there is nothing to say.
    pub fn words(&self, at: impl Fn(f64) -> String) -> String {
        let about = |seconds: &f64| format!("about {}", length(*seconds));
        let of_one = |seconds: &Option<f64>| match seconds {
            Some(seconds) => format!(" ({} of work for one worker)", about(seconds)),
            None => String::new(),
        };
        match self {
            Self::Finished => String::new(),
            Self::Unknown => "the end is not known yet: nothing is measured".to_owned(),
            Self::Projected { seconds, workers } => format!(
                "{} left, at {} ({})",
                about(seconds),
                at(*seconds),
                counted(*workers, "worker")
            ),
            Self::OutOfTime {
                seconds,
                workers,
                seconds_left,
                queued,
            } => {
                let next = match queued {
                    0 => "none waits: `ablate submit` again to go on".to_owned(),
                    more => format!("{} in the queue", waiting(*more)),
                };
                format!(
                    "{} left ({}), but Slurm ends them in {}; {next}",
                    about(seconds),
                    counted(*workers, "worker"),
                    length(*seconds_left)
                )
            }
            Self::Unheard => "its runners were not heard yet".to_owned(),
            Self::Stopping => "its runners are stopping: it will not finish by itself".to_owned(),
            Self::Queued {
                queued,
                worker_seconds,
            } => format!(
                "no runner is alive; {} in Slurm's queue{}",
                waiting(*queued),
                of_one(worker_seconds)
            ),
            Self::Nobody { worker_seconds } => format!(
                "no runner is alive: it will not finish by itself{}",
                of_one(worker_seconds)
            ),
        }
    }
}

fn length(seconds: f64) -> String {
    words(Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX))
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}

fn waiting(jobs: usize) -> String {
    match jobs {
        1 => "1 job waits".to_owned(),
        more => format!("{more} jobs wait"),
    }
}

#[cfg(test)]
mod tests;
