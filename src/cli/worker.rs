//! `ablate worker`: the child's side of `ablate run`.

use crate::error::{Error, ExitCode, Result};
use crate::fanout::machine::{self, OwnGpu};
use crate::fanout::trainer::Committing;
use crate::fanout::{fault, worker};
use crate::nn;
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
    /// The GPU to train on, of those that are visible; else the processor
    #[arg(long)]
    gpu: Option<usize>,
    /// What nvidia-smi says of it, as JSON
    #[arg(long)]
    gpu_facts: Option<String>,
}

/// Trains until the supervisor has no more trials.
pub fn run(args: &Args) -> Result<ExitCode> {
    worker::die_with_parent(args.parent)?;
    let stop = Arc::new(AtomicBool::new(false));
    // Slurm sends its signals to every process of a job, workers too: they mean the same to all of them.
    for signal in super::run::stop_signals() {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|error| Error::Internal(format!("signal {signal}: {error}")))?;
    }
    let gpu = take_gpu(args)?;
    let checkpoint_every = Duration::from_secs_f64(args.checkpoint_every);
    let folder = Folder::existing(&args.folder);
    let mut trainer = Committing::new(folder, args.threads, checkpoint_every, gpu.as_ref());
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

/// Opens the worker's GPU. That it cannot be opened is the machine's fault, and told before any trial is begun.
fn take_gpu(args: &Args) -> Result<Option<OwnGpu>> {
    let Some(number) = args.gpu else {
        return Ok(None);
    };
    // Only for show, so that what cannot be read is not known.
    let known = args.gpu_facts.as_deref();
    let gpu = OwnGpu {
        number,
        known: known.and_then(|facts| serde_json::from_str(facts).ok()),
    };
    if fault::pretends_gpu() {
        return Ok(Some(gpu));
    }
    let refused = |error: Error| {
        let why = match error {
            Error::Usage { problem, .. } => problem,
            other => other.to_string(),
        };
        let model = gpu
            .known
            .as_ref()
            .map_or("of unknown model", |gpu| &gpu.model);
        Error::Worker(format!(
            "GPU {number} ({model}) of {} cannot be used: {why}\n  next: look at it with `nvidia-smi` there, and see `ablate doctor`; a GPU in exclusive mode takes one worker (--workers-per-gpu 1) unless MPS runs",
            machine::host()
        ))
    };
    nn::use_gpu(number).map_err(refused)?;
    Ok(Some(gpu))
}
