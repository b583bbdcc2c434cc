//! Tells the binary which commit it was built from, so that records can name it.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Records worth keeping come from release builds. What tests build says nothing: else every commit would compile all anew.
    let revision = match std::env::var("PROFILE").as_deref() {
        Ok("release") => revision().unwrap_or_else(|| "unknown".to_owned()),
        _ => "built-for-tests".to_owned(),
    };
    println!("cargo::rustc-env=ABLATE_GIT_REV={revision}");
}

/// The commit, with `-dirty` where sources differ from it.
fn revision() -> Option<String> {
    for source in ["src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={source}");
    }
    // Every commit and checkout is logged there. Cargo takes a file that is missing for one that changes all the time.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["describe", "--always", "--dirty", "--abbrev=12"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
