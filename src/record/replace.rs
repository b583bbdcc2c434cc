//! Puts a file in place: whole or not at all, and only when its bytes differ.

use super::publish::sync_folder;
use super::temp::Temp;
use crate::error::{Error, Result};
use std::io::Write as _;
use std::path::Path;

/// Replaces `path` by `bytes` unless it holds them already.
///
/// # Errors
/// When the file system refuses; the old file is then untouched.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temp = Temp::new(path.parent().unwrap_or(Path::new(".")), &name);
    write(temp.path(), bytes)?;
    std::fs::rename(temp.path(), path).map_err(Error::io("rename to", path))?;
    sync_folder(path)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = std::fs::File::create(path).map_err(Error::io("make", path))?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.sync_all().map_err(Error::io("fsync", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_leave_the_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.md");
        replace(&path, b"one").unwrap();
        let inode =
            |path: &Path| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(path).unwrap());
        let first = inode(&path);
        replace(&path, b"one").unwrap();
        assert_eq!(inode(&path), first);
        replace(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no temporary file stays"
        );
    }

    #[test]
    fn a_refused_write_names_the_path() {
        let error = replace(Path::new("/nowhere/report.md"), b"x").unwrap_err();
        assert!(error.to_string().contains("/nowhere/"), "{error}");
    }
}
