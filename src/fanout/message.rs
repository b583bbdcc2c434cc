//! What a supervisor and a worker say to each other: one JSON message a line, over the worker's standard input
//! and output. Both open with [`Hello`], and refuse each other unless they are the same build.

use super::curve::Curves;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::io::{BufRead, Read as _, Write};

/// Raised when a message changes.
pub const PROTOCOL: u32 = 6;

/// A longer line is no message of ours.
const LONGEST_LINE: u64 = 1 << 20;

/// Who speaks. Its two fields keep their names for ever, so that strangers can tell each other apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`] of the speaker.
    pub protocol: u32,
    /// Version and commit of the speaker's binary.
    pub version: String,
}

impl Hello {
    /// This binary's.
    pub fn ours() -> Self {
        Self {
            protocol: PROTOCOL,
            version: format!("{}+{}", env!("CARGO_PKG_VERSION"), env!("ABLATE_GIT_REV")),
        }
    }

    /// Whether the other side can be worked with.
    ///
    /// # Errors
    /// [`Error::Worker`], naming both versions.
    pub fn check(&self) -> Result<()> {
        let ours = Self::ours();
        if *self == ours {
            return Ok(());
        }
        Err(Error::Worker(format!(
            "this is ablate {} (protocol {}), but the other side is ablate {} (protocol {})\n  next: the binary was replaced while it ran; run the same command again",
            ours.version, ours.protocol, self.version, self.protocol
        )))
    }
}

/// From the supervisor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ToWorker {
    /// The first message.
    Hello(Hello),
    /// Train this trial ([`crate::plan::Trial::to_json`]).
    Train {
        /// The trial.
        trial: String,
    },
    /// Write a checkpoint at the step you are in, say [`FromWorker::Stopped`] and leave.
    Stop,
    /// How busy the worker's GPU was just now.
    Gpu {
        /// In percent.
        utilisation: f64,
    },
    /// With how many the worker shares its GPU from now on.
    Sharing {
        /// Workers that train on it, the worker itself included.
        workers: usize,
    },
}

/// Values by name; `None` stands for NaN and infinities, which JSON cannot say.
pub type Row = BTreeMap<String, Option<f64>>;

/// From a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum FromWorker {
    /// The first message.
    Hello(Hello),
    /// The trial begins.
    Started {
        /// Number of the attempt.
        attempt: u32,
    },
    /// It does not go on from a checkpoint that is there.
    PassedOver {
        /// Which, and why.
        text: String,
    },
    /// It goes on from a checkpoint.
    Resumed {
        /// Optimiser steps done.
        step: u64,
        /// What was measured before.
        #[serde(default)]
        curves: Curves,
    },
    /// A sign of life, a few times a second at most.
    Step {
        /// Optimiser steps done.
        step: u64,
        /// Of so many.
        steps: u64,
    },
    /// A sign of life from within an evaluation, a few times a second at most.
    Measured {
        /// Images of the split measured so far.
        images: usize,
    },
    /// An epoch is done.
    Epoch {
        /// Epochs done.
        epoch: u64,
        /// Of so many.
        epochs: u64,
        /// What was measured after it.
        #[serde(default)]
        row: Row,
    },
    /// A checkpoint is on disk, synced.
    Saved {
        /// Optimiser steps that it holds.
        step: u64,
    },
    /// The trial is committed.
    Finished(Finished),
    /// The trial is checkpointed; the worker leaves.
    Stopped {
        /// Optimiser steps done.
        step: u64,
    },
    /// The trial could not be trained or committed.
    Failed(Failure),
}

/// What the supervisor shows of a committed trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// Name of the [`crate::outcome::Outcome`].
    pub outcome: String,
    /// Final metrics.
    pub metrics: Row,
    /// Seconds of training, over all attempts.
    pub seconds: f64,
}

/// An error that a worker could tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Whose fault it is.
    pub blame: Blame,
    /// What the error says.
    pub message: String,
    /// The exit code that the error would end a program with.
    pub code: u8,
    /// What becomes of the worker.
    #[serde(default)]
    pub then: Then,
}

/// What a worker does after an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// It takes the next trial.
    #[default]
    Stays,
    /// It ends: nothing more can be done on its GPU, where an error of a kernel lasts as long as the process.
    Leaves,
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The trial's: costs it an attempt.
    Trial,
    /// The disk's or the data's: every trial would meet it, so the run ends and nobody is blamed.
    Run,
}

impl Failure {
    /// What to tell of an error.
    pub fn of(error: &Error) -> Self {
        let blame = match error {
            Error::Tensor(_) | Error::Internal(_) | Error::Worker(_) => Blame::Trial,
            _ => Blame::Run,
        };
        Self {
            blame,
            message: error.to_string(),
            code: error.exit_code() as u8,
            then: Then::Stays,
        }
    }
}

/// What came over a pipe.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard<M> {
    /// A message.
    Message(M),
    /// Something else: the start of it. Nothing after it can be trusted.
    Garbage(String),
    /// The other side is gone.
    Closed,
}

/// Reads the next message. A line without its end is one that the speaker died in: as good as none.
pub fn read<M: DeserializeOwned>(input: &mut impl BufRead) -> Heard<M> {
    let mut line = Vec::new();
    let end = input.take(LONGEST_LINE).read_until(b'\n', &mut line);
    let whole = line.ends_with(b"\n");
    if end.is_err() || (!whole && (line.len() as u64) < LONGEST_LINE) {
        return Heard::Closed;
    }
    match serde_json::from_slice(&line) {
        Ok(message) if whole => Heard::Message(message),
        _ => {
            let text = String::from_utf8_lossy(&line);
            Heard::Garbage(text.trim_end().chars().take(200).collect())
        }
    }
}

/// Writes one message and flushes it.
///
/// # Errors
/// When the other side is gone.
pub fn write(output: &mut impl Write, message: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_read_back_and_nan_survives_as_none() {
        let metrics = [("a".to_owned(), Some(0.1)), ("b".to_owned(), None)].into();
        let sent = FromWorker::Finished(Finished {
            outcome: "diverged".into(),
            metrics,
            seconds: 1.5,
        });
        let mut pipe = Vec::new();
        write(&mut pipe, &sent).expect("a Vec takes all");
        assert_eq!(read(&mut pipe.as_slice()), Heard::Message(sent));
    }

    #[test]
    fn garbage_is_told_from_a_torn_last_line() {
        let hear = |text: &str| read::<FromWorker>(&mut text.as_bytes());
        assert_eq!(hear("hello?\n"), Heard::Garbage("hello?".into()));
        assert_eq!(hear(r#"{"say":"stop"#), Heard::Closed);
        assert_eq!(hear(""), Heard::Closed);
        let endless = "x".repeat(LONGEST_LINE as usize);
        assert!(matches!(hear(&endless), Heard::Garbage(start) if start.len() == 200));
    }

    #[test]
    fn another_build_is_refused_with_both_versions_named() {
        assert!(Hello::ours().check().is_ok());
        let other = Hello {
            protocol: PROTOCOL,
            version: "9.9.9+abc".into(),
        };
        let message = other.check().expect_err("refused").to_string();
        assert!(message.contains("9.9.9+abc") && message.contains(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn a_full_disk_blames_no_trial() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let io = Error::io("write", std::path::Path::new("/x"))(full);
        let failure = Failure::of(&io);
        assert_eq!((failure.blame, failure.code), (Blame::Run, 4));
        let bug = Failure::of(&Error::Internal("x".into()));
        assert_eq!((bug.blame, bug.code), (Blame::Trial, 70));
    }
}
