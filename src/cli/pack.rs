//! `ablate pack`: packs committed trials into shards, beside whatever `ablate run` does meanwhile. HDF5 does one thing
//! at a time in a process, so packing in another one halves the time between the last trial and the report.

use crate::error::{Error, ExitCode, Result};
use crate::fanout::worker::die_with_parent;
use crate::record::{self, Folder};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Arguments of `ablate pack`, written by `ablate run`.
#[derive(clap::Args)]
pub struct Args {
    /// Process id of the supervisor
    #[arg(long)]
    parent: u32,
    /// Results folder of the sweep
    #[arg(long)]
    folder: PathBuf,
}

/// Packs what can be packed.
pub fn run(args: &Args) -> Result<ExitCode> {
    die_with_parent(args.parent)?;
    record::shard(&Folder::existing(&args.folder))?;
    Ok(ExitCode::Done)
}

/// Does `work` while trials are packed, in another process when there are many.
///
/// # Errors
/// What `work` says; else what packing says.
pub fn beside<T>(folder: &Folder, work: impl FnOnce() -> Result<T>) -> Result<T> {
    if !record::shard_due(folder)? {
        record::shard(folder)?;
        return work();
    }
    let program =
        std::env::current_exe().map_err(Error::io("find", "the running program".as_ref()))?;
    // In a process group of its own, as workers are: Ctrl-C is for this process to act on.
    let mut packer = Command::new(&program)
        .arg("pack")
        .args(["--parent", &std::process::id().to_string()])
        .arg("--folder")
        .arg(folder.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(Error::io("start", &program))?;
    let done = work();
    let status = packer
        .wait()
        .map_err(|error| Error::Worker(format!("cannot wait for the packer: {error}")))?;
    let done = done?;
    match status.code() {
        Some(0) => Ok(done),
        code => Err(Error::Reported {
            message: format!(
                "the trials in {} could not be packed into shards ({status}); nothing is lost\n  next: mend what is said above and run the same command again",
                folder.trials().display()
            ),
            code: code.map_or(ExitCode::Machine, |code| {
                ExitCode::from_number(u8::try_from(code).unwrap_or(ExitCode::Internal as u8))
            }),
        }),
    }
}
