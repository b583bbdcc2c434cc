//! `ablate worker`: the child's side of `ablate run`.

use crate::error::{Error, ExitCode, Result};
use crate::fanout::trainer::Committing;
use crate::fanout::worker;
use crate::record::Folder;
use std::io::{BufReader, stdin, stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Arguments of `ablate worker`, written by `ablate run`.
#[derive(clap::Args)]
pub struct Args {
    /// Process id of the supervisor
    #[arg(long)]
    parent: u32,
    /// Results folder of the sweep
    #[arg(long)]
    folder: PathBuf,
    /// Threads of a trial
    #[arg(long)]
    threads: usize,
    /// Longest time without a checkpoint, in seconds
    #[arg(long, value_parser = super::run::seconds)]
    checkpoint_every: f64,
}

/// Trains until the supervisor has no more trials.
pub fn run(args: &Args) -> Result<ExitCode> {
    worker::die_with_parent(args.parent)?;
    let stop = Arc::new(AtomicBool::new(false));
    // Slurm sends its signals to every process of a job, workers too: they mean the same to all of them.
    for signal in super::run::STOP_SIGNALS {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|error| Error::Internal(format!("signal {signal}: {error}")))?;
    }
    let checkpoint_every = Duration::from_secs_f64(args.checkpoint_every);
    let folder = Folder::existing(&args.folder);
    let mut trainer = Committing::new(folder, args.threads, checkpoint_every);
    // Without exit handlers: the training thread may be inside HDF5, whose handler would wait for it.
    let gone = || signal_hook::low_level::exit(ExitCode::Done as i32);
    worker::serve(
        BufReader::new(stdin()),
        &mut stdout(),
        &stop,
        &mut trainer,
        gone,
    )?;
    Ok(ExitCode::Done)
}
