//! What rank 0 and the other ranks say to each other: one JSON text a message.

use crate::error::{Error, ExitCode, Result};
use crate::fanout::desk::Word;
use crate::fanout::machine;
use crate::fanout::message::Hello;
use crate::plan::Device;
use serde::{Deserialize, Serialize};

/// Who a rank is. [`Hello`] names the build: ranks of different builds refuse each other before anything else is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankHello {
    /// The build.
    pub hello: Hello,
    /// Digest of the plan that this rank made of the sweep file and the data that it sees.
    pub plan: String,
    /// The class of device that it trains on.
    #[serde(default)]
    pub device: String,
    /// Its machine.
    pub host: String,
    /// Workers that it will keep busy.
    pub workers: usize,
}

impl RankHello {
    /// This process's.
    pub fn ours(plan: String, device: Device, workers: usize) -> Self {
        Self {
            hello: Hello::ours(),
            plan,
            device: device.name().to_owned(),
            host: machine::host(),
            workers,
        }
    }

    /// Whether rank 0, which is `ours`, can work with it.
    ///
    /// # Errors
    /// [`Error::Worker`], naming rank, machine and the difference.
    pub fn check(&self, rank: usize, ours: &Self) -> Result<()> {
        let who = format!("rank {rank} on {}", self.host);
        if self.hello != ours.hello {
            return Err(Error::Worker(format!(
                "{who} is ablate {} (protocol {}), but rank 0 on {} is ablate {} (protocol {})\n  next: let every node start the same binary (`ablate submit` freezes one in the sweep folder)",
                self.hello.version,
                self.hello.protocol,
                ours.host,
                ours.hello.version,
                ours.hello.protocol
            )));
        }
        if self.device != ours.device {
            return Err(Error::Worker(format!(
                "{who} trains on {}, but rank 0 on {} on {}\n  next: name one class for all, --device cpu or --device cuda; `ablate doctor` on both machines says what they lack",
                self.device, ours.host, ours.device
            )));
        }
        if self.plan != ours.plan {
            return Err(Error::Worker(format!(
                "{who} plans other trials than rank 0 on {}\n  next: let every node see the same sweep file and the same data (ABLATE_DATA_DIR on a shared file system)",
                ours.host
            )));
        }
        Ok(())
    }
}

/// An error on its way to another rank: it keeps its text and exit code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What it says.
    pub message: String,
    /// What it ends a program with.
    pub code: u8,
}

impl From<&Error> for Trouble {
    fn from(error: &Error) -> Self {
        Self {
            message: error.to_string(),
            code: error.exit_code() as u8,
        }
    }
}

impl From<Trouble> for Error {
    fn from(Trouble { message, code }: Trouble) -> Self {
        let code = ExitCode::from_number(code);
        Self::Reported { message, code }
    }
}

/// From a rank to rank 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum FromRank {
    /// A sign of life.
    Alive,
    /// The first message.
    Hello(RankHello),
    /// What happened since the last one, and what it has room for.
    Report {
        /// In order.
        words: Vec<Word>,
        /// Trials that it would take now.
        room: usize,
        /// Trials that it has received so far: those on the way are not in `room` yet.
        received: u64,
    },
    /// It trains no more and holds no trial.
    Retired {
        /// Why, when that is a failure.
        error: Option<Trouble>,
    },
}

/// From rank 0 to a rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ToRank {
    /// The rank may work.
    Welcome {
        /// Seconds until the job's walltime, when it has one.
        seconds_left: Option<f64>,
    },
    /// Train these, in this order.
    Train {
        /// Positions in the plan.
        trials: Vec<usize>,
    },
    /// A sign of life.
    Alive,
    /// Stop with checkpoints, and give back what has not been started.
    Stop,
    /// There is no more to do: leave, with this error if there is one.
    Leave {
        /// The run's.
        error: Option<Trouble>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(version: &str, plan: &str) -> RankHello {
        let mut hello = Hello::ours();
        hello.version = version.into();
        RankHello {
            hello,
            plan: plan.into(),
            device: "cpu".into(),
            host: "n1".into(),
            workers: 1,
        }
    }

    #[test]
    fn another_build_and_another_plan_are_refused_with_rank_and_host() {
        let ours = rank("1.0+a", "p");
        assert!(rank("1.0+a", "p").check(3, &ours).is_ok());
        let build = rank("1.1+b", "p").check(3, &ours).expect_err("refused");
        assert!(build.to_string().contains("rank 3 on n1 is ablate 1.1+b"));
        let plan = rank("1.0+a", "q").check(3, &ours).expect_err("refused");
        assert!(plan.to_string().contains("plans other trials"));
        let mut device = rank("1.0+a", "q");
        device.device = "cuda".into();
        let device = device.check(3, &ours).expect_err("refused").to_string();
        assert!(
            device.contains("rank 3 on n1 trains on cuda") && device.contains("--device"),
            "{device}"
        );
    }
}
