//! Any `ablate run` under a real mpirun.

#![allow(dead_code, reason = "each test file takes what it needs")]

use std::process::{Command, Stdio};

/// Whether mpirun is installed.
pub fn have_mpirun() -> bool {
    Command::new("mpirun").arg("--version").output().is_ok()
}

/// mpirun itself; who does not end when told to is killed after so many seconds.
pub fn launcher(kill_after: u32) -> Command {
    let mut mpirun = Command::new("mpirun");
    mpirun
        .args(["--oversubscribe", "--bind-to", "none"])
        .args(["--mca", "odls_base_sigkill_timeout"])
        .arg(kill_after.to_string())
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env_remove("ABLATE_FAULT")
        .stdin(Stdio::null());
    mpirun
}

/// Adds so many ranks of a run.
pub fn add(mpirun: &mut Command, ranks: u64, run: &Command) {
    mpirun.args(["-n", &ranks.to_string()]);
    hand_over(mpirun, run);
}

/// Adds the run, with its environment, to what starts it.
pub fn hand_over(to: &mut Command, run: &Command) {
    to.arg(run.get_program()).args(run.get_args());
    for (name, value) in run.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
}

/// The run, on so many ranks.
pub fn mpirun(ranks: u64, run: &Command) -> Command {
    let mut mpirun = launcher(1);
    add(&mut mpirun, ranks, run);
    mpirun
}
