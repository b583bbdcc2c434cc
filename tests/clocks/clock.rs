//! Wrong wall clocks: `clock.c` between `ablate`, its workers and HDF5 on one side and libc on the other.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// What a wall clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// So many seconds more than it should.
    Off(i64),
    /// So many seconds more at each look, be that forwards or backwards.
    Jumping(i64),
    /// The first moment of 1970, for ever: a machine whose battery is empty.
    Empty,
}

impl Clock {
    /// All that are tried.
    pub const ALL: [Self; 5] = [
        Self::Off(DAY),
        Self::Off(-DAY),
        Self::Jumping(-60),
        Self::Jumping(DAY),
        Self::Empty,
    ];

    /// Lets `command` and its children see this clock. `Err` says why this machine cannot.
    pub fn set(self, command: &mut Command) -> Result<&mut Command, String> {
        let (variable, value) = match self {
            Self::Off(seconds) => ("CLOCK_ADD", seconds),
            Self::Jumping(seconds) => ("CLOCK_STEP", seconds),
            Self::Empty => ("CLOCK_STANDS_AT", 0),
        };
        let library = library()?;
        Ok(command
            .env("LD_PRELOAD", library)
            .env(variable, value.to_string()))
    }
}

/// The library, compiled once.
fn library() -> Result<PathBuf, String> {
    static LIBRARY: OnceLock<Result<(tempfile::TempDir, PathBuf), String>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| {
        let place = tempfile::tempdir().expect("a folder");
        let library = place.path().join("clock.so");
        let output = Command::new("cc")
            .args(["-Wall", "-O1", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clocks/clock.c"))
            .output()
            .map_err(|error| format!("cc: {error}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "clock.c does not compile: {said}");
        Ok((place, library))
    });
    made.as_ref()
        .map(|(_, path)| path.clone())
        .map_err(Clone::clone)
}
