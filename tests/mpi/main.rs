//! `ablate run` under a real `mpirun`: placement changes no result, and no rank can hang or lose the sweep.

mod bad_rank;
#[path = "../common/mod.rs"]
mod common;
mod deaths;
mod job;
#[path = "../launch/mod.rs"]
mod launch;
mod placement;
mod refusals;
#[path = "../scene/mod.rs"]
mod scene;
mod signals;
