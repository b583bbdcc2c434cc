//! Builds `sweep.h5`, the one file for people, from shards and trial files.

use super::digest::Sum;
use super::h5;
use super::index::Index;
use super::keep::keep_only_copy;
use super::schema::{kind, root, viewer};
use super::source::Source;
use super::sweep_table::SweepTable;
use super::{Folder, PlannedTrial, SweepHeader, publish, schema, trial_file, trial_group};
use crate::durable::{self, Temp};
use crate::error::{Error, Result};
use std::io::ErrorKind;

/// Builds `sweep.h5` anew and replaces it whole. When it already says exactly the same, not a byte is touched. The file
/// is a function of the committed trials, the plan and the version of ablate, wherever the trials lie.
///
/// Trials are copied as they are stored, and the copies read against their digests, before the new file gets its name. A
/// damaged old one is kept as `sweep.damaged-<n>`.
///
/// # Errors
/// When the file system or HDF5 refuses, a trial is damaged, or a file is of another format version; the old file stays
/// then.
pub fn merge(folder: &Folder, header: &SweepHeader, trials: &[PlannedTrial]) -> Result<()> {
    let index = Index::scan(folder)?;
    let merged_digest = digest(header, trials, &index)?;
    let target = folder.sweep_h5();
    let standing = standing(folder)?;
    if let Standing::Whole(standing) = &standing {
        let merged = standing.text(root::MERGED_DIGEST);
        if merged.is_ok_and(|found| found == merged_digest) {
            return Ok(());
        }
        keep_only_copy(folder, standing, &index)?;
    }
    let mut source = Source::new(folder, index);
    let temp = Temp::new(folder.root(), "sweep.h5");
    trial_file::write(temp.path(), kind::SWEEP, |group| {
        let refused = h5::write_error(temp.path());
        let mut table = SweepTable::default();
        let mut created = String::new();
        let mut shown = None;
        let mut copy = |planned: &PlannedTrial, table: &mut SweepTable| -> Result<()> {
            let id = &planned.id;
            let copied = source.look(id, |trials| {
                trials.copy_child(id, group).map_err(&refused)?;
                trial_group::read_written(group, id, temp.path())
            });
            let left = copied.map_err(|damage| source.blame([id], damage))?;
            table.push(planned, left.as_ref());
            if let Some(left) = left {
                created = std::mem::take(&mut created).max(left.ended);
                shown.get_or_insert(id.clone());
            }
            Ok(())
        };
        for planned in trials {
            copy(planned, &mut table)?;
        }
        let mut uses = SweepTable::default();
        for planned in &header.evaluations.planned {
            copy(planned, &mut uses)?;
        }
        h5::text(group, viewer::NX_CLASS, "NXentry").map_err(&refused)?;
        if let Some(id) = shown {
            h5::text(group, viewer::DEFAULT, &id).map_err(&refused)?;
        }
        let file = group
            .file()
            .and_then(|file| file.as_group())
            .map_err(&refused)?;
        let texts = header_texts(header, &table)?;
        let derived = [
            (root::CREATED, created.as_str()),
            (root::MERGED_DIGEST, &merged_digest),
            (viewer::NX_CLASS, "NXroot"),
            (viewer::DEFAULT, schema::TRIAL),
        ];
        let texts = texts.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in texts.chain(derived) {
            h5::text(&file, name, value).map_err(&refused)?;
        }
        let columns = h5::group(&file, schema::TRIALS).map_err(&refused)?;
        table.write(&columns, &header.axes).map_err(&refused)?;
        if header.evaluations.planned.is_empty() {
            return Ok(());
        }
        let columns = h5::group(&file, schema::EVALUATIONS).map_err(&refused)?;
        let axes = &header.evaluations.axes;
        h5::text(&columns, root::AXES, &json(axes)?).map_err(&refused)?;
        h5::text(&columns, root::METRICS, &json(&uses.metrics())?).map_err(&refused)?;
        uses.write(&columns, axes).map_err(&refused)
    })?;
    match standing {
        Standing::Damaged(damage) => publish::replace_damaged(&temp, &target, &damage),
        Standing::Absent | Standing::Whole(_) => durable::install(&temp, &target),
    }
}

/// The root attributes that come from the sweep and from this program.
fn header_texts(header: &SweepHeader, table: &SweepTable) -> Result<[(&'static str, String); 8]> {
    Ok([
        (root::NAME, header.name.clone()),
        (root::QUESTION, header.question.clone()),
        (root::YAML, header.yaml.clone()),
        (root::ABLATE_VERSION, env!("CARGO_PKG_VERSION").into()),
        (root::GIT_REV, env!("ABLATE_GIT_REV").into()),
        (root::AXES, json(&header.axes)?),
        (root::METRICS, json(&table.metrics())?),
        (root::COMPARE, json(&header.compare)?),
    ])
}

/// SHA-256 over all that the file is made from.
fn digest(header: &SweepHeader, trials: &[PlannedTrial], index: &Index) -> Result<String> {
    let mut sum = Sum::new("ablate sweep.h5 1");
    for (name, value) in header_texts(header, &SweepTable::default())? {
        sum.text(name);
        sum.text(&value);
    }
    for trial in trials.iter().chain(&header.evaluations.planned) {
        sum.text(&trial.id);
        sum.integer(trial.index as u64);
        sum.integer(trial.seed);
        sum.integer(trial.axes.len() as u64);
        trial.axes.iter().for_each(|value| sum.text(value));
        match index.content_digest(&trial.id) {
            Some(digest) => sum.text(digest),
            None => sum.text(trial.otherwise.name()),
        }
    }
    Ok(sum.hex())
}

/// The `sweep.h5` that is there.
pub enum Standing {
    /// None.
    Absent,
    /// Its root, the seal checked.
    Whole(h5::Node),
    /// One that cannot be read, and why. It is derived, and made anew.
    Damaged(Error),
}

/// Looks at the `sweep.h5` that is there.
///
/// # Errors
/// [`Error::Format`] when it is of another format version.
pub fn standing(folder: &Folder) -> Result<Standing> {
    let path = folder.sweep_h5();
    let opened =
        h5::open_sealed(&path).and_then(|file| trial_file::open_root(&file, &path, kind::SWEEP));
    match opened {
        Ok(root) => Ok(Standing::Whole(root)),
        Err(other @ Error::Format { .. }) => Err(other),
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            Ok(Standing::Absent)
        }
        Err(damage) => Ok(Standing::Damaged(damage)),
    }
}

/// Sets a `sweep.h5` aside that turned out damaged, as `sweep.damaged-<n>`: the next [`merge`] makes it anew.
///
/// # Errors
/// When the file system refuses.
pub fn set_aside(folder: &Folder, damage: &Error) -> Result<()> {
    publish::set_aside(&folder.sweep_h5(), damage)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}
