//! Reading beside runners that live: what looks damaged is looked at again, and what vanished was none.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// Between two looks: longer than anybody takes between making a file and writing its first line.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks at most; one that changes for ever is somebody's who writes in place, and judged as it is.
const LOOKS: usize = 10;

/// Which file a path is, and how long and old.
#[derive(PartialEq, Eq)]
struct Stamp(u64, u64, u64, i64, i64);

fn stamp(path: &Path) -> Option<Stamp> {
    let of = |facts: Metadata| {
        Stamp(
            facts.dev(),
            facts.ino(),
            facts.len(),
            facts.mtime(),
            facts.mtime_nsec(),
        )
    };
    std::fs::symlink_metadata(path).ok().map(of)
}

/// What `read` makes of the file; an error only when two looks at the same, unchanged file gave one. `None` when there is no
/// such file any more.
pub fn steadily<T, E>(
    path: &Path,
    mut read: impl FnMut(&Path) -> Result<T, E>,
) -> Option<Result<T, E>> {
    let mut last = None;
    for _ in 0..LOOKS {
        let before = stamp(path);
        let found = read(path);
        if found.is_ok() {
            return Some(found);
        }
        let after = stamp(path)?;
        if before.as_ref() == Some(&after) && last.as_ref() == Some(&after) {
            return Some(found);
        }
        last = Some(after);
        sleep(PAUSE);
    }
    Some(read(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn damage_counts_when_seen_twice_and_not_of_a_file_that_changed_or_vanished() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("x");
        fs::write(&path, "damaged").expect("written");
        let mut looks = 0;
        let found = steadily(&path, |_| {
            looks += 1;
            Err::<(), _>("damaged")
        });
        assert_eq!((found, looks), (Some(Err("damaged")), 2));
        let found = steadily(&path, |path| match fs::read(path) {
            Ok(bytes) if bytes == b"whole" => Ok(()),
            _ => {
                fs::write(path, "whole").expect("mended meanwhile");
                Err("damaged")
            }
        });
        assert_eq!(found, Some(Ok(())));
        let found = steadily(&path, |path| {
            fs::remove_file(path).expect("packed meanwhile");
            Err::<(), _>("not there")
        });
        assert_eq!(found, None);
    }
}
