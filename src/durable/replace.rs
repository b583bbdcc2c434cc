//! Puts a file in the place of another, whole or not at all.

use super::{Temp, sync_parent, write_synced};
use crate::error::{Error, Result};
use std::path::Path;

/// Replaces `path` by `bytes`, whatever it is now. When this returns, the file and its name are on disk.
///
/// # Errors
/// When the file system refuses; the old file is then untouched.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let temp = Temp::beside(path);
    write_synced(temp.path(), bytes)?;
    install(&temp, path)
}

/// As [`replace`], but after a loss of power either file may be there, or an empty one: for what is only shown.
///
/// # Errors
/// As [`replace`].
pub fn replace_unsynced(path: &Path, bytes: &[u8]) -> Result<()> {
    let temp = Temp::beside(path);
    std::fs::write(temp.path(), bytes).map_err(Error::io("write", temp.path()))?;
    std::fs::rename(temp.path(), path).map_err(Error::io("rename to", path))
}

/// As [`replace`], but a file that holds these bytes already is not touched.
///
/// # Errors
/// As [`replace`].
pub fn update(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    replace(path, bytes)
}

/// Gives `temp`, which is synced, the name `target`, taking it from whatever has it.
///
/// # Errors
/// When the file system refuses; the old file is then untouched.
pub fn install(temp: &Temp, target: &Path) -> Result<()> {
    std::fs::rename(temp.path(), target).map_err(Error::io("rename to", target))?;
    sync_parent(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_leave_the_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.md");
        update(&path, b"one").unwrap();
        let inode =
            |path: &Path| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(path).unwrap());
        let first = inode(&path);
        update(&path, b"one").unwrap();
        assert_eq!(inode(&path), first);
        update(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no temporary file stays"
        );
    }

    #[test]
    fn a_refused_write_names_the_path() {
        let error = update(Path::new("/nowhere/report.md"), b"x").unwrap_err();
        assert!(error.to_string().contains("/nowhere/"), "{error}");
    }
}
