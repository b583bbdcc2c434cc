//! `ablate run`.

mod answer;
mod difference;
mod follow;
mod lead;
mod ranks;
mod share;
mod sweeping;

pub(super) use lead::keep_yaml;

use super::device::{DeviceArgs, Hardware, WorkersPerGpu};
use super::recorded;
use crate::config::{DataConfig, DataFacts, Dataset};
use crate::data;
use crate::error::{Error, ExitCode, Result};
use crate::fanout::Launch;
use crate::fanout::claims::{self, plan_digest};
use crate::fanout::desk::Signals;
use crate::fanout::gpu::program;
use crate::fanout::ranks::launcher::{self, Launched};
use crate::fanout::supervisor::Site;
use crate::fanout::walltime::Walltime;
use crate::plan::{Device, Plan};
use crate::record::Folder;
use crate::sweep::Sweep;
use share::Share;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Signals that ask for a checkpoint and an end. Who started this under `nohup` wants it to outlive the terminal.
pub(super) fn stop_signals() -> impl Iterator<Item = i32> {
    let outlives = ignored_at_start(SIGHUP);
    let all = [SIGINT, SIGTERM, SIGUSR1, SIGHUP];
    all.into_iter()
        .filter(move |signal| *signal != SIGHUP || !outlives)
}

/// Whether whoever started this process had it ignore this signal; not known where there is no `/proc`.
fn ignored_at_start(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Arguments of `ablate run`.
#[derive(clap::Args)]
pub struct Args {
    /// The sweep file
    file: PathBuf,
    #[command(flatten)]
    form: super::QuickForm,
    /// Folder of all results
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    #[command(flatten)]
    device: DeviceArgs,
    /// Trials trained at a time [default: cores / threads; on GPUs: GPUs × workers per GPU]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    workers: Option<u16>,
    /// Trials trained at a time on one GPU: a number, or auto: one more as long as measured throughput grows and memory has room
    #[arg(
        long,
        value_name = "N|auto",
        default_value = "auto",
        conflicts_with = "workers"
    )]
    workers_per_gpu: WorkersPerGpu,
    /// Threads of each trial; results do not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
    /// Refuse sweeps with more trials than this
    #[arg(long, value_name = "N", default_value_t = Plan::MAX_TRIALS)]
    max_trials: usize,
    /// Try trials again that were given up after three failed attempts
    #[arg(long)]
    retry_quarantined: bool,
    /// Longest training that a crash may cost
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = seconds)]
    checkpoint_every: f64,
    /// Kill a worker that says nothing for so long (from 1 up)
    #[arg(long, value_name = "SECONDS", default_value_t = 600.0, value_parser = patience)]
    hang_after: f64,
    /// Leave when all that is left is in the hands of other runs of this sweep, instead of waiting for them
    #[arg(long)]
    no_wait: bool,
    /// Take over what another run holds when it has shown no life for so long (from 1 up)
    #[arg(long, value_name = "SECONDS", default_value_t = claims::LEASE.as_secs_f64(), value_parser = patience)]
    lease: f64,
}

/// Runs what is not done, then writes record and report. Under a launcher this process is one rank of many: the first does
/// that, the others train for it.
pub fn run(args: &Args) -> Result<ExitCode> {
    match launcher::launched(launcher::variables()) {
        Launched::Rank { rank: 1.., .. } => follow::follow(args),
        _ => lead::lead(args),
    }
}

/// What every rank makes of the command line.
struct Asked {
    sweep: Sweep,
    hardware: Hardware,
    plan: Plan,
    /// Tells equal plans from others.
    digest: String,
}

impl Asked {
    fn new(args: &Args) -> Result<Self> {
        let sweep = Sweep::load_form(&args.file, args.form.form())?;
        let folder = Folder::existing(args.results.join(&sweep.name));
        let hardware = args.device.hardware(&folder)?;
        let recorded = recorded::dataset(&folder);
        let device = hardware.choice.device;
        let facts = |config: &DataConfig| facts(config, recorded);
        let plan = Plan::build_on(device, &sweep, args.max_trials, &facts)?;
        let digest = plan_digest((0..plan.units()).map(|index| plan.id(index)));
        Ok(Self {
            sweep,
            hardware,
            plan,
            digest,
        })
    }
}

