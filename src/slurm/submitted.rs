//! What was sent: `submitted/<n>/` in the sweep's folder holds the frozen sweep, the scripts and `jobs.json`. Queued jobs see no
//! later edit of the sweep and no rebuild of the program.

use super::client::JobId;
use super::program::Program;
use crate::durable;
use crate::error::{Error, Result};
use crate::record::Folder;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Raised when a key of `jobs.json` changes its meaning.
const FORMAT: u32 = 1;
/// A larger `jobs.json` is none of ours.
const LARGEST: u64 = 16 << 20;

/// One submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    root: PathBuf,
}

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// It drains the sweep.
    #[serde(rename = "job")]
    Job,
    /// It goes on with what the jobs leave.
    #[serde(rename = "follow-up")]
    FollowUp,
}

/// A job that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Its number.
    #[serde(flatten)]
    pub job: JobId,
    /// What it is for.
    pub kind: Kind,
    /// When, RFC 3339, UTC.
    pub time: String,
    /// Of a follow-up that a follow-up sent: the latter's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_by: Option<String>,
    /// Of a follow-up that has begun: how much was done then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_before: Option<usize>,
}

/// `jobs.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// [`FORMAT`].
    pub format: u32,
    /// The sweep's name.
    pub sweep: String,
    /// The site.
    pub profile: String,
    /// The partition.
    pub partition: String,
    /// The account.
    pub account: Option<String>,
    /// Further options for sbatch.
    pub options: Vec<String>,
    /// The frozen program: its file in the sweep's folder.
    pub program: String,
    /// … its SHA-256.
    pub program_sha256: String,
    /// … its version.
    pub version: String,
    /// The frozen program for GPUs, where trials are trained on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuda_program: Option<String>,
    /// What was sent, in order.
    pub jobs: Vec<Sent>,
}

impl Ledger {
    /// Nothing sent yet.
    pub fn new(sweep: &str, program: &Program) -> Self {
        Self {
            format: FORMAT,
            sweep: sweep.to_owned(),
            profile: String::new(),
            partition: String::new(),
            account: None,
            options: Vec::new(),
            program: program.name(),
            program_sha256: program.sha256().to_owned(),
            version: format!("{}+{}", env!("CARGO_PKG_VERSION"), env!("ABLATE_GIT_REV")),
            cuda_program: None,
            jobs: Vec::new(),
        }
    }

    /// Adds a job, sent now.
    pub fn add(&mut self, job: JobId, kind: Kind, sent_by: Option<String>) {
        let time = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        self.jobs.push(Sent {
            job,
            kind,
            time,
            sent_by,
            done_before: None,
        });
    }
}

