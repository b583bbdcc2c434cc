//! `ablate guarded`: a command that reads files which others may have made, in a process that may die of them. HDF5 does not
//! survive everything that is not a file of its own making, however well it is sealed: of random changes one in a hundred makes it
//! crash or go on for ever. The command that the user gave starts this one, and says of which file it died.

use super::this_program;
use crate::error::{Error, ExitCode, Result};
use crate::fanout::fault;
use crate::fanout::worker::die_with_parent;
use crate::record;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use signal_hook::low_level::{emulate_default_handler, exit};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

/// Seconds of computing that a file may take, and memory; both grow with the file. Files of ablate's own take a hundredth of it.
const SECONDS: u64 = 10;
const BYTES_A_SECOND: u64 = 1 << 20;
const MEMORY: u64 = 8 << 30;
const MEMORY_A_BYTE: u64 = 4;

/// Deaths that a file can be to blame for.
const DEADLY: [Signal; 7] = [
    Signal::SEGV,
    Signal::BUS,
    Signal::ILL,
    Signal::FPE,
    Signal::ABORT,
    Signal::XCPU,
    Signal::KILL,
];

/// Arguments of `ablate guarded`, written by the command that starts it.
#[derive(clap::Args)]
pub struct Args {
    /// Process id of that command
    #[arg(long)]
    parent: u32,
    /// A file that HDF5 did not survive
    #[arg(long)]
    deadly: Vec<PathBuf>,
    /// The command and its arguments
    #[arg(last = true)]
    pub words: Vec<OsString>,
}

/// Does what this process was asked for in another one, again and again, each time without the files that killed the last.
///
/// # Errors
/// When no process can be started, or one dies of no file.
pub fn run() -> Result<ExitCode> {
    let mut deadly = BTreeSet::new();
    loop {
        let (status, last) = attempt(&deadly)?;
        if let Some(code) = status.code() {
            let code = u8::try_from(code).map_or(ExitCode::Internal, ExitCode::from_number);
            return Ok(code);
        }
        let signal = status.signal().and_then(Signal::from_named_raw);
        match (signal, last) {
            (Some(signal), Some(path))
                if DEADLY.contains(&signal) && deadly.insert(path.clone()) =>
            {
                tracing::debug!("{}: {status}", path.display());
            }
            (Some(signal), _) if !DEADLY.contains(&signal) => {
                // The user ended it, and so this.
                let _ = emulate_default_handler(signal.as_raw());
            }
            _ => return Err(Error::Internal(format!("a reading process died: {status}"))),
        }
    }
}

/// How one process ended, and the file that it read last.
fn attempt(deadly: &BTreeSet<PathBuf>) -> Result<(ExitStatus, Option<PathBuf>)> {
    let failed = |error| Error::io("start", "a reading process".as_ref())(error);
    let (mut told, tells) = std::io::pipe().map_err(failed)?;
    let mut command = Command::new(this_program()?);
    command
        .arg0("ablate")
        .arg("guarded")
        .args(["--parent", &std::process::id().to_string()]);
    for path in deadly {
        command.arg("--deadly").arg(path);
    }
    // What it reads goes out through its standard input, which no such command needs.
    command
        .arg("--")
        .args(std::env::args_os().skip(1))
        .stdin(tells);
    let mut child = command.spawn().map_err(failed)?;
    // It holds an end of the pipe.
    drop(command);
    let mut paths = Vec::new();
    told.read_to_end(&mut paths).map_err(failed)?;
    let last = paths
        .split(|byte| *byte == 0)
        .rfind(|path| !path.is_empty());
    let last = last.map(|path| PathBuf::from(OsStr::from_bytes(path)));
    Ok((child.wait().map_err(failed)?, last))
}

/// Does `command` in this process, which is allowed so much for each file, and ends with its code.
///
/// # Errors
/// When this is no child of that command.
pub fn obey(args: &Args, command: impl FnOnce() -> ExitCode) -> Result<ExitCode> {
    die_with_parent(args.parent)?;
    let tells = std::io::stdin().as_fd().try_clone_to_owned();
    let tells = File::from(tells.map_err(Error::io("open", "standard input".as_ref()))?);
    limit(Resource::Core, Some(0));
    record::watch(args.deadly.iter().cloned().collect(), move |path| {
        let Some(path) = path else {
            return limit(Resource::Cpu, None);
        };
        let bytes = std::fs::metadata(path).map_or(0, |facts| facts.len());
        let seconds = SECONDS + bytes / BYTES_A_SECOND;
        limit(Resource::Cpu, computed().map(|so_far| so_far + seconds));
        limit(Resource::As, Some(MEMORY + MEMORY_A_BYTE * bytes));
        let line = [path.as_os_str().as_bytes(), b"\0"].concat();
        // Who listened is gone, and this process in a moment.
        let _ = (&tells).write_all(&line);
        fault::inject_into_reader();
    });
    let code = command();
    let _ = std::io::stdout().flush();
    // Without exit handlers: HDF5's may go on for ever, too.
    exit(code as i32)
}

/// Whole seconds that this process has computed; `None` where the system does not say.
fn computed() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    // In user and in kernel mode, in hundredths of seconds.
    let times = rest.split(' ').skip(11).take(2).map(str::parse::<u64>);
    Some(times.sum::<std::result::Result<u64, _>>().ok()? / 100)
}

/// Sets a limit, never above what the system allows.
fn limit(resource: Resource, most: Option<u64>) {
    let maximum = getrlimit(resource).maximum;
    let current = most.into_iter().chain(maximum).min();
    // Where there are no such limits, the crash of a process is still no crash of the command.
    let _ = setrlimit(resource, Rlimit { current, maximum });
}
