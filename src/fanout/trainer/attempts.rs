//! The folders of a trial's attempts: numbered when they begin, swept of what killed ones left, gone when it is committed.

use crate::durable;
use crate::error::{Error, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The next free attempt number, taken by making a folder: the first by making `checkpoints` itself, later ones by
/// making their folder below it. (Most trials need one attempt, and folders are slow to make and to remove.)
pub fn next(checkpoints: &Path) -> Result<u32> {
    let made = |path: &Path| match fs::create_dir(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io("make", path)(error)),
    };
    if made(checkpoints)? {
        return Ok(1);
    }
    sweep(checkpoints)?;
    for number in 2..u32::MAX {
        if made(&checkpoints.join(number.to_string()))? {
            return Ok(number);
        }
    }
    Err(Error::Internal("a trial ran out of attempt numbers".into()))
}

/// Removes what earlier attempts left half-written when they were killed: a trial that dies while it saves, again and
/// again, would fill the disk.
fn sweep(checkpoints: &Path) -> Result<()> {
    let refused = || Error::io("list", checkpoints);
    for entry in fs::read_dir(checkpoints).map_err(refused())? {
        let path = entry.map_err(refused())?.path();
        if path.is_dir() {
            durable::remove_stale(&path)?;
        }
    }
    Ok(())
}

/// Removes the checkpoints of a committed trial; that they are gone already is fine.
///
/// # Errors
/// When the file system refuses.
pub fn forget(checkpoints: &Path) -> Result<()> {
    match fs::remove_dir_all(checkpoints) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::io("remove", checkpoints)(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempt_numbers_are_taken_once_each() {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = folder.path().join("aa");
        let numbers: Vec<_> = std::thread::scope(|scope| {
            let take = || scope.spawn(|| next(&checkpoints).expect("a number"));
            let threads: Vec<_> = (0..8).map(|_| take()).collect();
            let ended = threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"));
            ended.collect()
        });
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (1..=8).collect::<Vec<_>>());
    }

    #[test]
    fn an_attempt_removes_what_killed_ones_left_half_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = folder.path().join("aa");
        next(&checkpoints).expect("a number");
        let first = checkpoints.join("1");
        fs::create_dir(&first).expect("made");
        // A temporary name of this machine, then that of a process that is gone.
        let temp = durable::Temp::new(&first, "step-8.ckpt");
        let mut dead = std::process::Command::new("true").spawn().expect("true");
        dead.wait().expect("ended");
        let [mine, gone] = [std::process::id(), dead.id()].map(|pid| format!(".{pid}."));
        let stale = temp.path().to_string_lossy().replacen(&mine, &gone, 1);
        let whole = first.join("step-4.ckpt");
        for path in [temp.path(), Path::new(&stale), &whole] {
            fs::write(path, "x").expect("written");
        }
        assert_eq!(next(&checkpoints).expect("a number"), 2);
        assert!(!Path::new(&stale).exists());
        assert!(temp.path().exists() && whole.exists());
    }

    #[test]
    fn forgetting_twice_is_fine() {
        let folder = tempfile::tempdir().expect("a folder");
        let checkpoints = folder.path().join("aa");
        next(&checkpoints).expect("a number");
        forget(&checkpoints).expect("removed");
        forget(&checkpoints).expect("nothing to remove");
        assert!(!checkpoints.exists());
    }
}
