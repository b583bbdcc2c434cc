//! `ablate logs`: what is known of one trial.

mod find;
mod tell;

use super::target::Target;
use crate::error::{Error, ExitCode, Result};
use find::Wanted;
use std::fs;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};

/// Arguments of `ablate logs`.
#[derive(clap::Args)]
pub struct Args {
    /// The beginning of the trial's id (4 hex digits or more), or its position in the plan
    #[arg(value_name = "TRIAL")]
    trial: Wanted,
    /// Results folder of its sweep, or the sweep's YAML [default: every sweep below --results]
    path: Option<PathBuf>,
    /// Folder of all results
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// How many lines of its log to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    lines: usize,
}

/// Tells what is known of a trial.
///
/// # Errors
/// When no trial, or more than one, is meant.
pub fn run(args: &Args) -> Result<ExitCode> {
    let targets = match &args.path {
        Some(path) => vec![Target::find(path, &args.results)?],
        None => all(&args.results)?,
    };
    let (target, index) = find::the_one(&args.trial, &targets)?;
    let text = tell::about(target, index, args.lines)?;
    // A reader that left early (`| head`) has seen enough.
    let _ = write!(stdout(), "{text}");
    Ok(ExitCode::Done)
}

/// Every sweep that was run below a folder. Those that cannot be planned any more are named and passed over.
fn all(results: &Path) -> Result<Vec<Target>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(results).map_err(Error::io("list", results))? {
        let path = entry.map_err(Error::io("list", results))?.path();
        if path.join("sweep.yaml").is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    let mut targets = Vec::new();
    for folder in folders {
        match Target::find(&folder, results) {
            Ok(target) => targets.push(target),
            Err(error) => tracing::warn!("{}: passed over\n{error}", folder.display()),
        }
    }
    Ok(targets)
}
