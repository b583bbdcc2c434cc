//! A real Slurm on this machine: munged, slurmctld and two nodes with four pretended GPUs each, in a folder and on ports of
//! its own. It is gone when dropped, and what a crashed run left is killed by the next one.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test file takes what it needs"
)]

mod conf;
mod job;
mod slot;

pub use job::{Ended, LAUNCHERS, TWO_BY_TWO};

use crate::common;
use crate::scene::wait_until;
use slot::Slot;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What has to be installed: a program of each package, and the package.
const PROGRAMS: [(&str, &str); 5] = [
    ("munged", "munge"),
    ("slurmctld", "slurmctld"),
    ("slurmd", "slurmd"),
    ("sbatch", "slurm-client"),
    ("mpirun", "openmpi-bin"),
];

/// A running Slurm.
pub struct Cluster {
    slot: Slot,
    daemons: Vec<Child>,
}

impl Cluster {
    /// Starts one and waits until both nodes are idle. Where this machine cannot have one, says so for `test` and
    /// returns nothing.
    pub fn start(test: &str) -> Option<Self> {
        if let Some(missing) = missing() {
            common::skip(test, &missing);
            return None;
        }
        let slot = Slot::take();
        conf::write(slot.folder(), slot.ports());
        let mut cluster = Self {
            slot,
            daemons: Vec::new(),
        };
        let munge = cluster.slot.folder().join("munge");
        cluster.daemon(
            "munged",
            &[
                "--foreground".into(),
                "--force".into(),
                format!("--key-file={}/key", munge.display()),
                format!("--pid-file={}/pid", munge.display()),
                format!("--seed-file={}/seed", munge.display()),
                format!("--socket={}", conf::socket(cluster.slot.folder()).display()),
            ],
        );
        wait_until("munged listens", || {
            cluster.ended().is_none() && conf::socket(cluster.slot.folder()).exists()
        });
        let text = |words: &[&str]| {
            words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>()
        };
        cluster.daemon("slurmctld", &text(&["-D", "-c", "-i"]));
        for node in conf::NODES {
            cluster.daemon("slurmd", &text(&["-D", "-N", node]));
        }
        wait_until("both nodes are idle", || {
            assert_eq!(cluster.ended(), None, "a daemon of Slurm ended");
            cluster.says("sinfo", &["-h", "-N", "-p", "gpu", "-o", "%N %t"]) == "n1 idle\nn2 idle\n"
        });
        Some(cluster)
    }

    /// Where jobs run and write; empty at first.
    pub fn work(&self) -> PathBuf {
        self.slot.folder().join("work")
    }

    /// A program that sees this Slurm and no other, started in [`work`](Self::work).
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let foreign = [
                "SLURM", "SBATCH_", "SQUEUE_", "SALLOC_", "SRUN_", "OMPI_", "PMIX_",
            ];
            if foreign.iter().any(|start| text.starts_with(start)) {
                command.env_remove(&name);
            }
        }
        command
            .env("SLURM_CONF", conf::file(self.slot.folder()))
            .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
            .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
            // Both nodes are this machine, and shared memory is named by machine: their ranks would take each other's.
            .env("OMPI_MCA_btl", "self,tcp")
            .env("OMPI_MCA_btl_tcp_if_include", "lo")
            .current_dir(self.work())
            .stdin(Stdio::null());
        command
    }

    /// What a program of Slurm prints; nothing while slurmctld does not answer.
    pub fn says(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program).args(arguments).output();
        String::from_utf8_lossy(&output.expect("started").stdout).into_owned()
    }

    /// Starts a daemon whose output goes to a log.
    fn daemon(&mut self, program: &str, arguments: &[String]) {
        let name = format!("{program}.{}.out", self.daemons.len());
        let log = File::create(self.slot.folder().join("log").join(name)).expect("a log");
        let mut command = self.command(program);
        command
            .args(arguments)
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        self.daemons.push(command.spawn().expect("started"));
    }

    /// How a daemon ended that should run.
    fn ended(&mut self) -> Option<std::process::ExitStatus> {
        let ends = self.daemons.iter_mut().map(|daemon| daemon.try_wait());
        ends.filter_map(|end| end.expect("a child")).next()
    }

    /// The ends of what Slurm logged and of what jobs printed.
    fn tell(&self) {
        for (folder, kind) in [
            (self.slot.folder().join("log"), "log"),
            (self.work(), "out"),
        ] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.extension().is_some_and(|extension| extension == kind) {
                    let text = fs::read(&path).unwrap_or_default();
                    let tail = &text[text.len().saturating_sub(6_000)..];
                    eprintln!("--- {}\n{}", path.display(), String::from_utf8_lossy(tail));
                }
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell();
        }
        self.slot.clear();
        for daemon in &mut self.daemons {
            let _ = daemon.wait();
        }
    }
}

/// Why this machine cannot have a cluster.
fn missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("a Slurm of one's own needs root".into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed =
        |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).exists());
    let lacking = PROGRAMS.iter().filter(|(program, _)| !installed(program));
    let packages: Vec<_> = lacking.map(|(_, package)| *package).collect();
    (!packages.is_empty()).then(|| format!("not installed: {}", packages.join(" ")))
}

/// Compiles a C program of `tests/cluster` with MPI.
pub fn compile(source: &str, to: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cluster")
        .join(source);
    let status = Command::new("mpicc").arg(source).arg("-o").arg(to).status();
    assert!(status.expect("mpicc is part of libopenmpi-dev").success());
}
