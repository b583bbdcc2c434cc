//! One run at a time in a results folder of this machine. Several runs would do no harm, since a trial is committed once
//! whoever trained it, but they would all train everything.

use crate::error::{Error, Result};
use crate::record::Folder;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::time::{Duration, Instant};

/// How long a run that was just killed may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Held for as long as a run lasts; the kernel lets go of it when the process dies.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a results folder. On file systems without locks there is nothing to take.
    ///
    /// # Errors
    /// [`Error::Usage`] when another run holds it and does not end.
    pub fn take(folder: &Folder) -> Result<Self> {
        let path = folder.lock();
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        let began = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) if began.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(Errno::WOULDBLOCK) => {
                    return Err(Error::Usage {
                        problem: format!(
                            "another `ablate run` is at work in {}",
                            folder.root().display()
                        ),
                        next: "wait for it, or stop it (Ctrl-C saves everything) and run this again; more --workers make one run faster".into(),
                    });
                }
                _ => return Ok(Self { _file: file }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_free_again_when_its_run_is_gone() {
        let results = tempfile::tempdir().expect("a folder");
        let folder = Folder::create(results.path(), "x").expect("made");
        let first = Lock::take(&folder).expect("free");
        let waiting = std::thread::scope(|scope| {
            let second = scope.spawn(|| Lock::take(&folder).map(drop));
            std::thread::sleep(Duration::from_millis(100));
            assert!(!second.is_finished(), "the second run did not wait");
            drop(first);
            second.join().expect("no panic")
        });
        assert!(waiting.is_ok());
    }
}
