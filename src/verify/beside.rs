//! Everything beside results and checkpoints: the sweep file, attempts, statuses, claims, what Slurm was sent, leftovers.

use super::SET_ASIDE;
use super::seen::{Seen, Sighting};
use super::steady::steadily;
use crate::durable::{self, Owner};
use crate::error::{Error, Result};
use crate::fanout::{attempts, claims, status};
use crate::record::inspect::inspect;
use crate::record::{Folder, hdf5_files};
use crate::slurm::program;
use crate::slurm::submitted::Submitted;
use crate::sweep::Sweep;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Folders whose files nobody but people reads, and what reports and exports write.
const FOR_PEOPLE: [&str; 12] = [
    "logs",
    "figures",
    "tensorboard",
    "to_mlflow.py",
    "report.html",
    "report.md",
    "report.tex",
    "report.json",
    "trials.csv",
    ".lock",
    "sweep.h5",
    "checkpoints",
];

/// Looks at it all. `merged` is the sweep file that `sweep.h5` was made from.
///
/// # Errors
/// When a folder cannot be listed.
pub fn look(folder: &Folder, merged: Option<&str>, seen: &mut Vec<Sighting>) -> Result<()> {
    yaml(folder, merged, seen)?;
    for (name, path) in entries(folder.root())? {
        match name.as_str() {
            "trials" | "shards" => each(folder, &path, seen, &mut |path| {
                (!is_record(path)).then_some(Seen::Unknown)
            })?,
            "attempts" => each(folder, &path, seen, &mut |path| {
                judged(path, attempts::is_sound, Seen::Attempt)
            })?,
            "status" => each(folder, &path, seen, &mut |path| {
                judged(path, |path| Ok(status::is_sound(path)), Seen::Status)
            })?,
            "bin" => each(folder, &path, seen, &mut |path| {
                judged(path, program::fits_its_name, Seen::Program)
            })?,
            "claims" => all_claims(folder, &path, seen)?,
            "submitted" => submissions(folder, seen),
            _ => each_at_root(folder, &name, &path, seen),
        }
    }
    Ok(())
}

fn yaml(folder: &Folder, merged: Option<&str>, seen: &mut Vec<Sighting>) -> Result<()> {
    let path = folder.sweep_yaml();
    let mut tell = |what| {
        seen.push(Sighting {
            path: "sweep.yaml".into(),
            seen: what,
        });
    };
    if !path.exists() {
        if merged.is_some() || !hdf5_files(&folder.trials())?.is_empty() {
            tell(Seen::NoYaml);
        }
        return Ok(());
    }
    if !path.is_file() {
        tell(Seen::Yaml("is no regular file".into()));
        return Ok(());
    }
    match steadily(&path, Sweep::load) {
        Some(Ok(sweep)) if merged.is_some_and(|text| text != sweep.text) => {
            tell(Seen::YamlDiffers);
        }
        Some(Err(error)) => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            tell(Seen::Yaml(format!("cannot be read as a sweep: {first}")));
        }
        _ => {}
    }
    Ok(())
}

/// Every file of a folder: what its name says of it alone, else what `look` says.
fn each(
    folder: &Folder,
    below: &Path,
    seen: &mut Vec<Sighting>,
    look: &mut dyn FnMut(&Path) -> Option<Seen>,
) -> Result<()> {
    for (name, path) in entries(below)? {
        let what = match by_name(&name) {
            Named::InUse => None,
            Named::Told(what) => Some(what),
            Named::Plain => look(&path),
        };
        seen.extend(what.map(|seen| Sighting {
            path: relative(folder, &path),
            seen,
        }));
    }
    Ok(())
}

/// What a name tells by itself.
enum Named {
    /// A temporary file of a living process: none of our business.
    InUse,
    Told(Seen),
    Plain,
}

