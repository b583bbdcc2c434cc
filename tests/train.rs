//! Training from outside: resuming, threads, seeds, selection, what a result holds.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "train/bench.rs"]
mod bench;
mod common;
#[path = "train/edit.rs"]
mod edit;
#[path = "train/killed.rs"]
mod killed;
#[path = "train/networks.rs"]
mod networks;
#[path = "train/results.rs"]
mod results;
#[path = "train/resume.rs"]
mod resume;
#[path = "train/same.rs"]
mod same;
