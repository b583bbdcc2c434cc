//! The queue, worker processes and their supervisor.
//!
//! `ablate run` is a supervisor that trains nothing. It hands trials to worker processes (the same binary,
//! `ablate worker`), one at a time each, over pipes, and takes back outcomes; workers commit what they trained.
//! So a crash, a hang or a kill costs one attempt of one trial (DESIGN.md §5).
//!
//! Decisions are pure and know neither processes nor files: [`queue`] (who is next), [`breaker`] (is it the
//! trials or the machine), [`pace`] (when to act again), [`fate`] (what killed a worker). Actions are thin:
//! [`process`] (one child), [`supervisor`] (the loop), [`attempts`] (failed attempts on disk), [`worker`] and
//! [`trainer`] (the child's side). [`message`] is what the two sides say. [`gpu`] is all that GPUs add.

pub mod ask;
pub mod attempts;
pub mod branch;
pub mod breaker;
pub mod claims;
pub mod coordinator;
mod crew;
pub mod curve;
pub mod desk;
mod fate;
pub mod fault;
pub mod gpu;
pub mod lock;
mod log;
pub mod machine;
pub mod message;
pub mod pace;
pub mod placement;
mod process;
pub mod progress;
pub mod queue;
pub mod ranks;
pub mod status;
pub mod supervisor;
pub mod supply;
pub mod trainer;
mod training;
pub mod walltime;
pub mod worker;

pub use process::Launch;
