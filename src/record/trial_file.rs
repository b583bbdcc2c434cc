//! Files that hold trials as `/trial/<id>`: one in a trial file, many in a shard.

use super::h5::{self, Node};
use super::{Commit, Folder, TrialRecord, publish, schema, trial_group};
use crate::durable::Temp;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use std::path::Path;

/// Commits a trial: the only way in which one becomes done (DESIGN.md §6). Write, close, fsync, verify, link to the
/// final name, fsync the folder, unlink the temporary name.
///
/// # Errors
/// When the file system or HDF5 refuses; nothing is half-written then.
pub fn commit(folder: &Folder, record: &TrialRecord) -> Result<Commit> {
    check_committable(record)?;
    let stem = format!("{}.{}", record.id, record.attempt);
    let temp = Temp::new(&folder.trials(), &stem);
    write(temp.path(), schema::kind::TRIAL, |trials| {
        trial_group::write(trials, record).map_err(h5::write_error(temp.path()))
    })?;
    read_one(temp.path(), &record.id)?;
    publish::publish(&temp, &folder.trial(&record.id), &|path| {
        read_one(path, &record.id).map(|_| ())
    })
}

/// Reads and verifies the trial file of `id`.
///
/// # Errors
/// [`Error::Io`] when it is not there, [`Error::Record`] when it is damaged or another trial's.
pub fn read_one(path: &Path, id: &str) -> Result<TrialRecord> {
    let trials = open_trials(&h5::open_sealed(path)?, path, schema::kind::TRIAL)?;
    match trials.children()? {
        [only] if only == id => trial_group::read(&trials, id),
        found => Err(trials.refuse("", format!("holds {found:?}, expected {id}"))),
    }
}

/// Writes a sealed file of a kind; `fill` puts the trials into its group `/trial`.
///
/// # Errors
/// When the file system or HDF5 refuses.
pub fn write(path: &Path, kind: &str, fill: impl FnOnce(&hdf5::Group) -> Result<()>) -> Result<()> {
    let refused = h5::write_error(path);
    let build = match kind {
        schema::kind::TRIAL => h5::Build::InMemory,
        _ => h5::Build::InPlace,
    };
    let file = h5::create(path, build)?;
    {
        let root = file.as_group().map_err(&refused)?;
        h5::integer(&root, schema::root::FORMAT, schema::FORMAT).map_err(&refused)?;
        h5::text(&root, schema::root::KIND, kind).map_err(&refused)?;
        let trials = h5::group(&root, schema::TRIAL).map_err(&refused)?;
        fill(&trials)?;
    }
    h5::finish(file, path)
}

/// The group `/trial` of an open file, after its kind and format version were checked.
///
/// # Errors
/// [`Error::Record`]; [`Error::Format`] when it is of another format version.
pub fn open_trials(file: &hdf5::File, path: &Path, kind: &str) -> Result<Node> {
    open_root(file, path, kind)?.child(schema::TRIAL)
}

/// The root of an open file, after its kind and format version were checked.
///
/// # Errors
/// [`Error::Record`]; [`Error::Format`] when it is of another format version.
pub fn open_root(file: &hdf5::File, path: &Path, kind: &str) -> Result<Node> {
    let root = Node::root(file, path)?;
    let format = root.integer(schema::root::FORMAT)?;
    if format != schema::FORMAT {
        return Err(Error::Format {
            path: path.to_owned(),
            problem: format!(
                "format version {format}, but this ablate reads version {}",
                schema::FORMAT
            ),
        });
    }
    let found = root.text(schema::root::KIND)?;
    if found != kind {
        return Err(root.refuse(
            schema::root::KIND,
            format!("is {found:?}, expected {kind:?}"),
        ));
    }
    Ok(root)
}

/// Whether a text is a trial id: 64 hex digits, lower case.
pub fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn check_committable(record: &TrialRecord) -> Result<()> {
    if !is_id(&record.id) {
        return Err(Error::Internal(format!("{:?} is no trial id", record.id)));
    }
    if !matches!(
        record.result.outcome,
        Outcome::Completed | Outcome::Diverged
    ) {
        return Err(Error::Internal(format!(
            "a trial that is {} cannot be committed",
            record.result.outcome.name()
        )));
    }
    Ok(())
}
