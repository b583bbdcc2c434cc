//! The machine and the build that train a trial, as its record names them. Of the environment only what is named here: it may
//! hold secrets.

use std::collections::BTreeMap;
use std::fs::read_to_string;

/// Host name; "unknown" where the system does not tell.
pub fn host() -> String {
    read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}

/// The environment map of a record.
pub fn environment(threads: usize) -> BTreeMap<String, String> {
    let system = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    [
        ("host", host()),
        ("cpu", cpu()),
        ("os", format!("{} {}", std::env::consts::OS, system.trim())),
        ("arch", std::env::consts::ARCH.to_owned()),
        ("threads", threads.to_string()),
        ("device", "cpu".to_owned()),
        ("ablate_version", env!("CARGO_PKG_VERSION").to_owned()),
        ("git_rev", env!("ABLATE_GIT_REV").to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .chain(place())
    .collect()
}

/// The Slurm job that this process is part of, how often Slurm started it again, and the GPU that is this rank's.
fn place() -> impl Iterator<Item = (String, String)> {
    let named = [
        ("gpu", "ABLATE_GPU"),
        ("slurm_job_id", "SLURM_JOB_ID"),
        ("slurm_restart_count", "SLURM_RESTART_COUNT"),
    ];
    named.into_iter().filter_map(|(name, variable)| {
        let value = std::env::var(variable).ok()?;
        let number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        number.then(|| (name.to_owned(), value))
    })
}

/// Model name of the first processor.
fn cpu() -> String {
    let info = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':'));
    name.map_or("unknown", |(_, name)| name.trim()).to_owned()
}
