//! Failed attempts on disk: `attempts/<id>.<n>.json`, one file each, never changed and never removed, so that a
//! trial that always crashes is given up after three attempts in all, whatever was restarted in between.
//!
//! Names alone decide: a file counts even when its text is damaged. `<id>.<n>.forgiven` beside it takes it out.

use crate::durable::{self, Linked, Temp};
use crate::error::{Error, Result};
use crate::record::Folder;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Far above what an attempt says; a larger file is not ours.
const LARGEST: u64 = 64 << 20;

/// What is kept of a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Trial id, 64 hex digits.
    pub id: String,
    /// What happened: "panic", "SIGSEGV", "hang", "out of memory", "error", ….
    pub class: String,
    /// The error, or the end of what the worker wrote.
    pub message: String,
    /// The worker's log, when it wrote one.
    pub log: Option<PathBuf>,
    /// Machine.
    pub host: String,
    /// Process id of the worker.
    pub pid: u32,
    /// RFC 3339, UTC.
    pub time: String,
}

/// Attempts that count, by trial id: their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted(BTreeMap<String, BTreeSet<u32>>);

impl Counted {
    /// Reads a results folder.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn read(folder: &Folder) -> Result<Self> {
        let path = folder.attempts();
        let mut counted = Self::default();
        let mut forgiven = Vec::new();
        for entry in fs::read_dir(&path).map_err(Error::io("list", &path))? {
            let name = entry.map_err(Error::io("list", &path))?.file_name();
            match name.to_str().and_then(parse) {
                Some((id, number, "json")) => {
                    counted.0.entry(id.to_owned()).or_default().insert(number);
                }
                Some((id, number, "forgiven")) => forgiven.push((id.to_owned(), number)),
                _ => {}
            }
        }
        for (id, number) in forgiven {
            if let Some(numbers) = counted.0.get_mut(&id) {
                numbers.remove(&number);
            }
        }
        Ok(counted)
    }

    /// How many attempts count against a trial.
    pub fn of(&self, id: &str) -> u32 {
        self.0.get(id).map_or(0, |numbers| numbers.len() as u32)
    }

    /// The numbers of the attempts that count against a trial.
    pub fn numbers(&self, id: &str) -> impl Iterator<Item = u32> + '_ {
        self.0.get(id).into_iter().flatten().copied()
    }
}

/// `<id>.<n>.<kind>`
fn parse(name: &str) -> Option<(&str, u32, &str)> {
    let mut parts = name.splitn(3, '.');
    let (id, number, kind) = (parts.next()?, parts.next()?, parts.next()?);
    Some((id, number.parse().ok()?, kind))
}

/// Whether a file here can be read as what its name says; `None` when it has not the name of one that ablate writes.
///
/// # Errors
/// When it cannot be read.
pub fn is_sound(path: &Path) -> Result<Option<bool>> {
    let name = path.file_name().and_then(|name| name.to_str());
    match name.and_then(parse) {
        Some((id, _, "json")) => {
            let mut text = Vec::new();
            fs::File::open(path)
                .and_then(|file| file.take(LARGEST).read_to_end(&mut text))
                .map_err(Error::io("read", path))?;
            let attempt = serde_json::from_slice::<Attempt>(&text);
            Ok(Some(attempt.is_ok_and(|attempt| attempt.id == id)))
        }
        Some((_, _, "forgiven")) => Ok(Some(true)),
        _ => Ok(None),
    }
}

/// Records a failed attempt under the next free number, which it returns. Once this returns, it survives
/// whatever happens next.
///
/// # Errors
/// When the file system refuses.
pub fn record(folder: &Folder, attempt: &Attempt) -> Result<u32> {
    let text = serde_json::to_vec_pretty(attempt)
        .map_err(|error| Error::Internal(format!("attempt as JSON: {error}")))?;
    let dir = folder.attempts();
    let temp = Temp::new(&dir, &attempt.id);
    durable::write_synced(temp.path(), &text)?;
    for number in 1..u32::MAX {
        let path = dir.join(format!("{}.{number}.json", attempt.id));
        if temp.link(&path)? == Linked::New {
            return Ok(number);
        }
    }
    Err(Error::Internal("a trial ran out of attempt numbers".into()))
}

/// Stops an attempt from counting. Nothing is removed.
///
/// # Errors
/// When the file system refuses.
pub fn forgive(folder: &Folder, id: &str, number: u32) -> Result<()> {
    let path = folder.attempts().join(format!("{id}.{number}.forgiven"));
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(Error::io("make", &path)(error))
        }
        _ => durable::sync_folder(&folder.attempts()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(id: &str) -> Attempt {
        Attempt {
            id: id.into(),
            class: "panic".into(),
            message: "index out of bounds".into(),
            log: None,
            host: "here".into(),
            pid: 1,
            time: "2026-01-01T00:00:00Z".into(),
        }
    }

    fn folder() -> (tempfile::TempDir, Folder) {
        let results = tempfile::tempdir().expect("a folder");
        let folder = Folder::create(results.path(), "x").expect("made");
        (results, folder)
    }

    #[test]
    fn attempts_are_numbered_and_counted_by_trial() {
        let (_results, folder) = folder();
        assert_eq!(record(&folder, &attempt("aa")).expect("recorded"), 1);
        assert_eq!(record(&folder, &attempt("aa")).expect("recorded"), 2);
        assert_eq!(record(&folder, &attempt("bb")).expect("recorded"), 1);
        let files = fs::read_dir(folder.attempts()).expect("listed");
        assert_eq!(files.count(), 3, "no temporary file stays");
        let counted = Counted::read(&folder).expect("readable");
        assert_eq!(
            [counted.of("aa"), counted.of("bb"), counted.of("cc")],
            [2, 1, 0]
        );
        let text = fs::read_to_string(folder.attempts().join("aa.2.json")).expect("there");
        assert_eq!(
            serde_json::from_str::<Attempt>(&text).expect("JSON"),
            attempt("aa")
        );
    }

    #[test]
    fn forgiven_attempts_stay_but_do_not_count() {
        let (_results, folder) = folder();
        record(&folder, &attempt("aa")).expect("recorded");
        record(&folder, &attempt("aa")).expect("recorded");
        for _ in 0..2 {
            forgive(&folder, "aa", 1).expect("forgiven");
        }
        let counted = Counted::read(&folder).expect("readable");
        assert_eq!(counted.numbers("aa").collect::<Vec<_>>(), [2]);
        assert!(folder.attempts().join("aa.1.json").exists());
        assert_eq!(record(&folder, &attempt("aa")).expect("recorded"), 3);
    }

    #[test]
    fn a_damaged_attempt_counts_and_a_half_written_one_does_not() {
        let (_results, folder) = folder();
        fs::write(folder.attempts().join("aa.1.json"), "").expect("written");
        fs::write(folder.attempts().join(".aa.7.tmp"), "{").expect("written");
        assert_eq!(Counted::read(&folder).expect("readable").of("aa"), 1);
    }
}
