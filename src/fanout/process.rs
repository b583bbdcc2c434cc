//! One worker process from its parent's side: start, talk, kill, bury.

use super::log::{self, LastWords};
use super::machine::OwnGpu;
use super::message::{self, Heard, ToWorker};
use super::ranks::launcher;
use super::supervisor::Call;
use crate::error::{Error, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::io::BufReader;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How to start a worker.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program: this same binary, or for GPUs `ablate-cuda`.
    pub program: PathBuf,
    /// What lists of processes show for it.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// How long a worker that closed its pipes, or was told to leave, may take to end.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

/// A running worker. Dropping it kills its whole process group.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    last_words: Receiver<LastWords>,
}

/// How a worker ended.
#[derive(Clone, Debug)]
pub struct Death {
    /// Exit code or signal.
    pub status: ExitStatus,
    /// The end of its standard error.
    pub last_words: LastWords,
}

impl Process {
    /// Starts a worker in a process group of its own, so that the terminal's Ctrl-C does not reach it. What it
    /// says goes to `ears` with its `number`; after [`Heard::Closed`] or [`Heard::Garbage`] comes no more.
    ///
    /// Call it from a thread that lives as long as the program: workers die with the thread that started them.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(
        launch: &Launch,
        gpu: Option<&OwnGpu>,
        number: u64,
        logs: &Path,
        ears: Sender<Call>,
    ) -> Result<Self> {
        let mut command = Command::new(&launch.program);
        command
            .arg0(launch.name)
            .args(&launch.arguments)
            // candle's own threads would fight with the trainer's, which have images of their own.
            .env("RAYON_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(gpu) = gpu {
            command.args(["--gpu", &gpu.number.to_string()]);
            // Then CUDA numbers GPUs as nvidia-smi does, and not the fastest first.
            if std::env::var_os("CUDA_DEVICE_ORDER").is_none() {
                command.env("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
            }
            if let Some(known) = &gpu.known
                && let Ok(known) = serde_json::to_string(known)
            {
                command.args(["--gpu-facts", &known]);
            }
        }
        for name in launcher::of_the_launcher(
            std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()),
        ) {
            command.env_remove(name);
        }
        let mut child = command
            .spawn()
            .map_err(Error::io("start", &launch.program))?;
        let input = child.stdin.take();
        if let Some(output) = child.stdout.take() {
            let mut output = BufReader::new(output);
            std::thread::spawn(move || {
                loop {
                    let heard = message::read(&mut output);
                    let last = !matches!(heard, Heard::Message(_));
                    if ears.send(Call::Worker(number, heard)).is_err() || last {
                        break;
                    }
                }
            });
        }
        let (tell, last_words) = channel();
        if let Some(errors) = child.stderr.take() {
            let logs = logs.to_owned();
            // Nobody listens when the worker was dropped: its last words are in the log.
            std::thread::spawn(move || drop(tell.send(log::copy(errors, &logs))));
        }
        Ok(Self {
            child,
            input,
            last_words,
        })
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a message. A worker that is gone is noticed by its silence, so errors need no care here. At most
    /// a few short messages are ever unread, far fewer than a pipe holds, so this does not block.
    pub fn send(&mut self, message: &ToWorker) {
        if let Some(input) = &mut self.input {
            let _ = message::write(input, message);
        }
    }

    /// Says that there is no more to do: the worker leaves at the end of its input.
    pub fn dismiss(&mut self) {
        self.input = None;
    }

    /// Kills the whole process group at once.
    pub fn kill(&self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
    }

    /// Waits for the end of a worker that has closed its output or was dismissed; one that does not end is killed.
    ///
    /// # Errors
    /// When the system does not know the process.
    pub fn bury(mut self) -> Result<Death> {
        self.dismiss();
        let deadline = Instant::now() + LAST_MOMENTS;
        let unknown = |error| Error::Worker(format!("cannot wait for a worker: {error}"));
        while self.child.try_wait().map_err(unknown)?.is_none() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.kill();
        let status = self.child.wait().map_err(unknown)?;
        let last_words = self.last_words.recv_timeout(LAST_MOMENTS);
        Ok(Death {
            status,
            last_words: last_words.unwrap_or_default(),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
            let _ = self.child.wait();
        }
    }
}
