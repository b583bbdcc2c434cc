//! `ablate run`.

use crate::error::{Error, ExitCode, Result};

/// Arguments of `ablate run`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: &Args) -> Result<ExitCode> {
    Err(Error::Internal("not built yet".into()))
}
