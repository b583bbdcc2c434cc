//! The command line: one file per command, each with its arguments and a `run` that returns an exit code.

// They panic where nobody can be told: `say` and `tell` do not.
#![warn(clippy::print_stdout, clippy::print_stderr)]

/// A line on standard output. A reader that left early (`| head`) is no failure, and never one before what was done is
/// written down.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

/// A line on standard error. A log on a disk that is full is no reason to stop training.
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod cancel;
mod compare;
mod data;
mod device;
mod doctor;
mod export;
mod fields;
mod guarded;
mod hello;
mod logs;
mod pack;
mod plan;
mod recorded;
mod report;
mod run;
mod slurm;
mod status;
mod submit;
mod target;
mod verify;
mod worker;

use crate::error::{Error, ExitCode, Result};
use crate::harmless::harmless_lines;
use crate::sweep::Form;
use clap::{Parser, Subcommand};
use std::io::{Stderr, Write, stderr};
use std::path::{Path, PathBuf};

/// Which form of the sweep is meant.
#[derive(clap::Args)]
struct QuickForm {
    /// The sweep's quick form: what its `quick` section says, in the folder `<name>-quick`
    #[arg(long)]
    quick: bool,
}

impl QuickForm {
    fn form(&self) -> Form {
        match self.quick {
            true => Form::Quick,
            false => Form::Full,
        }
    }
}

/// Ablation experiments on neural-network connections, from a YAML grid to a report.
#[derive(Parser)]
#[command(name = "ablate", version, after_long_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0   all that was asked is done
  1   the sweep ended, but some trials failed or are quarantined
  2   the command line or the YAML is wrong; nothing was run
  3   a data set is missing or damaged
  4   the file system refused (full, read-only, no permission)
  5   a record or checkpoint is damaged or of another format
  6   workers do not start or keep dying on this machine, or a rank of the job hangs, is gone or is of another build
  70  a bug in ablate
  75  interrupted with everything saved; the same command goes on";

#[derive(Subcommand)]
enum Command {
    /// Show what a sweep file asks for, without running anything
    Plan(plan::Args),
    /// List every field that a sweep file can set, with its default
    Fields(fields::Args),
    /// Run a sweep, or go on with it, and end with its report
    Run(run::Args),
    /// Show how a sweep stands: what is done, who trains what, and what Slurm says
    Status(status::Args),
    /// Show what is known of one trial: attempts, the end of its log, checkpoints
    Logs(logs::Args),
    /// Write the report of a sweep again
    Report(report::Args),
    /// Read all results of a sweep: what is damaged, what is lost, and what mends it
    Verify(verify::Args),
    /// Put sweeps beside each other: are the numbers the same, and what differs
    Compare(compare::Args),
    /// Export a sweep to other tools: TensorBoard, MLflow
    Export(export::Args),
    /// Send a sweep to Slurm as a few jobs, and leave
    Submit(Box<submit::Args>),
    /// End the Slurm jobs of a sweep
    Cancel(cancel::Args),
    /// Fetch or verify data sets
    Data(data::Args),
    /// Check whether this machine can run sweeps, and say how to mend what it lacks
    Doctor(doctor::Args),
    /// Say which build this is (asked by `ablate run`)
    #[command(hide = true)]
    Hello,
    /// Train trials for a supervisor (started by `ablate run`)
    #[command(hide = true)]
    Worker(worker::Args),
    /// Pack committed trials into shards (started by `ablate run`)
    #[command(hide = true)]
    Pack(pack::Args),
    /// Read files that others may have made (started by the commands that do)
    #[command(hide = true)]
    Guarded(guarded::Args),
    /// What batch scripts ask for (started by them)
    #[command(hide = true)]
    Slurm(slurm::Args),
}

/// Parses the command line, runs the command and prints its error, if any.
pub fn main() -> ExitCode {
    init_tracing();
    match Cli::parse().command {
        Command::Guarded(args) => {
            let words = std::iter::once("ablate".into()).chain(args.words.iter().cloned());
            told(guarded::obey(&args, || {
                told(run(Cli::parse_from(words).command))
            }))
        }
        command if command.reads_files_of_others() => told(guarded::run()),
        command => told(run(command)),
    }
}

impl Command {
    /// A watch goes on for days beside the user's own run.
    fn reads_files_of_others(&self) -> bool {
        match self {
            Self::Report(_) | Self::Verify(_) | Self::Compare(_) | Self::Export(_) => true,
            Self::Status(args) => !args.is_watch(),
            _ => false,
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Plan(args) => plan::run(&args),
        Command::Fields(args) => fields::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Logs(args) => logs::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Data(args) => data::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Hello => hello::run(),
        Command::Worker(args) => worker::run(&args),
        Command::Pack(args) => pack::run(&args),
        Command::Submit(args) => submit::run(&args),
        Command::Cancel(args) => cancel::run(&args),
        Command::Slurm(args) => slurm::run(&args),
        Command::Guarded(_) => Err(Error::Internal("guarded twice".into())),
    }
}

/// "1 worker", "2 workers".
fn count(n: impl Into<u64>, noun: &str) -> String {
    let n = n.into();
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

/// Prints an error, if any.
fn told(outcome: Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        // Paths and values in it are anybody's: none moves the cursor or turns the writing round.
        tell!("error: {}", harmless_lines(&error.to_string()));
        error.exit_code()
    })
}

/// This very program, to be started again: where the system has `/proc`, even when its file was replaced or deleted since
/// (`cargo build` during a sweep).
fn this_program() -> Result<PathBuf> {
    let itself = Path::new("/proc/self/exe");
    if itself.exists() {
        return Ok(itself.to_owned());
    }
    std::env::current_exe().map_err(Error::io("find", "the running program".as_ref()))
}

/// Standard error that takes everything: who logs would write there that it cannot be written to, and panic.
struct Patient(Stderr);

impl Write for Patient {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        Ok(self.0.write(text).unwrap_or(text.len()))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// Diagnostics go to standard error; `ABLATE_LOG=debug` shows more.
fn init_tracing() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ABLATE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Patient(stderr()))
        .init();
}
