//! Checkpoints: a trial's whole state in one file, and the folder of such files.
//!
//! [`container`] is bytes with checksums, [`codec`] is what the bytes mean, [`keeper`] is where files lie, how they
//! are written so that a reported one survives a power cut, and which one is gone on from.

mod codec;
mod container;
mod inspect;
mod keeper;

pub(super) use codec::Identity;
pub use inspect::{Condition, Seen, inspect};
pub(super) use keeper::Keeper;
pub use keeper::step_of;
