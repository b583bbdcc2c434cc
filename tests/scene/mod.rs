//! A small sweep in a folder of its own, run by the real binary with real processes.

#![allow(dead_code, reason = "each test file takes what it needs")]

pub mod sweeps;

use ablate::outcome::Outcome;
use ablate::record::{SweepRecord, read_trial_file};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// Hang guard, not a timing: far longer than anything here takes.
pub const HANG: Duration = Duration::from_secs(300);

/// A sweep file and its results.
pub struct Scene {
    root: tempfile::TempDir,
}

impl Scene {
    /// Two arms, two seeds, a network of a few hundred parameters on procedural digits.
    pub fn new() -> Self {
        let scene = Self {
            root: tempfile::tempdir().expect("a folder"),
        };
        scene.write("[[], [14]]", 3);
        scene
    }

    /// With another sweep, which has to be named `tiny`.
    pub fn of(yaml: &str) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("tiny.yaml"), yaml).expect("written");
        Self { root }
    }

    /// As [`new`](Self::new), with trials that take long enough to be caught in the middle.
    pub fn slow() -> Self {
        let scene = Self::new();
        scene.write("[[], [14]]", 20);
        scene
    }

    /// Writes the sweep file anew.
    pub fn write(&self, skips: &str, epochs: usize) {
        let yaml = format!(
            "name: tiny\n\
             question: Does a skip help?\n\
             base:\n  \
               task: denoise\n  \
               data: {{ dataset: digits, train: 192, test: 32 }}\n  \
               model: {{ arch: autoencoder, widths: [4, 8], bottleneck: 4 }}\n  \
               train: {{ epochs: {epochs}, batch: 32, samples_every: 2 }}\n\
             grid:\n  \
               model.skip.at: {skips}\n\
             seeds: 2\n\
             compare:\n  \
               baseline: {{ model.skip.at: [] }}\n  \
               metric: test.bce\n  \
               expect: lower\n"
        );
        fs::write(self.root.path().join("tiny.yaml"), yaml).expect("written");
    }

    /// Asks for other seeds than two: so many, or a list.
    pub fn with_seeds(&self, seeds: impl std::fmt::Display) {
        let path = self.root.path().join("tiny.yaml");
        let text = fs::read_to_string(&path).expect("written before");
        fs::write(path, text.replace("seeds: 2", &format!("seeds: {seeds}"))).expect("written");
    }

    /// The results folder of the sweep.
    pub fn folder(&self) -> PathBuf {
        self.root.path().join("results/tiny")
    }

    /// `ablate run` on the sweep, not started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(&binary(), arguments)
    }

    /// As [`command`](Self::command), with the binary at another place.
    pub fn command_of(&self, binary: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command
            .arg("run")
            .arg(self.root.path().join("tiny.yaml"))
            .arg("--results")
            .arg(self.root.path().join("results"))
            .args(arguments)
            .env_remove("ABLATE_FAULT")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the sweep to its end; panics when the exit code is another one.
    pub fn run(&self, arguments: &[&str], code: i32) -> Output {
        let output = self.command(arguments).output().expect("started");
        expect_code(&output, code);
        output
    }

    /// Starts the sweep and waits until as many workers train.
    pub fn start(&self, arguments: &[&str], workers: usize) -> Running {
        self.catch(self.launch(arguments), workers)
    }

    /// Waits until as many workers train.
    pub fn catch(&self, mut running: Running, workers: usize) -> Running {
        wait_until("workers begin", || {
            assert!(running.is_alive(), "the run ended before it was caught");
            self.begun() >= workers && running.workers().len() >= workers
        });
        running
    }

    /// Starts the sweep and waits for nothing.
    pub fn launch(&self, arguments: &[&str]) -> Running {
        Running::new(&mut self.command(arguments))
    }

    /// Number of trials that have begun and are not committed.
    pub fn begun(&self) -> usize {
        fs::read_dir(self.folder().join("checkpoints")).map_or(0, Iterator::count)
    }

    /// Number of trials that are committed and not packed.
    pub fn committed(&self) -> usize {
        let files = fs::read_dir(self.folder().join("trials"));
        let paths = files
            .into_iter()
            .flatten()
            .flatten()
            .map(|file| file.path());
        paths
            .filter(|path| path.extension().is_some_and(|e| e == "h5"))
            .count()
    }

    /// The record.
    pub fn record(&self) -> SweepRecord {
        SweepRecord::open(&self.folder().join("sweep.h5")).expect("a record")
    }

    /// How every planned trial ended, by index.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.record().trials.iter().map(|row| row.outcome).collect()
    }

    /// The logical digest of every completed trial: all that must not depend on how it was run, floats as bits.
    pub fn digests(&self) -> BTreeMap<String, String> {
        let record = self.record();
        let details = record.details().expect("a record");
        let completed = record.trials.iter();
        let completed = completed.filter(|row| row.outcome == Outcome::Completed);
        completed
            .map(|row| {
                let detail = details
                    .read(&row.id)
                    .expect("a completed trial has details");
                let mut text = detail.config;
                for (name, values) in detail.epochs.columns().filter(|(n, _)| *n != "seconds") {
                    let bits: Vec<_> = values.iter().map(|value| value.to_bits()).collect();
                    text += &format!(" {name} {bits:x?}");
                }
                for (name, value) in &row.metrics {
                    text += &format!(" {name} {:x}", value.to_bits());
                }
                text += &format!(" {:?}", detail.samples);
                // A sweep this small has no shards: every trial is still in a file of its own.
                let file = self.folder().join("trials").join(format!("{}.h5", row.id));
                let trial = read_trial_file(&file, &row.id).expect("a committed trial");
                text += &format!(" {}", trial.result.parameters_digest);
                (row.id.clone(), text)
            })
            .collect()
    }

    /// The recorded attempts that failed: their classes, sorted.
    pub fn failures(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder().join("attempts")).expect("listed");
        let paths = files.map(|file| file.expect("entry").path());
        let mut classes: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .map(|path| {
                let text = fs::read_to_string(path).expect("readable");
                let attempt: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                attempt["class"].as_str().expect("a class").to_owned()
            })
            .collect();
        classes.sort();
        classes
    }

    /// Every file below the results folder with its bytes and time of change.
    pub fn files(&self) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.folder()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("listed") {
                let path = entry.expect("entry").path();
                let changed = path.metadata().and_then(|m| m.modified()).expect("a time");
                if path.is_dir() {
                    folders.push(path.clone());
                    found.insert(path, (Vec::new(), changed));
                } else {
                    found.insert(path.clone(), (fs::read(&path).expect("readable"), changed));
                }
            }
        }
        found
    }
}

