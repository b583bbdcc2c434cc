//! `ablate pack`: packs committed trials into shards, beside whatever `ablate run` does meanwhile. HDF5 does one thing
//! at a time in a process, so packing in another one halves the time between the last trial and the report.

use crate::error::{Error, ExitCode, Result};
use crate::fanout::fault;
use crate::fanout::worker::die_with_parent;
use crate::record::{self, Folder};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

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
    fault::inject_into_packer();
    record::shard(&Folder::existing(&args.folder))?;
    Ok(ExitCode::Done)
}

/// What was done while trials were packed.
pub struct Beside<T> {
    /// What the work gave.
    pub done: T,
    /// How packing ended. A failure loses nothing: trials stay in files of their own until the next run packs them.
    pub packed: Result<()>,
}

/// Does `work` while trials are packed, in another process when there are many.
///
/// # Errors
/// What `work` says.
pub fn beside<T>(folder: &Folder, work: impl FnOnce() -> Result<T>) -> Result<Beside<T>> {
    let packer = if record::shard_due(folder)? {
        start(folder)
            .inspect_err(|error| {
                tracing::warn!("{error}\n  done: packs after the report, in this process");
            })
            .ok()
    } else {
        None
    };
    let done = work();
    let packed = match packer {
        Some(packer) => end(packer, folder),
        None => record::shard(folder),
    };
    done.map(|done| Beside { done, packed })
}

fn start(folder: &Folder) -> Result<Child> {
    let program = super::this_program()?;
    // In a process group of its own, as workers are: Ctrl-C is for this process to act on.
    Command::new(&program)
        .arg0("ablate")
        .arg("pack")
        .args(["--parent", &std::process::id().to_string()])
        .arg("--folder")
        .arg(folder.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(Error::io("start", &program))
}

fn end(mut packer: Child, folder: &Folder) -> Result<()> {
    let status = packer
        .wait()
        .map_err(|error| Error::Worker(format!("cannot wait for the packer: {error}")))?;
    if status.success() {
        return Ok(());
    }
    // Killed: not by anything that this machine or build does, and the same command goes on.
    let code = status.code().map_or(ExitCode::MoreToDo, |code| {
        ExitCode::from_number(u8::try_from(code).unwrap_or(ExitCode::Internal as u8))
    });
    Err(Error::Reported {
        message: format!(
            "the trials in {} could not be packed into shards ({status}); nothing is lost\n  next: mend what is said above, if anything, and run the same command again",
            folder.trials().display()
        ),
        code,
    })
}
