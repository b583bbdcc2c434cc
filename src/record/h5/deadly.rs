//! Files that HDF5 does not survive. Who reads what others may have made does so in a process that may die of it: it tells each
//! file before HDF5 sees it, and is told which ones were the death of its forerunners.

use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Hears which file HDF5 will be at.
type Tell = dyn Fn(Option<&Path>) + Send + Sync;

struct Watched {
    deadly: BTreeSet<PathBuf>,
    tell: Box<Tell>,
}

static WATCHED: OnceLock<Watched> = OnceLock::new();

/// From now on `tell` hears which file HDF5 will be at, or that it is at none, and files that are `deadly` are not opened.
pub fn watch(deadly: BTreeSet<PathBuf>, tell: impl Fn(Option<&Path>) + Send + Sync + 'static) {
    let tell = Box::new(tell);
    // A second one would be a bug, and is harmless: the first goes on.
    let _ = WATCHED.set(Watched { deadly, tell });
}

/// HDF5 is about to see this file.
///
/// # Errors
/// When it is deadly.
pub(super) fn begin(path: &Path) -> Result<()> {
    let Some(watched) = WATCHED.get() else {
        return Ok(());
    };
    if watched.deadly.contains(path) {
        let what = "does not survive reading this file (it crashes, goes on for ever or takes too much memory): damaged or made to hurt";
        return Err(Error::hdf5(path)(what.into()));
    }
    (watched.tell)(Some(path));
    Ok(())
}

/// HDF5 is done with all files, and what follows has nothing to do with them.
pub fn done_reading() {
    if let Some(watched) = WATCHED.get() {
        (watched.tell)(None);
    }
}
