//! Files that survive a kill and, where fsync is honoured, a loss of power: the one place that names and replaces them
//! (DESIGN.md §6). What comes in pieces (HDF5, downloads) is written and synced by its maker, into a [`Temp`].
//!
//! What is written goes to a [`Temp`] beside its target and is synced ([`write_synced`]). It gets its name by [`link`],
//! which never replaces, or by [`install`], which does; both sync the folder, so that the name is on disk, too.
//! Knows nothing of what files mean.

mod folder;
mod link;
mod replace;
mod temp;

pub use folder::install_folder;
pub use link::{Linked, link, link_unsynced};
pub use replace::{install, replace, replace_unsynced, update};
pub use temp::{Owner, Temp, host, owner, remove_stale};

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a new file, or over an old one, and syncs it. On a full disk the error says what was needed and what is free.
///
/// # Errors
/// When the file system refuses; the file is worthless then.
pub fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let refuse = |source| Error::io("write", path)(with_space(source, path, bytes.len()));
    let mut file = File::create(path).map_err(refuse)?;
    file.write_all(bytes).map_err(refuse)?;
    file.sync_all().map_err(refuse)
}

/// Syncs a folder, so that the names in it survive a loss of power.
///
/// # Errors
/// When the file system refuses.
pub fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io("fsync", folder))
}

/// Syncs the folder that holds `path`.
///
/// # Errors
/// When the file system refuses.
pub fn sync_parent(path: &Path) -> Result<()> {
    sync_folder(parent(path))
}

/// The folder that holds `path`.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The error with what was needed and what is free beside it.
fn with_space(source: io::Error, path: &Path, needed: usize) -> io::Error {
    let Ok(space) = rustix::fs::statvfs(parent(path)) else {
        return source;
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let text = format!("{source} ({needed} bytes needed, {free} free)");
    io::Error::new(source.kind(), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ExitCode;

    #[test]
    fn a_full_disk_is_an_error_that_names_need_and_free_space() {
        if !Path::new("/dev/full").exists() {
            return;
        }
        let error = write_synced(Path::new("/dev/full"), b"abc").unwrap_err();
        assert_eq!(error.exit_code(), ExitCode::Io);
        let text = error.to_string();
        assert!(
            text.contains("/dev/full")
                && text.contains("3 bytes needed")
                && text.contains("free space"),
            "{text}"
        );
    }

    #[test]
    fn a_bare_name_lies_in_the_working_folder() {
        assert_eq!(parent(Path::new("a")), Path::new("."));
        assert_eq!(parent(Path::new("a/b")), Path::new("a"));
    }
}
