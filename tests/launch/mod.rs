//! Any `ablate run` under a real mpirun.

#![allow(dead_code, reason = "each test file takes what it needs")]

use std::process::{Command, Stdio};

/// Whether mpirun is installed.
pub fn have_mpirun() -> bool {
    Command::new("mpirun").arg("--version").output().is_ok()
}

/// The run, on so many ranks.
pub fn mpirun(ranks: u64, run: &Command) -> Command {
    let mut mpirun = Command::new("mpirun");
    mpirun
        .args(["--oversubscribe", "--bind-to", "none"])
        .args(["--mca", "odls_base_sigkill_timeout", "1"])
        .args(["-n", &ranks.to_string()])
        .arg(run.get_program())
        .args(run.get_args())
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env_remove("ABLATE_FAULT")
        .stdin(Stdio::null());
    for (name, value) in run.get_envs() {
        match value {
            Some(value) => mpirun.env(name, value),
            None => mpirun.env_remove(name),
        };
    }
    mpirun
}
