//! Ranks of one MPI job: what they say ([`message`]), and how it travels ([`Link`], [`Uplink`]).
//!
//! MPI starts and places ranks and carries their messages. It keeps nothing safe: every promise holds when all ranks
//! vanish at once.

#[cfg(feature = "mpi")]
mod carrier;
#[cfg(feature = "mpi")]
pub mod courier;
pub mod launcher;
pub mod message;

use crate::error::Result;
use message::{FromRank, ToRank};

/// Rank 0's end of the messages between it and the others.
pub trait Link {
    /// Number of ranks, rank 0 included.
    fn ranks(&self) -> usize;
    /// Sends to `rank` without waiting.
    fn send(&self, rank: usize, message: &ToRank);
    /// What came, with its sender.
    ///
    /// # Errors
    /// When it is no message of ours.
    fn receive(&self) -> Result<Option<(usize, FromRank)>>;
}

/// Another rank's end.
pub trait Uplink {
    /// Sends to rank 0 without waiting.
    fn send(&self, message: &FromRank);
    /// What came from rank 0.
    ///
    /// # Errors
    /// When it is no message of ours.
    fn receive(&self) -> Result<Option<ToRank>>;
}
