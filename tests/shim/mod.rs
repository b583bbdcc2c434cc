//! A file system that fails on request: `shim.c` between `ablate`, its workers and HDF5 on one side and libc on the other.

#![allow(dead_code, reason = "each test file takes what it needs")]

mod sweep;

pub use sweep::Tiny;

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

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill => f.write_str("kill"),
            Self::Error(errno) => write!(f, "{errno:?}"),
            Self::Lasting(errno) => write!(f, "{errno:?} for good"),
        }
    }
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

    /// What happened in the run, which has ended.
    pub fn seen(&self) -> Seen {
        let bytes = fs::read(self.state.path()).expect("the state");
        let number =
            |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let text = bytes[16..].split(|byte| *byte == 0).next();
        Seen {
            calls: number(0),
            faults: number(4),
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
