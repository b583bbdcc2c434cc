//! A file system that fails on request: `shim.c` between `ablate`, its workers and HDF5 on one side and libc on the other.

#![allow(dead_code, reason = "each test file takes what it needs")]

mod sweep;

pub use sweep::Tiny;

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
}

impl Fault {
    /// Whether a disk, or a quota, is full.
    pub fn is_full(self) -> bool {
        match self {
            Self::Kill => false,
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
        state.as_file().set_len(512).expect("a page");
        let (number, lasting) = match fault {
            Fault::Kill => ("kill".to_owned(), false),
            Fault::Error(errno) => (errno.raw_os_error().to_string(), false),
            Fault::Lasting(errno) => (errno.raw_os_error().to_string(), true),
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
        Ok(Self { state })
    }

    /// What happened in the run, when the last of its processes is gone: workers outlive their supervisor by moments.
    pub fn seen(&self) -> Seen {
        let bytes = fs::read(self.state.path()).expect("the state");
        let number = |index: usize| {
            let bytes = &bytes[4 * index..4 * index + 4];
            u32::from_ne_bytes(bytes.try_into().expect("four bytes"))
        };
        for member in (5..5 + MEMBERS).map(number).filter(|pid| *pid != 0) {
            wait_until("a process is gone", || {
                !Path::new("/proc").join(member.to_string()).exists()
            });
        }
        let text = bytes[4 * (5 + MEMBERS)..].split(|byte| *byte == 0).next();
        Seen {
            calls: number(0),
            faults: number(1),
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
