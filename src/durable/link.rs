//! A name that is taken at most once: `link` never replaces. Lustre and NFS have no rename that does not.

use super::{Temp, sync_parent};
use crate::error::{Error, Result};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What became of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It is this file's now.
    New,
    /// Another file has it.
    Taken,
}

/// Gives `from` (a [`Temp`] that is synced, or a file that gets a second name) the name `target` unless it is taken.
///
/// # Errors
/// When the file system refuses.
pub fn link(from: &Path, target: &Path) -> Result<Linked> {
    let linked = link_unsynced(from, target)?;
    if linked == Linked::New {
        sync_parent(target)?;
    }
    Ok(linked)
}

/// As [`link`], but the name may be lost with the power: for what costs nothing but time to lose.
///
/// # Errors
/// When the file system refuses.
pub fn link_unsynced(from: &Path, target: &Path) -> Result<Linked> {
    match std::fs::hard_link(from, target) {
        Ok(()) => Ok(Linked::New),
        // NFS may report a failure after success: the answer was lost and the call made again.
        Err(_) if is_same(from, target) => Ok(Linked::New),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Linked::Taken),
        Err(error) => Err(Error::io("link", target)(error)),
    }
}

impl Temp {
    /// As [`link`], for this file.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn link(&self, target: &Path) -> Result<Linked> {
        link(self.path(), target)
    }
}

/// Whether both names are the same file, which then has at least two.
fn is_same(one: &Path, other: &Path) -> bool {
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(a), Ok(b)) => a.dev() == b.dev() && a.ino() == b.ino() && a.nlink() >= 2,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_name_is_taken_once_and_a_reported_failure_after_success_is_success() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let [one, other] = ["one", "other"].map(|text| {
            let temp = Temp::new(folder.path(), text);
            fs::write(temp.path(), text).unwrap();
            temp
        });
        assert_eq!(one.link(&at("x")).unwrap(), Linked::New);
        // The second call of a link whose first answer was lost: "exists", but it is this very file.
        assert_eq!(one.link(&at("x")).unwrap(), Linked::New);
        assert_eq!(other.link(&at("x")).unwrap(), Linked::Taken);
        assert_eq!(fs::read(at("x")).unwrap(), b"one");
        let nowhere = one.link(&at("no/x")).unwrap_err().to_string();
        assert!(nowhere.contains("no/x"), "{nowhere}");
    }
}
