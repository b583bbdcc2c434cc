//! Ablation experiments on neural-network connections, from a YAML grid to a report.
//!
//! # The way of the data
//!
//! Words, pure data:
//! - [`config`]: what one trial is.
//! - [`sweep`]: the YAML as written, checked, every error with its place.
//! - [`grid`]: axes to points, enumerated lazily.
//! - [`plan`]: points times seeds to trials with ids.
//! - [`seed`]: keyed random streams.
//! - [`outcome`]: what a trial leaves behind.
//! - [`error`]: what can go wrong, and the exit codes.
//! - [`harmless`]: other people's words on a terminal.
//!
//! One trial:
//! - [`data`]: images and their corruption.
//! - [`nn`]: parameters, initial values, and the hot operations with their gradients.
//! - [`model`]: networks built from config, and what they cost.
//! - [`diffusion`]: noise schedules, targets, samplers: pure mathematics.
//! - [`metric`]: one measure a file.
//! - [`task`]: what is fed, what is the loss, what is measured.
//! - [`train`]: the loop, optimisers, checkpoints.
//!
//! Many trials:
//! - [`fanout`]: the queue, worker processes and their supervisor.
//!
//! Many machines:
//! - [`slurm`]: site profiles, how many Slurm jobs at what cost, their scripts, and what was sent.
//!
//! Keep and compare:
//! - [`durable`]: files that survive a kill and a loss of power.
//! - [`record`]: trial files, shards, `sweep.h5`, and their reader.
//! - [`report`]: statistics, tables and pages from a record.
//! - [`export`]: a record for other tools: TensorBoard, MLflow.
//!
//! - [`verify`]: whether a folder of results is whole, what is lost, and what mends it.
//! - [`doctor`]: whether this machine can run sweeps.
//! - [`cli`]: one file per command.

pub mod cli;
pub mod config;
pub mod data;
pub mod diffusion;
pub mod doctor;
pub mod durable;
pub mod error;
pub mod export;
pub mod fanout;
pub mod grid;
pub mod harmless;
pub mod metric;
pub mod model;
pub mod nn;
pub mod outcome;
pub mod plan;
pub mod record;
pub mod report;
pub mod seed;
pub mod slurm;
pub mod sweep;
pub mod task;
pub mod train;
pub mod verify;

pub use error::{Error, ExitCode, Result};