fn by_name(name: &str) -> Named {
    if let Some(owner) = durable::owner(name) {
        return match owner {
            Owner::Alive => Named::InUse,
            Owner::Gone | Owner::Elsewhere => Named::Told(Seen::Temp(owner)),
        };
    }
    let kept = name.rsplit_once(".damaged-").is_some_and(|(_, number)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    match kept || name.ends_with(SET_ASIDE) {
        true => Named::Told(Seen::SetAside),
        false => Named::Plain,
    }
}

/// Whether a file in `trials/` or `shards/` was looked at there.
fn is_record(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    path.extension().is_some_and(|extension| extension == "h5")
        && stem.is_some_and(crate::record::is_id)
}

/// What `is_sound` makes of a file: `None` of one that is, or is gone.
fn judged(
    path: &Path,
    is_sound: impl Fn(&Path) -> Result<Option<bool>>,
    damaged: Seen,
) -> Option<Seen> {
    // A pipe would be waited for.
    if !path.is_file() {
        return path.exists().then_some(Seen::Unknown);
    }
    let look = |path: &Path| match is_sound(path) {
        Ok(Some(true)) => Ok(()),
        Ok(Some(false)) => Err(damaged.clone()),
        Ok(None) => Err(Seen::Unknown),
        Err(Error::Io { source, .. }) => Err(Seen::Unreadable(source.to_string())),
        Err(other) => Err(Seen::Unreadable(other.to_string())),
    };
    steadily(path, look)?.err()
}

fn all_claims(folder: &Folder, claims: &Path, seen: &mut Vec<Sighting>) -> Result<()> {
    for (_, plan) in entries(claims)? {
        // A claim is another name of its owner's heartbeat, which is told once.
        let mut told = BTreeSet::new();
        each(folder, &plan, seen, &mut |path| {
            if !path.is_file() {
                return path.exists().then_some(Seen::Unknown);
            }
            match steadily(path, claim)?.err()? {
                Ok(file) => told.insert(file).then_some(Seen::Claim),
                Err(why) => Some(Seen::Unreadable(why)),
            }
        })?;
    }
    Ok(())
}

/// Whether a heartbeat or claim says whose it is; if not, which file it is, or why it cannot be read.
fn claim(path: &Path) -> std::result::Result<(), std::result::Result<(u64, u64), String>> {
    match claims::look(path) {
        Ok(Some(sight)) if sight.runner.is_none() => Err(Ok(sight.file)),
        Ok(_) => Ok(()),
        Err(error) => Err(Err(error.to_string())),
    }
}

fn submissions(folder: &Folder, seen: &mut Vec<Sighting>) {
    for submitted in Submitted::all(folder) {
        let path = submitted.jobs_json();
        let read = |_: &Path| match submitted.ledger() {
            Err(Error::Record { problem, .. }) => Err(problem),
            Err(other) => Err(other.to_string()),
            Ok(_) => Ok(()),
        };
        if let Some(Err(problem)) = steadily(&path, read) {
            seen.push(Sighting {
                path: relative(folder, &path),
                seen: Seen::Ledger(problem),
            });
        }
    }
}

fn each_at_root(folder: &Folder, name: &str, path: &Path, seen: &mut Vec<Sighting>) {
    let what = match by_name(name) {
        Named::InUse => None,
        Named::Told(what) => Some(what),
        Named::Plain if FOR_PEOPLE.contains(&name) || matches!(name, "sweep.yaml" | "device") => {
            None
        }
        Named::Plain if name.starts_with("sweep.kept-") && name.ends_with(".h5") => {
            let read = steadily(path, |path| inspect(path).map(|_| ()));
            read.and_then(|read| read.err()).map(Seen::Kept)
        }
        Named::Plain if name.starts_with("sweep.") && name.ends_with(".yaml") => {
            let fits = |path: &Path| match fs::read(path) {
                Ok(text) if folder.replaced_yaml(&text).file_name() == path.file_name() => Ok(()),
                Ok(_) => Err(Seen::OldYaml),
                Err(error) => Err(Seen::Unreadable(error.to_string())),
            };
            match path.is_file() {
                true => steadily(path, fits).and_then(|read| read.err()),
                false => Some(Seen::Unknown),
            }
        }
        Named::Plain => Some(Seen::Unknown),
    };
    seen.extend(what.map(|seen| Sighting {
        path: relative(folder, path),
        seen,
    }));
}

/// Names and paths in a folder, by name; none when it is not there or no folder.
///
/// # Errors
/// When it cannot be listed.
pub fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => return Ok(Vec::new()),
            _ => return Err(Error::io("list", folder)(error)),
        },
    };
    let mut found = Vec::new();
    for entry in listed {
        let entry = entry.map_err(Error::io("list", folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push((name, entry.path()));
    }
    found.sort();
    Ok(found)
}

/// A path as it is named to people: from the results folder on.
pub fn relative(folder: &Folder, path: &Path) -> PathBuf {
    path.strip_prefix(folder.root()).unwrap_or(path).to_owned()
}
