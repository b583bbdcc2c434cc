//! What several test files need: how a test says that it lacks something.

use std::io::Write as _;

/// Notes that (part of) a test could not run because something is missing on this machine. In CI that is a failure.
///
/// # Panics
/// When the environment variable `CI` is set.
pub fn skip(what: &str, missing: &str) {
    let line = format!("{what}: {missing}");
    assert!(
        std::env::var_os("CI").is_none(),
        "not to be skipped in CI: {line}"
    );
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
