//! A runner's heartbeat: `<runner>.beat`, a line that says who it is and then one byte for every beat. The length is the
//! counter: one writer appends, nobody replaces anything, and what is read is never half a number.

use super::runner::{Runner, Whereabouts};
use crate::error::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

const BEAT: &[u8] = b".";
/// The last beat of a runner that left properly.
const LEFT: &[u8] = b"!";

/// The file of a living runner.
#[derive(Clone, Debug)]
pub struct Beat {
    /// Whose it is.
    pub runner: Runner,
    /// Where it lies.
    pub path: PathBuf,
}

impl Beat {
    /// Makes the file of a new runner of this process.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn start(folder: &Path) -> Result<Self> {
        for number in 0..u32::MAX {
            let runner = Runner::this(number);
            let path = path(folder, &runner.id);
            match OpenOptions::new().append(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    file.write_all(runner.line().as_bytes())
                        .map_err(Error::io("write", &path))?;
                    return Ok(Self { runner, path });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("make", &path)(error)),
            }
        }
        Err(Error::Internal("a process ran out of runner ids".into()))
    }

    /// Beats once.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn beat(&self) -> Result<()> {
        self.append(BEAT)
    }

    /// Says that this runner is no more: what it holds is free at once.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn leave(&self) -> Result<()> {
        self.append(LEFT)
    }

    /// Opened and closed each time, because it is at close that NFS sends what was written.
    fn append(&self, byte: &[u8]) -> Result<()> {
        OpenOptions::new()
            .append(true)
            .open(&self.path)
            .and_then(|mut file| file.write_all(byte))
            .map_err(Error::io("append to", &self.path))
    }
}

/// The file of the runner with this id.
pub fn path(folder: &Path, runner: &str) -> PathBuf {
    folder.join(format!("{runner}.beat"))
}

/// Beats from a thread of its own, so that nothing that the runner waits for costs its lease. Ends when dropped.
pub struct Heart {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heart {
    /// Beats every `interval`.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(beat: Beat, interval: Duration) -> Result<Self> {
        let (stop, stopped) = channel();
        let path = beat.path.clone();
        let beating = move || {
            let mut well = true;
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                let beaten = beat.beat();
                if let Err(error) = &beaten
                    && well
                {
                    tracing::warn!(
                        "{error}\n  done: goes on; other runners may take what this one has and train it, too"
                    );
                }
                well = beaten.is_ok();
            }
        };
        Ok(Self {
            stop: Some(stop),
            thread: Some(
                Builder::new()
                    .spawn(beating)
                    .map_err(Error::io("start a thread that writes", &path))?,
            ),
        })
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It cannot panic, and if it did, a heart that stands still is what was wanted.
            let _ = thread.join();
        }
    }
}

/// What one look at a runner's file shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The file itself, whatever it is called: device and inode.
    pub file: (u64, u64),
    /// The counter.
    pub beats: u64,
    /// Whether the runner left properly.
    pub left: bool,
    /// Who it is; `None` when the file is damaged, which then tells by its beats alone that somebody is there.
    pub runner: Option<Runner>,
    /// What this machine knows of its process.
    pub whereabouts: Whereabouts,
}

/// Looks at a runner's file, or at a claim, which is the same file by another name; `None` when there is none.
///
/// # Errors
/// When the file system refuses.
pub fn look(path: &Path) -> Result<Option<Sight>> {
    // Opened anew each time: that is when NFS asks the server.
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("open", path)(error)),
    };
    let refuse = |error| Error::io("read", path)(error);
    let about = file.metadata().map_err(refuse)?;
    let mut start = [0; 512];
    let read = file.read_at(&mut start, 0).map_err(refuse)?;
    let mut last = [0; 1];
    if let Some(at) = about.len().checked_sub(1) {
        file.read_at(&mut last, at).map_err(refuse)?;
    }
    let line = start[..read].split_inclusive(|&byte| byte == b'\n').next();
    let line = line.and_then(|line| std::str::from_utf8(line).ok());
    let runner = line.and_then(Runner::parse);
    Ok(Some(Sight {
        file: (about.dev(), about.ino()),
        beats: about.len(),
        left: last == LEFT,
        whereabouts: runner
            .as_ref()
            .map_or(Whereabouts::Elsewhere, Runner::whereabouts),
        runner,
    }))
}
