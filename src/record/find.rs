//! One committed trial, wherever it lies.

use super::index::{Index, open_shard};
use super::{Folder, TrialRecord, trial_file, trial_group};
use crate::error::{Error, Result};
use std::io::ErrorKind;

/// The committed trial of this id; `None` when there is none.
///
/// # Errors
/// When files cannot be read, or are of another format version. Damaged files are named in a warning and passed over.
pub fn find(folder: &Folder, id: &str) -> Result<Option<TrialRecord>> {
    match trial_file::read_one(&folder.trial(id), id) {
        Ok(record) => return Ok(Some(record)),
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
        Err(damage @ Error::Record { .. }) => tracing::warn!("{damage}"),
        Err(other) => return Err(other),
    }
    let index = Index::scan(folder)?;
    let Some((_, shard)) = index.sharded.get(id) else {
        return Ok(None);
    };
    let stem = shard.file_stem().and_then(|stem| stem.to_str());
    let (trials, _) = open_shard(shard, stem.unwrap_or_default())?;
    trial_group::read(&trials, id).map(Some)
}
