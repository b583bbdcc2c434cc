//! Slurm jobs as a test sees them.

use super::Cluster;
use crate::scene::{Scene, binary, wait_until};
use std::path::Path;
use std::process::Command;

/// Two nodes, two ranks on each, one worker a rank.
pub const TWO_BY_TWO: [&str; 4] = [
    "--partition=gpu",
    "--nodes=2",
    "--ntasks-per-node=2",
    "--cpus-per-task=1",
];

/// What starts the ranks, as `ABLATE_LAUNCHER` names it.
pub const LAUNCHERS: [&str; 2] = ["srun", "mpirun"];

/// How a job ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// Slurm's word: COMPLETED, FAILED, TIMEOUT, CANCELLED …
    pub state: String,
    /// Exit code and signal of the batch script: `0:0`.
    pub exit: String,
}

impl Ended {
    /// As Slurm would say it.
    pub fn new(state: &str, exit: &str) -> Self {
        Self {
            state: state.into(),
            exit: exit.into(),
        }
    }
}

impl Cluster {
    /// Sends a job and returns its number.
    pub fn submit(&self, arguments: &[&str]) -> u32 {
        let mut sbatch = self.command("sbatch");
        sbatch.arg("--parsable").args(arguments);
        Self::sent(sbatch)
    }

    /// Sends `slurm/local.sbatch` for a sweep, as a user does, with options of sbatch.
    pub fn drain(&self, scene: &Scene, launcher: &str, options: &[&str]) -> u32 {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("slurm/local.sbatch");
        let results = scene.folder().parent().expect("results").to_owned();
        let yaml = results.with_file_name("tiny.yaml");
        let mut sbatch = self.launching("sbatch", launcher);
        sbatch
            .arg("--parsable")
            .args(options)
            .arg(script)
            .arg(yaml)
            .arg(results);
        Self::sent(sbatch)
    }

    /// A program of Slurm's or of ours, with what a user would export.
    pub fn launching(&self, program: &str, launcher: &str) -> Command {
        let mut command = self.command(program);
        command
            .env("ABLATE", binary())
            .env("ABLATE_LAUNCHER", launcher)
            .env_remove("ABLATE_FAULT");
        command
    }

    /// The number of the job that `sbatch --parsable` sends.
    pub fn sent(mut sbatch: Command) -> u32 {
        let output = sbatch.output().expect("started");
        let id = String::from_utf8_lossy(&output.stdout);
        let id = id.trim().split(';').next().and_then(|id| id.parse().ok());
        id.unwrap_or_else(|| panic!("{output:?}"))
    }

    /// Slurm's word for how a job is now.
    pub fn state(&self, job: u32) -> Option<String> {
        field(&self.about(job), "JobState")
    }

    /// Waits until a job has this state.
    pub fn wait_for(&self, job: u32, state: &str) {
        wait_until(&format!("job {job} is {state}"), || {
            let now = self.state(job);
            let over = now.as_deref().is_some_and(is_final);
            assert!(
                !over || now.as_deref() == Some(state),
                "job {job} is {now:?}, not {state}"
            );
            now.as_deref() == Some(state)
        });
    }

    /// Whether it has ended.
    pub fn is_over(&self, job: u32) -> bool {
        self.state(job).as_deref().is_some_and(is_final)
    }

    /// Waits for the end of a job and of all its processes.
    pub fn wait(&self, job: u32) -> Ended {
        let mut ended = None;
        wait_until(&format!("job {job} ends"), || {
            let about = self.about(job);
            let state = field(&about, "JobState").filter(|state| is_final(state));
            ended = state.zip(field(&about, "ExitCode"));
            ended.is_some()
        });
        let (state, exit) = ended.expect("it ended");
        Ended { state, exit }
    }

    /// What a job's script printed: `slurm-<job>.out`.
    pub fn output(&self, job: u32) -> String {
        std::fs::read_to_string(self.work().join(format!("slurm-{job}.out"))).unwrap_or_default()
    }

    fn about(&self, job: u32) -> String {
        self.says("scontrol", &["show", "job", "-o", &job.to_string()])
    }
}

fn field(about: &str, name: &str) -> Option<String> {
    let mut words = about.split_whitespace();
    words.find_map(|word| {
        word.strip_prefix(name)?
            .strip_prefix('=')
            .map(str::to_owned)
    })
}

/// Whether nothing of the job runs any more. Slurm has many words for what goes on, and these for what is over.
fn is_final(state: &str) -> bool {
    [
        "COMPLETED",
        "FAILED",
        "CANCELLED",
        "TIMEOUT",
        "PREEMPTED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
    ]
    .contains(&state)
}
