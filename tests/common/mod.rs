//! What several test files need: how a test says that it lacks something, and the seal of a file.

#![allow(dead_code)] // each test file takes what it needs

#[path = "../formats/seal.rs"]
mod seal;

use seal::sealed;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Notes that (part of) a test could not run because something is missing on this machine. In CI that is a failure.
///
/// # Panics
/// When the environment variable `CI` is set.
pub fn skip(what: &str, missing: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "not to be skipped in CI: {what}: {missing}"
    );
    note_skipped(what, missing);
}

/// As [`skip`], for what a machine may rightly lack: the project must pass without real data.
pub fn note_skipped(what: &str, missing: &str) {
    let line = format!("{what}: {missing}");
    eprintln!("SKIPPED: {line}");
    if let Some(path) = std::env::var_os("ABLATE_SKIPPED") {
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path);
        if let Ok(mut file) = file {
            let _ = writeln!(file, "{line}");
        }
    }
}

/// Gives a changed file a good seal again.
pub fn seal(path: &Path) {
    let bytes = std::fs::read(path).expect("read");
    std::fs::write(path, sealed(bytes)).expect("written");
}

/// Writes a program.
pub fn program(path: &Path, contents: impl AsRef<[u8]>) {
    std::fs::write(path, contents).expect("written");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, executable).expect("executable");
}

/// A Python that can import these modules: the one named by `ABLATE_TEST_PYTHON`, or that of `.venv`, which `make test` makes.
pub fn python_with(modules: &str) -> Option<PathBuf> {
    let named = std::env::var_os("ABLATE_TEST_PYTHON").map(PathBuf::from);
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    [named, Some(ours)].into_iter().flatten().find(|python| {
        let probe = Command::new(python)
            .args(["-c", &format!("import {modules}")])
            .output();
        probe.is_ok_and(|output| output.status.success())
    })
}