/// What `auto` stands for here, unless trials are done with MNIST: then it is MNIST or nothing, because other images would
/// train all of them again and take their report away.
fn facts(config: &DataConfig, recorded: Option<Dataset>) -> Result<DataFacts> {
    match (config.dataset, recorded) {
        (Dataset::Auto, Some(Dataset::Mnist)) => data::facts(&DataConfig {
            dataset: Dataset::Mnist,
            ..config.clone()
        }),
        _ => data::facts(config),
    }
}

fn site<'a>(
    args: &Args,
    hardware: &Hardware,
    folder: &'a Folder,
    rank: usize,
    share: Share,
    walltime: Walltime,
    signals: &'a Signals,
) -> Result<Site<'a>> {
    Ok(Site {
        rank,
        folder,
        launch: launch(args, hardware, folder)?,
        workers: share.workers,
        gpus: share.gpus,
        hang_after: Duration::from_secs_f64(args.hang_after),
        checkpoint_every: Duration::from_secs_f64(args.checkpoint_every),
        walltime,
        signals,
    })
}

/// How workers are started: this binary itself, or its twin for GPUs, when that is sound.
fn launch(args: &Args, hardware: &Hardware, folder: &Folder) -> Result<Launch> {
    let (program, name) = match hardware.choice.device {
        Device::Cpu => (super::this_program()?, "ablate"),
        Device::Cuda => {
            hardware.choice.check()?;
            let program = hardware.program.clone();
            program::probe(&program).check(&program)?;
            (program, program::NAME)
        }
    };
    let parent = std::process::id().to_string();
    let (threads, every) = (args.threads.to_string(), args.checkpoint_every.to_string());
    let arguments = [
        "worker".as_ref(),
        "--parent".as_ref(),
        parent.as_ref(),
        "--folder".as_ref(),
        folder.root().as_os_str(),
        "--threads".as_ref(),
        threads.as_ref(),
        "--checkpoint-every".as_ref(),
        every.as_ref(),
    ];
    Ok(Launch {
        program,
        name,
        arguments: arguments.map(std::ffi::OsStr::to_owned).into(),
    })
}

/// Flags that become true when the run is asked to stop. A second Ctrl-C ends the program at once, and the kernel then
/// its workers: what is saved stays saved.
fn listen() -> Result<Signals> {
    let signals = Signals::default();
    let interrupted = Arc::new(AtomicBool::new(false));
    let code = ExitCode::MoreToDo as i32;
    // In this order: the first Ctrl-C finds `interrupted` still false.
    flag::register_conditional_shutdown(SIGINT, code, Arc::clone(&interrupted))
        .and_then(|_| flag::register(SIGINT, interrupted))
        .and_then(|_| flag::register(SIGTERM, Arc::clone(&signals.soon)))
        .and_then(|_| {
            let register = |signal| flag::register(signal, Arc::clone(&signals.stop)).map(drop);
            stop_signals().try_for_each(register)
        })
        .map_err(|error| Error::Internal(format!("cannot listen for signals: {error}")))?;
    Ok(signals)
}

/// A time from the command line: from 0 up, finite.
pub(super) fn seconds(text: &str) -> std::result::Result<f64, String> {
    let parsed = text.parse().ok();
    parsed
        .filter(|seconds| (0.0..1e9).contains(seconds))
        .ok_or_else(|| "expected a number of seconds from 0 to 1e9".to_owned())
}

/// As [`seconds`], but long enough for a healthy worker to speak.
fn patience(text: &str) -> std::result::Result<f64, String> {
    match seconds(text)? {
        short if short < 1.0 => Err("expected at least 1 second".to_owned()),
        long => Ok(long),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_are_no_times_are_refused() {
        assert_eq!(seconds("0.5"), Ok(0.5));
        assert!(patience("0.5").is_err());
        for text in ["-1", "NaN", "inf", "1e300", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
