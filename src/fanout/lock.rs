//! One at a time where several runners of one machine merge the same results. It saves work, not results: two mergers at
//! once do no harm, so who waits in vain goes on without.

use crate::error::{Error, Result};
use crate::record::Folder;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::time::{Duration, Instant};

/// Held until dropped; the kernel lets go of it when the process dies.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a results folder, or nothing when another has it for longer than `patience`. On file systems without locks
    /// everyone gets one.
    ///
    /// # Errors
    /// When the lock's file cannot be opened.
    pub fn take(folder: &Folder, patience: Duration) -> Result<Option<Self>> {
        let path = folder.lock();
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        let began = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) if began.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(Errno::WOULDBLOCK) => return Ok(None),
                _ => return Ok(Some(Self { _file: file })),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_free_again_when_its_holder_is_gone_and_nobody_waits_for_ever() {
        let results = tempfile::tempdir().expect("a folder");
        let folder = Folder::create(results.path(), "x").expect("made");
        let take = |patience| Lock::take(&folder, patience).expect("a file");
        let first = take(Duration::ZERO).expect("free");
        assert!(take(Duration::from_millis(30)).is_none());
        std::thread::scope(|scope| {
            let second = scope.spawn(|| take(Duration::from_secs(600)).is_some());
            std::thread::sleep(Duration::from_millis(50));
            drop(first);
            assert!(second.join().expect("no panic"));
        });
    }
}
