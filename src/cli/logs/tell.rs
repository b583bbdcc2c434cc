//! What the files of a sweep say about one trial.

use crate::cli::target::Target;
use crate::error::{Error, Result};
use crate::fanout::attempts::{Attempt, Counted};
use crate::fanout::queue::ATTEMPTS;
use crate::fanout::status::{self, Status, is_job_id};
use crate::harmless::harmless_lines;
use crate::outcome::Outcome;
use crate::record::{Folder, Outcomes};
use crate::train::step_of;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// How much of the end of a log is read.
const TAIL: u64 = 64 << 10;

/// All that is known, for people.
///
/// # Errors
/// When the folder cannot be read.
pub fn about(target: &Target, index: usize, lines: usize) -> Result<String> {
    let folder = &target.folder;
    let id = target.plan.id(index).to_string();
    let mut out = format!(
        "trial {index} of {}: {}\n{id}\n",
        target.sweep.name,
        target.label(index)
    );
    let attempts = attempts(folder, &id)?;
    let running = running(folder, &id)?;
    out += &format!("{}\n", outcome(folder, &id, &running)?);

    for (number, attempt) in &attempts {
        out += &format!(
            "\nattempt {number} failed: {attempt}\n",
            attempt = first_line(attempt)
        );
        out += &indented(&attempt.message);
    }
    let checkpoints = checkpoints(&folder.checkpoints(&id))?;
    if !checkpoints.is_empty() {
        out += "\ncheckpoints\n";
        out += &indented(&checkpoints.join("\n"));
    }
    // By its name alone: the folder may have moved, and what it names need not be a log.
    let log = attempts
        .iter()
        .rev()
        .find_map(|(_, attempt)| attempt.log.as_ref()?.file_name());
    if let Some(name) = log {
        let path = folder.logs().join(name);
        out += &format!("\nthe end of {}\n", path.display());
        out += &indented(&tail(&path, lines)?);
    }
    for path in slurm_logs(folder, &running)? {
        out += &format!("\nSlurm's log: {}\n", path.display());
    }
    Ok(harmless_lines(&out) + "\n")
}

/// What became of it.
fn outcome(folder: &Folder, id: &str, running: &[Status]) -> Result<String> {
    let mut outcomes = Outcomes::default();
    outcomes.look(folder)?;
    let failures = match folder.attempts().is_dir() {
        true => Counted::read(folder)?.of(id),
        false => 0,
    };
    Ok(match (outcomes.of(id), running) {
        (Some(outcome), _) => outcome.name().to_owned(),
        (None, [.., last]) => {
            let part = last.now.running.iter().find(|trial| trial.id == id);
            let percent = 100.0 * part.map_or(0.0, |trial| trial.part);
            format!(
                "in training on {} as last heard ({}): {percent:.0} % done",
                last.about.host, last.updated
            )
        }
        (None, []) if failures >= ATTEMPTS => format!(
            "{}: given up after {failures} failed attempts",
            Outcome::Quarantined.name()
        ),
        (None, []) if failures > 0 => format!(
            "{}: {failures} of {ATTEMPTS} attempts",
            Outcome::Failed.name()
        ),
        (None, []) => Outcome::Pending.name().to_owned(),
    })
}

/// Runners that said that they train it and did not say that they ended.
fn running(folder: &Folder, id: &str) -> Result<Vec<Status>> {
    let trains = |status: &Status| status.now.running.iter().any(|trial| trial.id == id);
    let ended = |status: &Status| {
        matches!(
            status.now.state,
            status::State::Left | status::State::Failed(_)
        )
    };
    let all = status::read_all(folder)?;
    Ok(all
        .into_iter()
        .filter(|status| trains(status) && !ended(status))
        .collect())
}

/// Failed attempts by number, forgiven ones included. Damaged ones are told as such.
fn attempts(folder: &Folder, id: &str) -> Result<Vec<(u32, Attempt)>> {
    let mut found = Vec::new();
    for path in list(&folder.attempts())? {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let number = name
            .strip_prefix(id)
            .and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".json"));
        let Some(number) = number.and_then(|number| number.parse().ok()) else {
            continue;
        };
        let text = fs::read(&path).map_err(Error::io("read", &path))?;
        let damaged = || Attempt {
            id: id.to_owned(),
            class: "unknown".into(),
            message: format!("{}: damaged", path.display()),
            log: None,
            host: "unknown".into(),
            pid: 0,
            time: "unknown".into(),
        };
        found.push((
            number,
            serde_json::from_slice(&text).unwrap_or_else(|_| damaged()),
        ));
    }
    found.sort_by_key(|(number, _)| *number);
    Ok(found)
}

/// "panic, on node3 (process 77), 2026-01-01T00:00:00Z"
fn first_line(attempt: &Attempt) -> String {
    let Attempt {
        class,
        host,
        pid,
        time,
        ..
    } = attempt;
    format!("{class}, on {host} (process {pid}), {time}")
}

/// "attempt 2: step 400, step 800"
fn checkpoints(root: &Path) -> Result<Vec<String>> {
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let step = |path: &Path| step_of(path.file_name()?.to_str()?);
    let mut all = Vec::new();
    for folder in list(root)? {
        let Some(number) = number(&folder).filter(|_| folder.is_dir()) else {
            continue;
        };
        let mut steps: Vec<_> = list(&folder)?
            .iter()
            .filter_map(|path| step(path))
            .collect();
        steps.sort_unstable();
        if !steps.is_empty() {
            all.push((number, steps));
        }
    }
    all.sort_unstable();
    let line = |(number, steps): (u32, Vec<u64>)| {
        let steps: Vec<_> = steps.iter().map(|step| format!("step {step}")).collect();
        format!("attempt {number}: {}", steps.join(", "))
    };
    Ok(all.into_iter().map(line).collect())
}

/// The last lines of a file; that it is gone is told, too.
fn tail(path: &Path, lines: usize) -> Result<String> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok("it is gone".into()),
        Err(error) => return Err(Error::io("open", path)(error)),
    };
    let mut bytes = Vec::new();
    file.metadata()
        .and_then(|about| file.seek(SeekFrom::Start(about.len().saturating_sub(TAIL))))
        .and_then(|_| file.take(TAIL).read_to_end(&mut bytes))
        .map_err(Error::io("read", path))?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<_> = text.lines().collect();
    Ok(all[all.len().saturating_sub(lines)..].join("\n"))
}

/// What Slurm kept of the output of the jobs that train it: `logs/slurm-<job>.out`, `logs/slurm-<name>-<job>.out`, ….
fn slurm_logs(folder: &Folder, running: &[Status]) -> Result<Vec<PathBuf>> {
    let jobs: Vec<_> = running
        .iter()
        .filter_map(|status| status.about.slurm_job_id.as_deref())
        .collect();
    let of_job = |path: &PathBuf| {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let inner = name
            .strip_prefix("slurm-")
            .and_then(|rest| rest.strip_suffix(".out"));
        let last = inner.and_then(|inner| inner.rsplit('-').next());
        last.is_some_and(|job| is_job_id(job) && jobs.contains(&job))
    };
    Ok(list(&folder.logs())?.into_iter().filter(of_job).collect())
}

/// What is in a folder, in order; nothing where there is none.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", folder)(error)),
    };
    let paths = entries.map(|entry| Ok(entry.map_err(Error::io("list", folder))?.path()));
    let mut paths: Vec<_> = paths.collect::<Result<_>>()?;
    paths.sort();
    Ok(paths)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests;
