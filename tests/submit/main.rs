//! `ablate submit`, `ablate cancel` and the batch scripts, with a Slurm that only writes down what it is asked.

mod cancelling;
mod follow_ups;
mod golden;
mod gpus;
mod hostile;
mod refusals;
mod running;
mod sending;
mod stage;

#[path = "../common/mod.rs"]
mod common;