/// The `ablate` under test: the one that was built with the tests, or that of `ABLATE_TEST_BINARY` (an optimised one).
pub fn binary() -> PathBuf {
    let named = std::env::var_os("ABLATE_TEST_BINARY");
    named.map_or_else(|| env!("CARGO_BIN_EXE_ablate").into(), PathBuf::from)
}

/// A supervisor that runs; killed when dropped.
pub struct Running(Option<Child>);

impl Running {
    /// Starts it.
    pub fn new(command: &mut Command) -> Self {
        Self(Some(command.spawn().expect("started")))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("not ended")
    }

    /// Whether it has not ended.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child().try_wait(), Ok(None))
    }

    /// Process ids of its workers.
    pub fn workers(&mut self) -> Vec<u32> {
        let parent = self.child().id();
        let processes = fs::read_dir("/proc").expect("/proc");
        processes
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid| stat(*pid).is_some_and(|(_, of)| of == parent))
            .collect()
    }

    /// Sends the supervisor a signal.
    pub fn signal(&mut self, signal: Signal) {
        kill(self.child().id(), signal);
    }

    /// Waits for the end.
    pub fn end(mut self) -> Output {
        let child = self.0.take().expect("not ended");
        child.wait_with_output().expect("ended")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// State and parent of a process; `None` when it is gone (a zombie is).
fn stat(pid: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    (state != 'Z' && state != 'X').then_some((state, parent))
}

/// Processes with this text in their command line.
pub fn processes_with(text: &[u8]) -> Vec<u32> {
    let holds = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.windows(text.len()).any(|window| window == text)
    };
    let processes = fs::read_dir("/proc").expect("/proc");
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| is_alive(*pid) && holds(pid))
        .collect()
}

/// Whether a process is there and not a zombie.
pub fn is_alive(pid: u32) -> bool {
    stat(pid).is_some()
}

/// Sends a process a signal.
pub fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.cast_signed()).expect("a process id");
    // It may have ended by itself just now; the test then sees that nothing failed.
    let _ = kill_process(pid, signal);
}

/// Polls for a state.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < HANG, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Panics, with what was printed, when a program ended with another exit code.
pub fn expect_code(output: &Output, code: i32) {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
}
