//! The child's side: take a trial, train it, tell; one at a time until there are no more.
//!
//! A thread listens to the supervisor, the calling thread trains. The worker is gone when its supervisor is: the
//! kernel kills it ([`die_with_parent`]), and the end of its input ends it too.

use super::curve;
use super::gpu::gauge::Gauge;
use super::message::{self, Failure, Finished, FromWorker, Heard, Hello, Then, ToWorker};
use crate::error::{Error, Result};
use crate::train::{Event, Observer};
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Signs of life (steps, images measured) are told at most this often.
const SIGN_OF_LIFE: Duration = Duration::from_millis(250);

/// Trains and commits; tests put a fake here.
pub trait Trainer {
    /// Trains one trial, given as [`crate::plan::Trial::to_json`] wrote it, and commits it.
    ///
    /// # Errors
    /// Whatever went wrong; [`Failure::of`] says who is to blame.
    fn train(&mut self, trial: &str, post: &mut Post<'_>) -> Result<Done>;

    /// Whether this process can train another trial after this error.
    fn then(&self, _error: &Error) -> Then {
        Then::Stays
    }

    /// Where it goes what is said of the worker's GPU meanwhile.
    fn gauge(&self) -> Gauge {
        Gauge::default()
    }
}

/// How training ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// The trial is committed.
    Finished(Finished),
    /// Stopped on request, checkpointed at this step.
    Stopped {
        /// Optimiser steps done.
        step: u64,
    },
}

/// Makes the kernel kill this process when its parent dies, and ends it when that has happened already.
///
/// # Errors
/// When the kernel refuses.
pub fn die_with_parent(parent: u32) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| Error::Worker(format!("cannot ask to die with the parent: {error}")))?;
    match getppid().map(Pid::as_raw_pid) {
        Some(pid) if pid.unsigned_abs() == parent => Ok(()),
        _ => Err(Error::Worker("the supervisor is gone".into())),
    }
}

/// What a trial tells, on its way to the supervisor.
pub struct Post<'a> {
    output: &'a mut dyn Write,
    stop: &'a AtomicBool,
    last_sign: Option<Instant>,
    lost: Option<std::io::Error>,
}

impl Post<'_> {
    /// Sends a message. When the supervisor is gone, the trial is asked to stop.
    pub fn send(&mut self, message: &FromWorker) {
        if let Err(error) = message::write(&mut self.output, message) {
            self.stop.store(true, Ordering::Relaxed);
            self.lost.get_or_insert(error);
        }
    }

    /// Sends a message of which there may be thousands a second, unless one went out just now.
    fn send_sign(&mut self, message: &FromWorker) {
        if self.last_sign.is_none_or(|at| at.elapsed() > SIGN_OF_LIFE) {
            self.last_sign = Some(Instant::now());
            self.send(message);
        }
    }
}

impl Observer for Post<'_> {
    fn tell(&mut self, event: Event) {
        match event {
            Event::Resumed { step, rows } => {
                let curves = curve::of_table(&rows);
                self.send(&FromWorker::Resumed { step, curves });
            }
            Event::Epoch { epoch, epochs, row } => {
                let said =
                    |(name, value): (String, f64)| (name, value.is_finite().then_some(value));
                let row = row.into_iter().map(said).collect();
                self.send(&FromWorker::Epoch { epoch, epochs, row });
            }
            Event::PassedOver(text) => {
                tracing::warn!("{text}"); // into the worker's log
                self.send(&FromWorker::PassedOver { text });
            }
            Event::Saved { step } => self.send(&FromWorker::Saved { step }),
            Event::Step { step, steps } => self.send_sign(&FromWorker::Step { step, steps }),
            Event::Measured { images, .. } => self.send_sign(&FromWorker::Measured { images }),
        }
    }

    fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Serves one supervisor until it has no more trials or asks to stop. `gone` is called on the listening thread at
/// the end of the input, where a real worker ends its process, whatever it is at.
///
/// # Errors
/// [`Error::Worker`] when the supervisor is another build, talks nonsense or cannot be reached.
pub fn serve(
    mut input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
    stop: &Arc<AtomicBool>,
    trainer: &mut dyn Trainer,
    gone: impl FnOnce() + Send + 'static,
) -> Result<()> {
    let mut post = Post {
        output,
        stop,
        last_sign: None,
        lost: None,
    };
    post.send(&FromWorker::Hello(Hello::ours()));
    match message::read(&mut input) {
        Heard::Message(ToWorker::Hello(hello)) => hello.check()?,
        Heard::Closed => return Ok(()),
        other => {
            return Err(Error::Worker(format!(
                "expected a greeting, heard {other:?}"
            )));
        }
    }
    let (hand_over, trials) = channel();
    let asked = Arc::clone(stop);
    let gauge = trainer.gauge();
    std::thread::spawn(move || {
        loop {
            match message::read(&mut input) {
                Heard::Message(ToWorker::Stop) => asked.store(true, Ordering::Relaxed),
                Heard::Message(ToWorker::Train { trial }) => {
                    gauge.restart();
                    // Fails only when the training thread is gone, and the process with it.
                    let _ = hand_over.send(trial);
                }
                Heard::Message(ToWorker::Gpu { utilisation }) => gauge.add(utilisation),
                Heard::Message(ToWorker::Sharing { workers }) => gauge.share(workers),
                Heard::Message(ToWorker::Hello(_)) | Heard::Garbage(_) | Heard::Closed => break,
            }
        }
        gone();
    });
    for trial in trials {
        let (said, stays) = match trainer.train(&trial, &mut post) {
            Ok(Done::Finished(finished)) => (FromWorker::Finished(finished), true),
            Ok(Done::Stopped { step }) => (FromWorker::Stopped { step }, false),
            Err(error) => {
                let then = trainer.then(&error);
                let failure = Failure {
                    then,
                    ..Failure::of(&error)
                };
                (FromWorker::Failed(failure), then == Then::Stays)
            }
        };
        post.send(&said);
        if let Some(error) = post.lost.take() {
            return Err(Error::Worker(format!(
                "the supervisor cannot be reached: {error}"
            )));
        }
        if !stays {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
