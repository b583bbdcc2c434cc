//! A record for other tools.
//!
//! - [`tensorboard`]: event files, put in place as one folder. [`runs`] names their folders, [`trial`] and [`hparams`] say what is in
//!   them, [`event`] in which words, [`wire`] in which bytes (protobuf in TFRecord frames).
//! - [`mlflow`]: a script that logs the trials through MLflow's own client.
//!
//! The same record gives the same bytes: times are the record's own, nothing here reads a clock.

pub mod event;
pub mod hparams;
pub mod mlflow;
pub mod runs;
pub mod tensorboard;
pub mod trial;
pub mod wire;
