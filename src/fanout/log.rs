//! What a worker wrote to standard error, kept in `logs/` without ever filling the disk: the first megabyte as
//! it comes, and the last 16 KiB when it ends. The file is made with the first byte, so quiet workers leave none.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

const HEAD: u64 = 1 << 20;
const TAIL: usize = 16 << 10;

/// A worker's last words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastWords {
    /// The end of what it wrote.
    pub text: String,
    /// The file that holds more; `None` when it wrote nothing or the file could not be made.
    pub path: Option<PathBuf>,
}

/// Copies `from` until its end. A log that cannot be written is no reason to stop a trial: the rest of it is
/// read and dropped.
pub fn copy(mut from: impl Read, logs: &Path) -> LastWords {
    let mut buffer = [0; 8192];
    let mut tail: VecDeque<u8> = VecDeque::with_capacity(TAIL + buffer.len());
    let mut file: Option<(File, PathBuf)> = None;
    let mut total = 0;
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        if total == 0 {
            file = create(logs);
        }
        if total < HEAD
            && let Some((file, _)) = &mut file
        {
            let _ = file.write_all(&buffer[..n]);
        }
        total += n as u64;
        tail.extend(&buffer[..n]);
        tail.drain(..tail.len().saturating_sub(TAIL));
    }
    let tail: Vec<u8> = tail.into();
    if total > HEAD
        && let Some((file, _)) = &mut file
    {
        let note = format!("\n[… {total} bytes in all; these are the last ones …]\n");
        let _ = file.write_all(note.as_bytes()).and(file.write_all(&tail));
    }
    LastWords {
        text: String::from_utf8_lossy(&tail).into_owned(),
        path: file.map(|(_, path)| path),
    }
}

/// The next free number, by exclusive creation.
fn create(logs: &Path) -> Option<(File, PathBuf)> {
    let used = std::fs::read_dir(logs).ok()?.count();
    for number in used + 1..used + 10_000 {
        let path = logs.join(format!("worker-{number}.log"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Some((file, path)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(_) => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_keeps_its_head_and_its_tail_and_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let flood = std::io::repeat(b'x').take(50 << 20);
        let words = copy(flood.chain(&b"the end"[..]), folder.path());
        assert!(words.text.ends_with("the end") && words.text.len() == TAIL);
        let kept = std::fs::read(words.path.expect("a log")).expect("readable");
        assert!(kept.ends_with(b"the end") && (kept.len() as u64) < HEAD + 2 * TAIL as u64);
    }

    #[test]
    fn silence_leaves_no_file_and_numbers_are_not_reused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(copy(&b""[..], folder.path()), LastWords::default());
        assert_eq!(std::fs::read_dir(folder.path()).expect("open").count(), 0);
        let (first, second) = (
            copy(&b"a"[..], folder.path()).path,
            copy(&b"b"[..], folder.path()).path,
        );
        assert!(first.is_some() && first != second);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_still_drained() {
        let words = copy(&b"last words"[..], Path::new("/nowhere/at/all"));
        assert_eq!((words.text.as_str(), words.path), ("last words", None));
    }
}
