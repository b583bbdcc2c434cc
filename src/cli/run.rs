//! `ablate run`.

mod answer;
mod sweeping;

use super::pack::{self, Beside};
use crate::data;
use crate::durable;
use crate::error::{Error, ExitCode, Result};
use crate::fanout::Launch;
use crate::fanout::lock::Lock;
use crate::fanout::progress::Progress;
use crate::fanout::queue::Queue;
use crate::fanout::supervisor::{End, Site, Work as _, supervise};
use crate::plan::Plan;
use crate::record::{self, Folder};
use crate::sweep::Sweep;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use sweeping::Sweeping;

/// Signals that ask for a checkpoint and an end.
pub(super) const STOP_SIGNALS: [i32; 4] = [SIGINT, SIGTERM, SIGUSR1, SIGHUP];

/// Arguments of `ablate run`.
#[derive(clap::Args)]
pub struct Args {
    /// The sweep file
    file: PathBuf,
    /// Folder of all results
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Trials trained at a time [default: cores / threads]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    workers: Option<u16>,
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
}

/// Runs what is not done, then writes record and report.
pub fn run(args: &Args) -> Result<ExitCode> {
    let sweep = Sweep::load(&args.file)?;
    let plan = Plan::build(&sweep, args.max_trials, &data::facts)?;
    for warning in plan.warnings() {
        eprintln!("warning: {warning}");
    }
    let folder = Folder::create(&args.results, &sweep.name)?;
    let _alone = Lock::take(&folder)?;
    keep_yaml(&folder, &sweep.text)?;
    record::remove_stale_temps(&folder)?;
    let sweeping = Sweeping::new(&sweep, &plan, &folder)?;
    if args.retry_quarantined {
        sweeping.forgive()?;
    }
    let mut queue = sweeping.queue()?;
    let end = match queue.waiting() {
        0 => End::Drained,
        _ => train(args, &sweeping, &mut queue)?,
    };
    let Beside { done, packed } = pack::beside(&folder, || {
        sweeping.snapshot(&queue)?;
        match end {
            End::Stopped => Ok(None),
            End::Drained => answer::write(&sweeping, &queue).map(Some),
        }
    })?;
    let code = match done {
        None => {
            eprintln!("stopped; everything is saved\n  next: run the same command again to go on");
            ExitCode::MoreToDo
        }
        Some(record) => answer::tell(&record, &plan, &folder, &queue),
    };
    // Only now, because it hides no result.
    packed.map(|()| code)
}

/// Works the queue off with worker processes.
fn train(args: &Args, sweeping: &Sweeping<'_>, queue: &mut Queue) -> Result<End> {
    let stop = listen()?;
    let threads = usize::from(args.threads);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = args.workers.map_or((cores / threads).max(1), usize::from);
    eprintln!(
        "{}",
        sweeping.announcement(queue, workers.min(queue.waiting()))
    );
    let site = Site {
        folder: sweeping.folder,
        launch: launch(args, sweeping.folder)?,
        workers,
        hang_after: Duration::from_secs_f64(args.hang_after),
        stop: &stop,
    };
    let mut progress = Progress::on_stderr(sweeping.scope(queue));
    supervise(&site, queue, sweeping, &mut progress)
}

/// How this binary starts itself as a worker.
fn launch(args: &Args, folder: &Folder) -> Result<Launch> {
    let program = super::this_program()?;
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
        name: "ablate",
        arguments: arguments.map(std::ffi::OsStr::to_owned).into(),
    })
}

/// A flag that becomes true when the run is asked to stop. A second Ctrl-C ends the program at once, and the
/// kernel then its workers: what is saved stays saved.
fn listen() -> Result<Arc<AtomicBool>> {
    let [stop, interrupted] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let code = ExitCode::MoreToDo as i32;
    // In this order: the first Ctrl-C finds `interrupted` still false.
    flag::register_conditional_shutdown(SIGINT, code, Arc::clone(&interrupted))
        .and_then(|_| flag::register(SIGINT, interrupted))
        .and_then(|_| {
            let register = |signal| flag::register(signal, Arc::clone(&stop)).map(drop);
            STOP_SIGNALS.into_iter().try_for_each(register)
        })
        .map_err(|error| Error::Internal(format!("cannot listen for signals: {error}")))?;
    Ok(stop)
}

/// Keeps what was asked, replaced whole and only when it differs.
pub(super) fn keep_yaml(folder: &Folder, text: &str) -> Result<()> {
    let path = folder.sweep_yaml();
    if let Ok(old) = fs::read(&path)
        && old != text.as_bytes()
    {
        let kept = folder.replaced_yaml(&old);
        durable::update(&kept, &old)?;
        eprintln!(
            "note: the sweep file differs from the last run's, which is kept as {}; the report now answers the new one",
            kept.display()
        );
    }
    durable::update(&path, text.as_bytes())
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

    #[test]
    fn an_equal_sweep_file_is_not_written_again() {
        let results = tempfile::tempdir().expect("a folder");
        let folder = Folder::create(results.path(), "x").expect("made");
        let written = || {
            fs::metadata(folder.sweep_yaml())
                .expect("there")
                .modified()
                .ok()
        };
        keep_yaml(&folder, "name: x").expect("kept");
        let first = written();
        keep_yaml(&folder, "name: x").expect("kept");
        assert_eq!(written(), first);
        keep_yaml(&folder, "name: x # edited").expect("kept");
        assert_eq!(
            fs::read(folder.sweep_yaml()).expect("there"),
            b"name: x # edited"
        );
    }
}
