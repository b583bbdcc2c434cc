//! Packs trial files into shards, so that a sweep of many thousand trials is a few files.

use super::h5;
use super::index::{self, Index};
use super::source::Source;
use super::{Folder, publish, schema, trial_file, trial_group};
use crate::durable::{self, Temp};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// Trials in a shard.
const TRIALS: usize = 256;

/// Whether enough trial files lie about to fill a shard, by their number alone.
///
/// # Errors
/// When the folder cannot be read.
pub fn shard_due(folder: &Folder) -> Result<bool> {
    let trials = folder.trials();
    let files = std::fs::read_dir(&trials).map_err(Error::io("read", &trials))?;
    Ok(files.take(TRIALS).count() == TRIALS)
}

/// Packs trial files into shards of 256 each; a last, smaller rest stays loose. A trial file is unlinked only after the
/// shard that holds it is committed and read back; two processes may do this at once.
///
/// # Errors
/// When the file system or HDF5 refuses.
pub fn shard(folder: &Folder) -> Result<()> {
    let index = Index::scan(folder)?;
    let loose = index.loose.clone();
    let (left, unpacked): (Vec<_>, Vec<_>) = loose
        .into_iter()
        .partition(|(id, _)| index.sharded.contains_key(id));
    // A process that died between commit and unlink left both.
    unlink_packed(folder, index, &left)?;
    for group in unpacked.chunks_exact(TRIALS) {
        write_shard(folder, &group.iter().cloned().collect())?;
    }
    Ok(())
}

fn write_shard(folder: &Folder, digests: &BTreeMap<String, String>) -> Result<()> {
    let name = index::shard_name(digests);
    let temp = Temp::new(&folder.shards(), &name);
    let mut source = Source::new(folder, Index::of_loose(digests));
    trial_file::write(temp.path(), schema::kind::SHARD, |trials| {
        let refused = h5::write_error(temp.path());
        for id in digests.keys() {
            let copied = source.look(id, |from| from.copy_child(id, trials).map_err(&refused));
            copied.map_err(|refusal| source.blame([id], refusal))?;
        }
        Ok(())
    })?;
    verify(temp.path(), &name).map_err(|damage| source.blame(digests.keys(), damage))?;
    publish::publish(&temp, &folder.shard(&name), &|path| verify(path, &name))?;
    for id in digests.keys() {
        unlink(&folder.trial(id))?;
    }
    durable::sync_folder(&folder.trials())
}

/// Reads back every trial of a shard against its digests.
fn verify(path: &Path, name: &str) -> Result<()> {
    let (trials, digests) = index::open_shard(path, name)?;
    for id in digests.keys() {
        trial_group::read(&trials, id)?;
    }
    Ok(())
}

fn unlink_packed(folder: &Folder, index: Index, left: &[(String, String)]) -> Result<()> {
    let mut source = Source::new(folder, index.without_loose());
    for (id, _) in left {
        if source.read(id)?.is_some() {
            unlink(&folder.trial(id))?;
        }
    }
    Ok(())
}

fn unlink(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        // Another process packed the same trial.
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("unlink", path)(error))
        }
        _ => Ok(()),
    }
}
