//! Whether a folder of results is whole: reads all of it in full and changes nothing.
//!
//! [`records`], [`sweep_file`], [`checkpoints`] and [`beside`] read and tell what they see ([`seen`]); [`finding`] says, without
//! reading anything, what that means and which command mends it; [`words`] writes it down. Trials are read one at a time, so
//! that memory does not grow with their pictures and weights.

mod beside;
mod checkpoints;
mod command;
mod finding;
mod records;
mod seen;
mod steady;
mod sweep_file;
mod words;

pub use command::Commands;
pub use finding::{Finding, Level, Loss};
pub use words::{json, text};

use crate::error::{Error, Result};
use crate::record::inspect::{Kind, inspect};
use crate::record::{self, Folder};
use finding::{Known, judge};
use seen::{Seen, Sighting};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use steady::steadily;

/// What a file is called that was taken out of the way by hand: its name and this.
const SET_ASIDE: &str = ".set-aside";

/// What a sweep asks for.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The ids of its trials, of what is trained first and of its evaluations.
    Ids(BTreeSet<String>),
    /// Why that cannot be told.
    Unknown(String),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whole trials, each counted once.
    pub trials: usize,
    /// Whole shards.
    pub shards: usize,
    /// Results that the sweep asks for, and how many of them are in no whole file; `None` where that cannot be told.
    pub asked: Option<Coverage>,
    /// What is worth a word, by path.
    pub findings: Vec<Finding>,
}

/// Results of trials and evaluations that a sweep asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// All of them.
    pub all: usize,
    /// Those that no whole file has: not done yet, or gone.
    pub missing: usize,
}

impl Verdict {
    /// Whether nothing is damaged.
    pub fn is_whole(&self) -> bool {
        self.damages().next().is_none()
    }

    /// The findings that are no mere notes.
    pub fn damages(&self) -> impl Iterator<Item = &Finding> {
        let all = self.findings.iter();
        all.filter(|finding| finding.level == Level::Damage)
    }
}

/// How far it is: files read, and files there.
pub type Progress<'a> = dyn FnMut(usize, usize) + 'a;

/// Reads a results folder in full.
///
/// # Errors
/// When a folder cannot be listed.
pub fn folder(
    folder: &Folder,
    asked: &Asked,
    commands: &Commands,
    progress: &mut Progress<'_>,
) -> Result<Verdict> {
    let mut seen = Vec::new();
    let mut known = Known::default();
    match asked {
        Asked::Ids(ids) => known.planned = Some(ids.clone()),
        Asked::Unknown(why) => seen.push(Sighting {
            path: "sweep.yaml".into(),
            seen: Seen::NoPlan(why.clone()),
        }),
    }
    // In this order: what `sweep.h5` has is in a trial file or a shard, and a trial file goes only when its shard is there.
    // So whatever runners do meanwhile, nothing whole looks missing.
    let sweep = sweep_file::look(folder, &mut seen);
    let shards = records::look(folder, &mut known, &mut seen, progress)?;
    sweep_file::compare(folder, sweep.as_ref(), &mut known, &mut seen);
    record::done_reading();
    checkpoints::look(folder, &mut known, &mut seen)?;
    beside::look(folder, sweep.as_ref().map(|sweep| &*sweep.yaml), &mut seen)?;
    let mut findings: Vec<_> = seen
        .into_iter()
        .map(|sighting| judge(sighting, &known, commands))
        .collect();
    findings.sort_by(|a, b| (a.level as u8, &a.path).cmp(&(b.level as u8, &b.path)));
    let asked = known.planned.as_ref().map(|ids| Coverage {
        all: ids.len(),
        missing: ids
            .iter()
            .filter(|id| !known.committed.contains_key(*id))
            .count(),
    });
    Ok(Verdict {
        trials: known.committed.len(),
        shards,
        asked,
        findings,
    })
}

/// Reads one file in full: a trial file, a shard or a `sweep.h5`.
///
/// # Errors
/// When there is none.
pub fn file(path: &Path, commands: &Commands) -> Result<Verdict> {
    let name = PathBuf::from(path.file_name().unwrap_or_default());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let whole = steadily(path, |path| match path.is_file() {
        true => records::named(path, &stem),
        false => inspect(path).map_err(|fault| (Kind::Trial, fault)),
    });
    let gone = || Error::Usage {
        problem: format!("{}: there is no such file any more", path.display()),
        next: "give the results folder of a sweep".into(),
    };
    let (trials, shards, seen) = match whole.ok_or_else(gone)? {
        Ok(whole) => (
            whole.trials.len(),
            usize::from(whole.kind == Kind::Shard),
            None,
        ),
        Err((kind, fault)) => {
            let id = stem.into_owned();
            let seen = match kind {
                Kind::Sweep => Seen::SweepFile(fault),
                Kind::Shard => Seen::Shard(fault),
                Kind::Trial if record::is_id(&id) => Seen::Trial { id, fault },
                Kind::Trial => Seen::NotOurs(fault),
            };
            (0, 0, Some(Sighting { path: name, seen }))
        }
    };
    let known = Known {
        alone: true,
        ..Known::default()
    };
    let findings = seen.map(|sighting| judge(sighting, &known, commands));
    Ok(Verdict {
        trials,
        shards,
        asked: None,
        findings: findings.into_iter().collect(),
    })
}
