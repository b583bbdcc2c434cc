//! This process's place among the ranks of its job, with MPI built in or not.

#[cfg(feature = "mpi")]
use crate::error::ExitCode;
use crate::error::{Error, Result};
use crate::fanout::desk::Departure;
use crate::fanout::placement::Local;
#[cfg(feature = "mpi")]
use crate::fanout::ranks::courier::Courier;
use crate::fanout::ranks::launcher::{self, Launched};
use crate::fanout::ranks::{Link, Uplink};
use crate::fanout::supervisor::Call;
use std::sync::mpsc::Sender;

/// The ranks of this job.
pub enum Ranks {
    /// This process alone.
    Alone,
    /// Several, over MPI.
    #[cfg(feature = "mpi")]
    Several(Courier),
}

/// Finds the other ranks, when a launcher started some. Their messages call the supervisor.
///
/// # Errors
/// When MPI does not start, or is not built in.
pub fn join(calls: &Sender<Call>) -> Result<Ranks> {
    match launcher::launched(launcher::variables()) {
        Launched::Alone => Ok(Ranks::Alone),
        Launched::Rank { of, .. } => several(of, calls.clone()),
    }
}

#[cfg(feature = "mpi")]
fn several(_of: usize, calls: Sender<Call>) -> Result<Ranks> {
    // Nobody listens any more when this process is about to leave.
    Courier::start(move || drop(calls.send(Call::Desk))).map(Ranks::Several)
}

#[cfg(not(feature = "mpi"))]
fn several(of: usize, _calls: Sender<Call>) -> Result<Ranks> {
    Err(Error::Usage {
        problem: format!("this ablate was built without MPI, but the launcher started {of} ranks"),
        next: "build it with MPI (cargo build --release, where mpicc and libclang are found), or start it once, or several times by `srun` without --mpi: runs of one sweep share its trials".into(),
    })
}

#[cfg(feature = "mpi")]
fn abort(courier: &Courier, error: &Error) -> ! {
    tell!("error: {error}");
    courier.abort(error.exit_code())
}

#[cfg(feature = "mpi")]
impl Ranks {
    /// This rank.
    pub fn rank(&self) -> usize {
        match self {
            Self::Alone => 0,
            Self::Several(courier) => courier.rank(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.link().map_or(1, Link::ranks)
    }

    /// This rank among those of its node.
    pub fn local(&self) -> Local {
        match self {
            Self::Alone => Local::ALONE,
            Self::Several(courier) => courier.local(),
        }
    }

    /// Rank 0's way to the others, when there are any.
    pub fn link(&self) -> Option<&dyn Link> {
        match self {
            Self::Several(courier) => Some(courier),
            Self::Alone => None,
        }
    }

    /// Another rank's way to rank 0.
    pub fn uplink(&self) -> Option<&dyn Uplink> {
        match self {
            Self::Several(courier) if courier.rank() > 0 => Some(courier),
            _ => None,
        }
    }

    /// Ends MPI: together with all other ranks, or taking what is left of them along, and this process too. Why is told first.
    pub fn leave<T>(self, departure: Departure, end: &Result<T>) {
        match (self, departure) {
            (Self::Several(courier), Departure::Together) => courier.finish(),
            (Self::Several(courier), Departure::Alone) => match end {
                Err(error) => abort(&courier, error),
                Ok(_) => courier.abort(ExitCode::Machine),
            },
            (Self::Alone, _) => {}
        }
    }

    /// Ends the whole job when this rank failed: the others would wait for it for ever. Why is told first.
    pub fn or_abort<T>(&self, result: Result<T>) -> Result<T> {
        match (self, result) {
            (Self::Several(courier), Err(error)) => abort(courier, &error),
            (_, result) => result,
        }
    }
}

#[cfg(not(feature = "mpi"))]
impl Ranks {
    /// As with MPI; there is one rank.
    pub fn rank(&self) -> usize {
        0
    }

    /// As with MPI; there is one.
    pub fn count(&self) -> usize {
        1
    }

    /// As with MPI; there is one rank.
    pub fn local(&self) -> Local {
        Local::ALONE
    }

    /// As with MPI; there is nobody.
    pub fn link(&self) -> Option<&dyn Link> {
        None
    }

    /// As with MPI; there is nobody.
    pub fn uplink(&self) -> Option<&dyn Uplink> {
        None
    }

    /// As with MPI; nothing is to be ended.
    pub fn leave<T>(self, _departure: Departure, _end: &Result<T>) {}

    /// As with MPI; nobody waits.
    pub fn or_abort<T>(&self, result: Result<T>) -> Result<T> {
        result
    }
}
