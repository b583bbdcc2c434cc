//! From a verified temporary file to its final name: `link`, never a rename that could replace another's work.

use super::Commit;
use super::temp::Temp;
use crate::error::{Error, Result};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Gives `temp`, which is synced and verified, the name `target`. When a valid file has it already, nothing changes;
/// a damaged one is kept as `<name>.damaged-<n>` and replaced. Safe for any number of processes at once.
///
/// # Errors
/// When the file system refuses, or `validate` fails for another reason than damage.
pub fn publish(
    temp: &Temp,
    target: &Path,
    validate: &dyn Fn(&Path) -> Result<()>,
) -> Result<Commit> {
    let how = loop {
        match std::fs::hard_link(temp.path(), target) {
            Ok(()) => break Commit::New,
            // NFS may report a failure after success.
            Err(_) if is_linked(temp.path(), target) => break Commit::New,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io("link", target)(error)),
        }
        match validate(target) {
            Ok(()) => break Commit::Already,
            Err(damage @ Error::Record { .. }) => {
                replace_damaged(temp, target, &damage)?;
                break Commit::New;
            }
            // Packed into a shard since; link again.
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    };
    sync_folder(target)?;
    Ok(how)
}

/// Puts `temp` in the place of a damaged file. The name never points to nothing: if another process has mended it in
/// the meantime, one whole result replaces another.
fn replace_damaged(temp: &Temp, target: &Path, damage: &Error) -> Result<()> {
    let evidence = keep_evidence(target)?;
    tracing::warn!(
        "{damage}\n  done: kept it as {} and wrote the result anew",
        evidence.display()
    );
    match std::fs::rename(temp.path(), target) {
        Ok(()) => Ok(()),
        Err(error) => Err(Error::io("rename to", target)(error)),
    }
}

fn keep_evidence(target: &Path) -> Result<PathBuf> {
    let mut number = 1;
    loop {
        let evidence = target.with_extension(format!("damaged-{number}"));
        match std::fs::hard_link(target, &evidence) {
            Ok(()) => return Ok(evidence),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(Error::io("link", &evidence)(error)),
        }
    }
}

/// Whether both names are the same file.
fn is_linked(temp: &Path, target: &Path) -> bool {
    match (std::fs::metadata(temp), std::fs::metadata(target)) {
        (Ok(a), Ok(b)) => a.dev() == b.dev() && a.ino() == b.ino() && a.nlink() >= 2,
        _ => false,
    }
}

/// Syncs the folder that holds `path`, so that the name survives a loss of power.
///
/// # Errors
/// When the file system refuses.
pub fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io("fsync", folder))
}
