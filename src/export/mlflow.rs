//! MLflow: a script that logs the trials of a `sweep.h5` through MLflow's own client.
//!
//! Not its file store (`mlruns/`): since MLflow 3.13 (June 2026) opening one is an error unless `MLFLOW_ALLOW_FILE_STORE` is
//! set, and the store gets no new features (mlflow/mlflow issue 18534). The client reaches whatever a user has: a server, SQLite,
//! or such a store.

use crate::durable;
use crate::error::{Error, Result};
use std::path::Path;

/// The script's name. Not `mlflow.py`, which Python would import in the place of MLflow.
pub const NAME: &str = "to_mlflow.py";

const SCRIPT: &str = include_str!("to_mlflow.py");

/// Writes the script; an older one of ours is replaced.
///
/// # Errors
/// When another file has its name, or the file system refuses.
pub fn write(path: &Path) -> Result<()> {
    let ours = SCRIPT.lines().next().unwrap_or_default();
    let is_ours = |text: Vec<u8>| text.starts_with(ours.as_bytes());
    if path.exists() && !std::fs::read(path).is_ok_and(is_ours) {
        return Err(Error::Usage {
            problem: format!("{} is there and not ours", path.display()),
            next: "choose another folder with --out, or move this file away".into(),
        });
    }
    durable::update(path, SCRIPT.as_bytes())
}
