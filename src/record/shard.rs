//! Packs trial files into shards, so that a sweep of many thousand trials is a few files.

use super::h5;
use super::index::{self, Index, Source};
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
    // A process that died between commit and unlink left both.
    let left: Vec<&String> = index
        .loose
        .keys()
        .filter(|id| index.sharded.contains_key(*id))
        .collect();
    unlink_packed(folder, &index, &left)?;

    let unpacked: Vec<(&String, &String)> = index
        .loose
        .iter()
        .filter(|(id, _)| !index.sharded.contains_key(*id))
        .collect();
    for group in unpacked.chunks_exact(TRIALS) {
        let digests = group
            .iter()
            .map(|(id, digest)| ((*id).clone(), (*digest).clone()))
            .collect();
        write_shard(folder, &digests)?;
    }
    Ok(())
}

fn write_shard(folder: &Folder, digests: &BTreeMap<String, String>) -> Result<()> {
    let name = index::shard_name(digests);
    let temp = Temp::new(&folder.shards(), &name);
    let mut source = Source::new(folder, loose(digests));
    trial_file::write(temp.path(), schema::kind::SHARD, |trials| {
        let refused = h5::write_error(temp.path());
        for id in digests.keys() {
            let copied = source.look(id, |from| from.copy_child(id, trials).map_err(&refused))?;
            copied.ok_or_else(|| gone(folder, id))?;
        }
        Ok(())
    })?;
    if let Err(error) = verify(temp.path(), &name) {
        // Copies are as bad as what they were made from: the error should name that file.
        digests
            .keys()
            .try_for_each(|id| source.read(id).map(drop))?;
        return Err(error);
    }
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

fn unlink_packed(folder: &Folder, index: &Index, ids: &[&String]) -> Result<()> {
    let sharded = Index {
        loose: BTreeMap::new(),
        sharded: index.sharded.clone(),
    };
    let mut source = Source::new(folder, sharded);
    for id in ids {
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

fn loose(digests: &BTreeMap<String, String>) -> Index {
    Index {
        loose: digests.clone(),
        sharded: BTreeMap::new(),
    }
}

fn gone(folder: &Folder, id: &str) -> Error {
    Error::Record {
        path: folder.trial(id),
        problem: "was removed while it was being packed".into(),
        next: "run the same command again; it makes missing results anew".into(),
    }
}
