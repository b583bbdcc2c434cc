//! What `ablate verify` says of a folder.

use crate::scene::{Scene, binary};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

/// Reads the folder with `ablate verify`. `Err`: it dies, contradicts itself, or does not say what it has to.
pub fn verify(scene: &Scene, told: Option<&Path>) -> Result<(), String> {
    let mut command = Command::new(binary());
    let output = command.args(["verify", "--json"]).arg(scene.folder());
    let output = output.output().expect("started");
    let [said, cried] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let code = output.status.code().unwrap_or(-1);
    let refuse = |what: &str| Err(format!("verify ends with {code} {what}: {said}{cried}"));
    let Ok(verdict) = serde_json::from_str::<serde_json::Value>(&said) else {
        return refuse("and no verdict");
    };
    let findings = verdict["findings"].as_array().expect("findings");
    let damaged = findings.iter().any(|found| found["level"] == "damage");
    if code != if damaged { 5 } else { 0 } || cried.contains("panicked") {
        return refuse("which is not what it found");
    }
    // Whether a sweep file was damaged or edited cannot be known.
    let is_told = |path: &Path| {
        findings.iter().any(|found| {
            let heavy = found["level"] == "damage" || path == Path::new("sweep.yaml");
            heavy && names(scene, found, path)
        })
    };
    match told {
        Some(told) if !is_told(told) => refuse(&format!("and does not name {}", told.display())),
        _ => Ok(()),
    }
}

/// Whether a finding is of this file, by any of its names.
fn names(scene: &Scene, found: &serde_json::Value, path: &Path) -> bool {
    let found = Path::new(found["path"].as_str().expect("a path"));
    let inode = |path: &Path| fs::metadata(scene.folder().join(path)).map(|facts| facts.ino());
    found == path || matches!((inode(found), inode(path)), (Ok(one), Ok(other)) if one == other)
}
