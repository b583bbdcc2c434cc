//! Jobs of mpirun: started, watched, and nobody left of them.

use crate::common;
use crate::launch::{self, have_mpirun, launcher};
use crate::scene::{Running, Scene, processes_with, wait_until};
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Promise 9: a dead rank ends the job within this. A hang guard, far longer than it takes.
pub const SOON: Duration = Duration::from_secs(30);

/// `mpirun`, or nothing where there is none: then the test says that it was skipped.
pub fn mpirun() -> Option<Command> {
    if !have_mpirun() {
        common::skip("ranks over MPI", "mpirun is not installed");
        return None;
    }
    let mut command = launcher(5);
    // Signals meant for it must not reach the test.
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    Some(command)
}

/// Adds so many ranks on the sweep of a scene.
pub fn ranks(command: &mut Command, ranks: u64, scene: &Scene, arguments: &[&str]) {
    launch::add(command, ranks, &scene.command(arguments));
}

/// Runs the sweep of a scene on so many ranks, to its end.
pub fn run(count: u64, scene: &Scene, arguments: &[&str]) -> Option<Output> {
    let mut command = mpirun()?;
    ranks(&mut command, count, scene, arguments);
    Some(command.output().expect("mpirun ends"))
}

/// All that a program printed.
pub fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}\n{err}")
}

/// Starts so many ranks on the sweep of a scene; `fault` is their `ABLATE_FAULT`.
pub fn start(
    count: u64,
    scene: &Scene,
    arguments: &[&str],
    fault: Option<&str>,
) -> Option<Running> {
    let mut command = mpirun()?;
    ranks(&mut command, count, scene, arguments);
    // Behind the ranks, whose own environment is without faults.
    if let Some(fault) = fault {
        command.env("ABLATE_FAULT", fault);
    }
    Some(Running::new(&mut command))
}

/// So many trials that something can happen in the middle, however long the ranks take to start.
pub fn long() -> Scene {
    let scene = Scene::slow();
    scene.with_seeds(8);
    scene
}

/// The process of a rank.
pub fn rank_process(scene: &Scene, rank: usize) -> Option<u32> {
    let results = scene.folder();
    let of = results.parent()?.as_os_str().as_encoded_bytes();
    processes_with(of).into_iter().find(|pid| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let wanted = format!("OMPI_COMM_WORLD_RANK={rank}");
        environ
            .split(|byte| *byte == 0)
            .any(|entry| entry == wanted.as_bytes())
    })
}

/// The workers of a rank.
pub fn workers_of(scene: &Scene, rank: usize) -> Vec<u32> {
    let supervisor = rank_process(scene, rank);
    supervisor.map_or_else(Vec::new, |pid| {
        processes_with(format!("\0--parent\0{pid}\0").as_bytes())
    })
}

/// Waits until no process of a scene is left: no rank, no worker, no mpirun.
pub fn wait_for_nobody(scene: &Scene) {
    let results = scene.folder();
    let of = results.parent().expect("results").as_os_str();
    wait_until("nobody is left", || {
        processes_with(of.as_encoded_bytes()).is_empty()
    });
}
