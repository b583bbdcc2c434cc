//! `ablate export` from outside: what TensorBoard's own reader and MLflow's client make of a record.

mod command;
#[path = "../common/mod.rs"]
mod common;
#[path = "../record/fixture.rs"]
mod fixture;
mod hostile;
mod made;
mod mlflow;
mod place;
mod tensorboard;
