//! A `sweep.h5` is derived, but it may be all that is left: when someone copied only it, or removed `trials/`.

use super::h5::Node;
use super::index::Index;
use super::{Folder, schema};
use crate::durable::{self, Linked};
use crate::error::Result;
use std::path::PathBuf;

/// Before `standing`, the whole `sweep.h5` that is there, is replaced: gives it a second name, `sweep.kept-<n>.h5`, when
/// it holds committed trials that no other file in the folder holds, and warns.
///
/// # Errors
/// When the file system refuses.
pub fn keep_only_copy(folder: &Folder, standing: &Node, index: &Index) -> Result<()> {
    let held = match standing.child(schema::TRIAL) {
        Ok(trials) => trials.children()?.to_vec(),
        Err(_) => Vec::new(),
    };
    let missing = |index: &Index| {
        let only = |id: &&String| index.content_digest(id).is_none();
        held.iter().filter(only).count()
    };
    // Another process may have committed and merged since the index was made: then the folder is looked at again.
    if missing(index) == 0 {
        return Ok(());
    }
    let count = missing(&Index::scan(folder)?);
    if count == 0 {
        return Ok(());
    }
    let kept = link_aside(folder)?;
    tracing::warn!(
        "{}: holds {count} finished trials that are not in {} or {}\n  done: kept it as {}; these trials are run again\n  next: to have them back, put their files into trials/ or shards/ again",
        folder.sweep_h5().display(),
        folder.trials().display(),
        folder.shards().display(),
        kept.display(),
    );
    Ok(())
}

fn link_aside(folder: &Folder) -> Result<PathBuf> {
    let mut number = 1;
    loop {
        let kept = folder.kept_sweep_h5(number);
        match durable::link(&folder.sweep_h5(), &kept)? {
            Linked::New => return Ok(kept),
            Linked::Taken => number += 1,
        }
    }
}
