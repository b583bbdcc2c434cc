//! The whole export to TensorBoard, put in the place of an older one: all of it or nothing.

use super::event::{Events, Value};
use super::hparams::Hparams;
use super::runs::{self, Run};
use super::trial;
use crate::durable::{self, Temp};
use crate::error::{Error, Result};
use crate::record::SweepRecord;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The name of every event file. TensorBoard knows them by `tfevents`.
pub(super) const EVENTS: &str = "events.out.tfevents.ablate";

/// Says whose export a folder is.
pub(super) const MARK: &str = "ablate-export.json";

/// Content of [`MARK`].
#[derive(PartialEq, Serialize, Deserialize)]
struct Mark {
    sweep: String,
}

/// Writes the runs of a record into the folder `out`, one event file each, and calls `written` with their number after each.
/// Runs are read one by one. Returns how many there are.
///
/// # Errors
/// When `out` holds anything that is not an older export of this sweep, the record is damaged, or the file system refuses.
/// What was in `out` is then untouched.
pub fn write(record: &SweepRecord, out: &Path, written: &dyn Fn(usize)) -> Result<usize> {
    let mark = Mark {
        sweep: record.name.clone(),
    };
    let out = &resolved(out)?;
    refuse_foreign(out, out, &mark)?;
    if let Some(parent) = out.parent() {
        fs::create_dir_all(parent).map_err(Error::io("make", parent))?;
        durable::remove_stale(parent)?;
    }
    let runs = runs::of(record);
    let hparams = Hparams::of(record, &runs);
    let temp = Temp::beside(out);
    put(temp.path(), EVENTS, &overview(record, &runs, &hparams))?;
    let text = serde_json::to_string(&mark).map_err(|e| Error::Internal(e.to_string()))?;
    put(temp.path(), MARK, text.as_bytes())?;
    let details = record.details()?;
    for (index, run) in runs.iter().enumerate() {
        let file = trial::file(run, &details.read(&run.row.id)?, &hparams)?;
        put(&temp.path().join(&run.folder), EVENTS, &file)?;
        written(index + 1);
    }
    // Hours may have passed since it was looked at first.
    durable::install_folder(&temp, out, |old| refuse_foreign(old, out, &mark))?;
    Ok(runs.len())
}

/// The event file above all runs: what is compared, and the sweep as written.
fn overview(record: &SweepRecord, runs: &[Run], hparams: &Hparams) -> Vec<u8> {
    let mut events = Events::new(0.0);
    events.push(0.0, 0, vec![hparams.experiment(record, runs)]);
    let texts = [("question", &record.question), ("sweep", &record.yaml)];
    let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
    let texts = texts.map(|(tag, text)| Value::text(tag, &trial::as_written(text)));
    events.push(0.0, 0, texts.collect());
    events.into_bytes()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    let path = folder.join(name);
    fs::write(&path, bytes).map_err(Error::io("write", &path))
}

/// The folder behind links, so that a link stays one; absolute, so that it has a parent.
fn resolved(out: &Path) -> Result<PathBuf> {
    match fs::canonicalize(out) {
        Ok(folder) => Ok(folder),
        Err(_) => std::path::absolute(out).map_err(Error::io("find", out)),
    }
}

/// Lets pass what is not there, an empty folder, and an export of the same sweep that holds nothing else. `at`: where what is
/// known as `out` lies now.
fn refuse_foreign(at: &Path, out: &Path, ours: &Mark) -> Result<()> {
    let refuse = |problem: String| {
        Err(Error::Usage {
            problem,
            next: "choose another folder with --out, or move this one away".into(),
        })
    };
    if !at.exists() {
        return Ok(());
    }
    if !at.is_dir() {
        return refuse(format!(
            "{} is a file, and an export needs a folder",
            out.display()
        ));
    }
    if fs::read_dir(at)
        .map_err(Error::io("read", out))?
        .next()
        .is_none()
    {
        return Ok(());
    }
    let mark = fs::read(at.join(MARK)).ok();
    match mark.and_then(|text| serde_json::from_slice::<Mark>(&text).ok()) {
        None => {
            return refuse(format!(
                "{} is not empty, and no export of ablate",
                out.display()
            ));
        }
        Some(mark) if mark != *ours => {
            return refuse(format!(
                "{} is the export of another sweep, {:?}",
                out.display(),
                mark.sweep
            ));
        }
        Some(_) => {}
    }
    match foreign(at)? {
        Some(path) => refuse(format!(
            "{} lies in an older export and is not of it",
            out.join(path.strip_prefix(at).unwrap_or(&path)).display()
        )),
        None => Ok(()),
    }
}

/// A file in `folder` or below that no export made.
fn foreign(folder: &Path) -> Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        let kind = entry
            .file_type()
            .map_err(Error::io("read", &entry.path()))?;
        let ours = kind.is_file() && [EVENTS, MARK].iter().any(|name| entry.file_name() == *name);
        let found = match kind.is_dir() {
            true => foreign(&entry.path())?,
            false => (!ours).then(|| entry.path()),
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
