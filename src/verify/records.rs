//! Trial files and shards, each read in full.

use super::Progress;
use super::finding::Known;
use super::seen::{Seen, Sighting};
use super::steady::steadily;
use super::sweep_file;
use crate::error::Result;
use crate::record::inspect::{Fault, Kind, Whole, inspect};
use crate::record::{Folder, hdf5_files, is_id};
use std::path::Path;

/// Reads them all; gives the number of whole shards.
///
/// # Errors
/// When a folder cannot be listed.
pub fn look(
    folder: &Folder,
    known: &mut Known,
    seen: &mut Vec<Sighting>,
    progress: &mut Progress<'_>,
) -> Result<usize> {
    let trials = hdf5_files(&folder.trials())?;
    let mut total = trials.len() + hdf5_files(&folder.shards())?.len();
    let mut done = 0;
    for (id, path) in trials {
        look_at_trial(&id, &path, known, seen);
        done += 1;
        progress(done, total);
    }
    // Listed anew, because trials may have been packed meanwhile.
    let shards = hdf5_files(&folder.shards())?;
    total = done + shards.len();
    let mut whole_shards = 0;
    for (stem, path) in shards {
        match steadily(&path, |path| shard(path, &stem)) {
            Some(Ok(whole)) => {
                let held = whole.trials.into_iter();
                let held = held.map(|(id, held)| (id, held.content_digest));
                known.committed.extend(held);
                whole_shards += 1;
            }
            Some(Err(fault)) => seen.push(Sighting {
                path: Path::new("shards").join(format!("{stem}.h5")),
                seen: Seen::Shard(fault),
            }),
            None => {}
        }
        done += 1;
        progress(done, total);
    }
    Ok(whole_shards)
}

fn look_at_trial(id: &str, path: &Path, known: &mut Known, seen: &mut Vec<Sighting>) {
    let fault = match steadily(path, trial) {
        // Packed meanwhile: its shard is looked at later.
        None => return,
        Some(Ok((holds, digest))) if holds == id => {
            known.committed.insert(holds, digest);
            return;
        }
        Some(Ok((holds, _))) => {
            known.swapped.insert(id.to_owned(), holds.clone());
            Seen::Swapped {
                id: id.to_owned(),
                holds,
            }
        }
        Some(Err(fault)) => Seen::Trial {
            id: id.to_owned(),
            fault,
        },
    };
    seen.push(Sighting {
        path: Path::new("trials").join(format!("{id}.h5")),
        seen: fault,
    });
}

/// The trial that a trial file holds, and its content digest.
fn trial(path: &Path) -> std::result::Result<(String, String), Fault> {
    let whole = inspect(path)?;
    let kind = whole.kind;
    let mut trials = whole.trials.into_iter();
    match (kind, trials.next(), trials.next()) {
        (Kind::Trial, Some((id, held)), None) => Ok((id, held.content_digest)),
        _ => Err(Fault::Inside("is no trial file with one trial".into())),
    }
}

fn shard(path: &Path, stem: &str) -> std::result::Result<Whole, Fault> {
    let whole = inspect(path)?;
    match whole.kind == Kind::Shard && whole.shard_name() == stem {
        true => Ok(whole),
        false => Err(Fault::Inside(
            "does not hold the trials that the file is named after".into(),
        )),
    }
}

/// A file by itself. What it holds has to be what its name says only where the name says anything.
///
/// # Errors
/// What it seems to be, and why it is not whole.
pub fn named(path: &Path, stem: &str) -> std::result::Result<Whole, (Kind, Fault)> {
    let by_folder = path.parent().and_then(|folder| folder.file_name());
    let seems = match by_folder.and_then(|name| name.to_str()) {
        _ if stem.starts_with("sweep") => Kind::Sweep,
        Some("shards") => Kind::Shard,
        _ => Kind::Trial,
    };
    let whole = inspect(path).map_err(|fault| (seems, fault))?;
    let fits = match whole.kind {
        _ if !is_id(stem) => true,
        Kind::Trial => whole.trials.len() == 1 && whole.trials.contains_key(stem),
        Kind::Shard => whole.shard_name() == stem,
        Kind::Sweep => true,
    };
    let kind = whole.kind;
    if kind == Kind::Sweep {
        sweep_file::compare_tables(path, whole.clone()).map_err(|fault| (kind, fault))?;
    }
    fits.then_some(whole).ok_or_else(|| {
        let what = "does not hold what the file is named after";
        (kind, Fault::Inside(what.into()))
    })
}
