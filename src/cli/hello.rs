//! `ablate hello`: which build this is. `ablate run` asks the program for GPUs before it relies on it.

use crate::error::{Error, ExitCode, Result};
use crate::fanout::gpu::program::Introduction;

pub fn run() -> Result<ExitCode> {
    let text = serde_json::to_string(&Introduction::ours())
        .map_err(|error| Error::Internal(format!("an introduction as JSON: {error}")))?;
    say!("{text}");
    Ok(ExitCode::Done)
}
