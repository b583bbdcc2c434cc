//! From a verified temporary file to its final name: `link`, never a rename that could replace another's work.

use super::Commit;
use crate::durable::{self, Linked, Temp};
use crate::error::{Error, Result};
use std::io::ErrorKind;
use std::path::Path;

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
    while temp.link(target)? == Linked::Taken {
        match validate(target) {
            Ok(()) => {
                // Whoever linked it may have died before the name was on disk.
                durable::sync_parent(target)?;
                return Ok(Commit::Already);
            }
            Err(damage @ Error::Record { .. }) => {
                replace_damaged(temp, target, &damage)?;
                break;
            }
            // Packed into a shard since; link again.
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Commit::New)
}

/// Puts `temp` in the place of a damaged file. The name never points to nothing: if another process has mended it in
/// the meantime, one whole result replaces another.
///
/// # Errors
/// When the file system refuses.
pub fn replace_damaged(temp: &Temp, target: &Path, damage: &Error) -> Result<()> {
    keep_evidence(target, damage)?;
    durable::install(temp, target)
}

/// Takes its name from a damaged file that is made from others, so that it will be made anew.
///
/// # Errors
/// When the file system refuses.
pub fn set_aside(target: &Path, damage: &Error) -> Result<()> {
    keep_evidence(target, damage)?;
    std::fs::remove_file(target).map_err(Error::io("unlink", target))?;
    durable::sync_parent(target)
}

fn keep_evidence(target: &Path, damage: &Error) -> Result<()> {
    let mut number = 1;
    let evidence = loop {
        let evidence = target.with_extension(format!("damaged-{number}"));
        match durable::link(target, &evidence)? {
            Linked::New => break evidence,
            Linked::Taken => number += 1,
        }
    };
    tracing::warn!(
        "{damage}\n  done: kept it as {}; it is made anew",
        evidence.display()
    );
    Ok(())
}
