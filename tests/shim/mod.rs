//! A file system that fails on request: `shim.c` between `ablate`, its workers and HDF5 on one side and libc on the other.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test file takes what it needs"
)]

mod checks;
mod power;
mod sweep;
mod verify;

pub use power::Loss;
pub use sweep::Tiny;
pub use verify::verify;

use crate::scene::wait_until;
use rustix::io::Errno;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What happens at the chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// All processes die before the call; a write first does half of its work.
    Kill,
    /// The call fails.
    Error(Errno),
    /// The call and all later ones fail, as on a disk that stays full.
    Lasting(Errno),
    /// The power fails: as [`Kill`](Self::Kill), and what was not synced is gone.
    Power(Loss),
    /// The process stops before the call, as by SIGSTOP.
    Stop,
    /// The call takes so many seconds longer.
    Stall(u32),
}

impl Fault {
    /// Whether a disk, or a quota, is full.
    pub fn is_full(self) -> bool {
        match self {
            Self::Kill | Self::Power(_) | Self::Stop | Self::Stall(_) => false,
            Self::Error(errno) | Self::Lasting(errno) => {
                [Errno::NOSPC, Errno::DQUOT].contains(&errno)
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill => f.write_str("kill"),
            Self::Power(loss) => write!(f, "loss of power ({loss:?})"),
            Self::Stop => f.write_str("stop"),
            Self::Stall(seconds) => write!(f, "stall of {seconds} s"),
            Self::Error(errno) => f.write_str(name(*errno)),
            Self::Lasting(errno) => write!(f, "{} for good", name(*errno)),
        }
    }
}

fn name(errno: Errno) -> &'static str {
    match errno {
        Errno::NOSPC => "ENOSPC",
        Errno::DQUOT => "EDQUOT",
        Errno::IO => "EIO",
        Errno::ACCESS => "EACCES",
        Errno::ROFS => "EROFS",
        Errno::MFILE => "EMFILE",
        _ => "another error",
    }
}

/// Processes that the state has room for; see `shim.c`.
const MEMBERS: usize = 16;

/// Where in the state they are, in numbers of four bytes.
const FAULTS: usize = 1;
const WHO: usize = 128;

fn number(state: &[u8], index: usize) -> u32 {
    let bytes = &state[4 * index..4 * index + 4];
    u32::from_ne_bytes(bytes.try_into().expect("four bytes"))
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Calls that were counted.
    pub calls: u32,
    /// Calls at which the fault happened.
    pub faults: u32,
    /// The first of them, and its path.
    pub what: String,
}

/// The memory that the processes share; see `struct state` in `shim.c`.
pub struct Shim {
    state: tempfile::NamedTempFile,
}

impl Shim {
    /// For one run of `command`: `fault` at the `at`th call (from 1) that touches what lies below `folder`.
    /// `Err` says why this machine cannot.
    pub fn arm(
        command: &mut Command,
        folder: &Path,
        at: u32,
        fault: Fault,
    ) -> Result<Self, String> {
        let state = tempfile::NamedTempFile::new().expect("a file");
        state.as_file().set_len(1024).expect("a page");
        let (number, lasting) = match fault {
            Fault::Kill | Fault::Power(_) => ("kill".to_owned(), false),
            Fault::Error(errno) => (errno.raw_os_error().to_string(), false),
            Fault::Lasting(errno) => (errno.raw_os_error().to_string(), true),
            Fault::Stop => ("stop".to_owned(), false),
            Fault::Stall(_) => ("stall".to_owned(), false),
        };
        command
            .env("LD_PRELOAD", library()?)
            .env("SHIM_STATE", state.path())
            .env("SHIM_FOLDER", folder)
            .env("SHIM_AT", at.to_string())
            .env("SHIM_FAULT", number);
        if lasting {
            command.env("SHIM_LASTING", "1");
        }
        if let Fault::Stall(seconds) = fault {
            command.env("SHIM_SECONDS", seconds.to_string());
        }
        Ok(Self { state })
    }

    /// As [`arm`](Self::arm), at the `at`th of those calls that have this name ("unlink") and this text in their path.
    pub fn arm_at(
        command: &mut Command,
        folder: &Path,
        (call, path, at): (&str, &str, u32),
        fault: Fault,
    ) -> Result<Self, String> {
        command.env("SHIM_CALL", call).env("SHIM_PATH", path);
        Self::arm(command, folder, at, fault)
    }

    /// The process that the fault has happened in, once it has.
    pub fn victim(&self) -> Option<u32> {
        let bytes = fs::read(self.state.path()).expect("the state");
        (number(&bytes, FAULTS) > 0).then(|| number(&bytes, WHO))
    }

    /// What happened in the run, when the last of its processes is gone: workers outlive their supervisor by moments.
    pub fn seen(&self) -> Seen {
        let bytes = fs::read(self.state.path()).expect("the state");
        for member in (5..5 + MEMBERS)
            .map(|at| number(&bytes, at))
            .filter(|pid| *pid != 0)
        {
            wait_until("a process is gone", || {
                !Path::new("/proc").join(member.to_string()).exists()
            });
        }
        let text = bytes[4 * (5 + MEMBERS)..4 * WHO]
            .split(|byte| *byte == 0)
            .next();
        Seen {
            calls: number(&bytes, 0),
            faults: number(&bytes, FAULTS),
            what: String::from_utf8_lossy(text.unwrap_or_default()).into_owned(),
        }
    }
}

/// The library, compiled once for each source.
fn library() -> Result<PathBuf, String> {
    static LIBRARY: OnceLock<Result<(tempfile::TempDir, PathBuf), String>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| {
        let place = tempfile::tempdir().expect("a folder");
        let library = place.path().join("shim.so");
        let output = Command::new("cc")
            .args(["-Wall", "-O1", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shim/shim.c"))
            .arg("-ldl")
            .output()
            .map_err(|error| format!("cc: {error}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "shim.c does not compile: {said}");
        Ok((place, library))
    });
    made.as_ref()
        .map(|(_, path)| path.clone())
        .map_err(Clone::clone)
}
