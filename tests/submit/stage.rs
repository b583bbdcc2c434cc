//! A folder with a small sweep, and a Slurm whose programs write down how they were called.

use crate::common::program;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Takes jobs from 101 up; refuses the one in `refuse`, prints `says` instead where that is there.
const SBATCH: &str = r#"#!/bin/bash
(IFS='|'; echo "$*") >>"$FAKE/sbatch.log"
env >"$FAKE/sbatch.env"
n=$(wc -l <"$FAKE/sbatch.log")
if [[ -e $FAKE/refuse && $n == "$(<"$FAKE/refuse")" ]]; then
    echo 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2
    exit 1
fi
if [[ -e $FAKE/says ]]; then cat "$FAKE/says"; else echo $((100 + n)); fi
"#;

/// `queue` is what is in the partition, `known` are jobs with their states.
const SQUEUE: &str = r#"#!/bin/bash
echo "$*" >>"$FAKE/squeue.log"
case $* in
*%T*) cat "$FAKE/known" 2>/dev/null ;;
*) cat "$FAKE/queue" 2>/dev/null ;;
esac
exit 0
"#;

const SCANCEL: &str = r#"#!/bin/bash
echo "$*" >>"$FAKE/scancel.log"
grep -v "^$1 " "$FAKE/known" >"$FAKE/rest"
mv "$FAKE/rest" "$FAKE/known"
"#;

const SCONTROL: &str = r#"#!/bin/bash
echo "scontrol $*" >>"$FAKE/calls"
"#;

/// As Open MPI's: `mpirun -n N --bind-to none --mca KEY VALUE PROGRAM …`.
const MPIRUN: &str = r#"#!/bin/bash
echo "mpirun ${*:1:7}" >>"$FAKE/calls"
shift 7
exec "$@"
"#;

const SRUN: &str = r#"#!/bin/bash
echo "srun ${*:1:3}" >>"$FAKE/calls"
shift 3
exec "$@"
"#;

/// A program that trains until `finish` is there, and then ends as mpirun would: badly, whatever was done.
pub const TRAINER: &str = r#"#!/bin/bash
echo "$*" >>"$FAKE/calls"
case $1 in
status) exit "$(<"$FAKE/code")" ;;
slurm)
    [[ $2 == folder ]] && echo "$FAKE/folder"
    exit "$(cat "$FAKE/follow" 2>/dev/null || echo 0)"
    ;;
esac
trap 'echo USR1 >>"$FAKE/signals"' USR1
trap 'echo TERM >>"$FAKE/signals"' TERM
touch "$FAKE/trains"
while [[ ! -e $FAKE/finish ]]; do sleep 0.02; done
echo gone >>"$FAKE/calls"
exit 1
"#;

const SWEEP: &str = "name: tiny
base:
  data: { dataset: digits, train: 64, test: 64 }
  model: { widths: [4, 8], bottleneck: none, decoder: [4, 4] }
  train: { epochs: 1, batch: 16 }
grid: { model.skip.at: [[], [14]] }
seeds: 2
";

/// Where it all happens.
pub struct Stage {
    root: tempfile::TempDir,
}

impl Stage {
    pub fn new() -> Self {
        let stage = Self {
            root: tempfile::tempdir().expect("a folder"),
        };
        fs::create_dir(stage.fake("")).expect("made");
        for (name, text) in [
            ("sbatch", SBATCH),
            ("squeue", SQUEUE),
            ("scancel", SCANCEL),
            ("scontrol", SCONTROL),
            ("mpirun", MPIRUN),
            ("srun", SRUN),
        ] {
            program(&stage.fake(name), text);
        }
        fs::write(stage.path("tiny.yaml"), SWEEP).expect("written");
        stage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A file of the fake Slurm's, or (no name) its folder.
    pub fn fake(&self, name: &str) -> PathBuf {
        match name {
            "" => self.path("fake"),
            name => self.path("fake").join(name),
        }
    }

    /// Tells the fake Slurm something.
    pub fn tell(&self, name: &str, text: &str) {
        fs::write(self.fake(name), text).expect("written");
    }

    /// What the fake Slurm wrote down; empty when nothing.
    pub fn told(&self, name: &str) -> String {
        fs::read_to_string(self.fake(name)).unwrap_or_default()
    }

    /// The sweep's folder.
    pub fn folder(&self) -> PathBuf {
        self.path("results/tiny")
    }

    /// A file of the first submission.
    pub fn submitted(&self, name: &str) -> PathBuf {
        self.folder().join("submitted/1").join(name)
    }

    pub fn jobs(&self) -> serde_json::Value {
        let text = fs::read_to_string(self.submitted("jobs.json")).expect("jobs.json");
        serde_json::from_str(&text).expect("JSON")
    }

    /// A program with the fake Slurm on its PATH, in the stage's folder.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let path = std::env::var("PATH").expect("a PATH");
        let mut command = Command::new(program);
        command
            .current_dir(self.root.path())
            .env("PATH", format!("{}:{path}", self.fake("").display()))
            .env("FAKE", self.fake(""))
            .env("USER", "somebody")
            .env_remove("ABLATE_LAUNCHER")
            .stdin(Stdio::null());
        command
    }

    pub fn ablate(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_ablate"));
        command.args(arguments).output().expect("started")
    }

    /// `ablate submit tiny.yaml …` with results beside it.
    pub fn submit(&self, arguments: &[&str]) -> Output {
        let mut all = vec!["submit", "tiny.yaml", "--results", "results"];
        all.extend(arguments);
        self.ablate(&all)
    }

    /// Submits with the profile `local`, and puts a program that only pretends in the place of the frozen one.
    pub fn sent(&self, arguments: &[&str]) -> PathBuf {
        let mut all = vec!["--profile", "local", "--partition", "gpu-shared"];
        all.extend(arguments);
        expect(&self.submit(&all), 0);
        let program_name = self.jobs()["program"].as_str().expect("a name").to_owned();
        program(&self.folder().join("bin").join(program_name), TRAINER);
        self.submitted("job.sbatch")
    }

    /// A script as a batch job: with Slurm's variables.
    pub fn batch(&self, script: &Path) -> Command {
        let mut command = self.command("bash");
        command
            .arg(script)
            .env("SLURM_JOB_ID", "7")
            .env("SLURM_NTASKS", "2")
            .env("SLURM_CPUS_PER_TASK", "4")
            .env("SLURM_SUBMIT_DIR", self.root.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Every file and folder below the stage but those of the fakes.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("listed") {
                let path = entry.expect("entry").path();
                if path == self.fake("") {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path.clone());
                }
                found.push(path);
            }
        }
        found.sort();
        found
    }
}

/// Panics, with what was printed, when a program ended with another code. Gives both outputs together.
pub fn expect(output: &Output, code: i32) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let said = format!("{out}{err}");
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

/// Polls for a state; the limit is a guard against hangs.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "waited in vain: {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