impl Submitted {
    /// A new submission: its folder is made, under the next free number.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn create(folder: &Folder) -> Result<Self> {
        let all = folder.submitted();
        fs::create_dir_all(&all).map_err(Error::io("make", &all))?;
        loop {
            let next = Self::next(folder);
            match fs::create_dir(&next.root) {
                Ok(()) => {
                    durable::sync_folder(&all)?;
                    return Ok(next);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("make", &next.root)(error)),
            }
        }
    }

    /// What [`create`](Self::create) would make; nothing is made.
    pub fn next(folder: &Folder) -> Self {
        let last = numbers(folder).into_iter().max().unwrap_or(0);
        Self {
            root: folder.submitted().join((last + 1).to_string()),
        }
    }

    /// Every submission of a sweep, in order.
    pub fn all(folder: &Folder) -> Vec<Self> {
        let mut numbers = numbers(folder);
        numbers.sort_unstable();
        let at = |number: u32| Self {
            root: folder.submitted().join(number.to_string()),
        };
        numbers.into_iter().map(at).collect()
    }

    /// One that is there.
    pub fn existing(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The sweep as submitted.
    pub fn sweep_yaml(&self) -> PathBuf {
        self.root.join("sweep.yaml")
    }

    /// The script of a kind of job.
    pub fn script(&self, kind: Kind) -> PathBuf {
        self.root.join(match kind {
            Kind::Job => "job.sbatch",
            Kind::FollowUp => "follow-up.sbatch",
        })
    }

    /// The list of what was sent.
    pub fn jobs_json(&self) -> PathBuf {
        self.root.join("jobs.json")
    }

    /// Reads the list of what was sent.
    ///
    /// # Errors
    /// [`Error::Record`] when it is missing, damaged or of a later format.
    pub fn ledger(&self) -> Result<Ledger> {
        let path = self.jobs_json();
        let wrong = |problem: String| {
            Error::Record {
            path: path.clone(),
            problem,
            next: "look with squeue --me for jobs that are still there; `ablate submit` makes a new submission".into(),
        }
        };
        let size = fs::metadata(&path)
            .map_err(|error| wrong(error.to_string()))?
            .len();
        if size > LARGEST {
            return Err(wrong("is too large to be ours".into()));
        }
        let text = fs::read(&path).map_err(Error::io("read", &path))?;
        let ledger: Ledger =
            serde_json::from_slice(&text).map_err(|error| wrong(format!("is damaged: {error}")))?;
        if ledger.format != FORMAT {
            return Err(wrong(format!(
                "has format {}, this program reads {FORMAT}",
                ledger.format
            )));
        }
        if ledger.jobs.iter().any(|sent| !sent.job.is_plain()) {
            return Err(wrong("names a job that is no job".into()));
        }
        Ok(ledger)
    }

    /// Writes the list of what was sent, whole and synced.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, ledger: &Ledger) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(ledger)
            .map_err(|error| Error::Internal(format!("jobs as JSON: {error}")))?;
        text.push(b'\n');
        durable::replace(&self.jobs_json(), &text)
    }
}

/// Numbers of the submissions of a sweep.
fn numbers(folder: &Folder) -> Vec<u32> {
    let entries = fs::read_dir(folder.submitted())
        .into_iter()
        .flatten()
        .flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let results = tempfile::tempdir().expect("a folder");
        let folder = Folder::create(results.path(), "x").expect("made");
        (results, folder)
    }

    #[test]
    fn submissions_are_numbered_and_none_is_taken_twice() {
        let (_results, folder) = folder();
        let made: Vec<_> = (0..3)
            .map(|_| Submitted::create(&folder).expect("made"))
            .collect();
        assert_eq!(Submitted::all(&folder), made);
        assert!(made[2].root().ends_with("submitted/3"));
        assert!(Submitted::next(&folder).root().ends_with("submitted/4"));
    }

    #[test]
    fn a_ledger_is_read_back_and_a_hostile_one_refused() {
        let (results, folder) = folder();
        let source = results.path().join("program");
        fs::write(&source, "x").expect("written");
        let submitted = Submitted::create(&folder).expect("made");
        let mut ledger = Ledger::new("x", &Program::read(&source).expect("read"));
        ledger.add(
            JobId {
                id: "12".into(),
                cluster: None,
            },
            Kind::Job,
            None,
        );
        ledger.add(
            JobId {
                id: "13".into(),
                cluster: Some("t".into()),
            },
            Kind::FollowUp,
            Some("12".into()),
        );
        submitted.write(&ledger).expect("written");
        assert_eq!(submitted.ledger().expect("read"), ledger);
        let text = fs::read_to_string(submitted.jobs_json()).expect("there");
        assert!(
            text.contains("\"id\": \"12\"") && text.contains("\"kind\": \"follow-up\""),
            "{text}"
        );
        for (from, to) in [
            ("\"12\"", "\"--wrap=x\""),
            ("\"format\": 1", "\"format\": 2"),
            ("{", ""),
        ] {
            fs::write(submitted.jobs_json(), text.replacen(from, to, 1)).expect("written");
            assert!(submitted.ledger().is_err(), "{to}");
        }
    }
}
