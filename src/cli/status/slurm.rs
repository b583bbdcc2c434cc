//! What Slurm has in its queue of a sweep. A hint only: where it is missing, slow or says what nobody knows, nothing is lost.

use crate::error::{Error, Result};
use crate::fanout::status::is_job_id;
use crate::record::Folder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Between two questions: many people ask the same Slurm.
const EVERY: Duration = Duration::from_secs(30);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// One Slurm job in the queue, in Slurm's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobState {
    /// Its id.
    pub id: String,
    /// "RUNNING", "PENDING", …: whatever Slurm says.
    pub state: String,
    /// How long it has run.
    pub time: String,
    /// How long it may go on.
    pub left: String,
    /// Its nodes, or in parentheses what it waits for.
    pub reason: String,
}

/// Slurm's last answer.
#[derive(Default)]
pub struct Slurm {
    asked: Option<(Instant, BTreeSet<String>)>,
    answer: Vec<JobState>,
}

impl Slurm {
    /// The jobs that runners say they are, and those that were submitted for this sweep.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn look(
        &mut self,
        folder: &Folder,
        jobs: impl Iterator<Item = String>,
    ) -> Result<Vec<JobState>> {
        let mut ids = submitted(folder)?;
        ids.extend(jobs);
        let fresh = |(at, asked): &(Instant, _)| at.elapsed() < EVERY && *asked == ids;
        if !self.asked.as_ref().is_some_and(fresh) {
            self.answer = if ids.is_empty() {
                Vec::new()
            } else {
                squeue(&ids)
            };
            self.asked = Some((Instant::now(), ids));
        }
        Ok(self.answer.clone())
    }
}

/// The file that `ablate submit` leaves.
#[derive(Deserialize)]
struct Submitted {
    jobs: Vec<SubmittedJob>,
}

#[derive(Deserialize)]
struct SubmittedJob {
    id: String,
}

/// The ids in `submitted/*/jobs.json`; damaged files are passed over.
fn submitted(folder: &Folder) -> Result<BTreeSet<String>> {
    let folder = folder.submitted();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(Error::io("list", &folder)(error)),
    };
    let mut ids = BTreeSet::new();
    for entry in entries {
        let path = entry
            .map_err(Error::io("list", &folder))?
            .path()
            .join("jobs.json");
        let read = fs::read(path)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        let jobs = read.map_or(Vec::new(), |submitted: Submitted| submitted.jobs);
        ids.extend(
            jobs.into_iter()
                .map(|job| job.id)
                .filter(|id| is_job_id(id)),
        );
    }
    Ok(ids)
}

/// Asks Slurm, where there is one.
fn squeue(ids: &BTreeSet<String>) -> Vec<JobState> {
    let list = ids.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    let started = Command::new("squeue")
        .args(["-h", "-j", &list, "-o", "%i %T %M %L %R"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = started else {
        return Vec::new();
    };
    let (tell, told) = channel();
    if let Some(mut output) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            // Half an answer is none; nobody listens when it came too late.
            let whole = output.read_to_end(&mut text).is_ok();
            let _ = tell.send(if whole { text } else { Vec::new() });
        });
    }
    let answer = told.recv_timeout(PATIENCE);
    // It may be hanging; and jobs that Slurm has forgotten make it fail, which is no failure here.
    let _ = child.kill();
    let _ = child.wait();
    parse(&String::from_utf8_lossy(&answer.unwrap_or_default()))
}

/// One job a line; reasons may hold blanks.
fn parse(text: &str) -> Vec<JobState> {
    let job = |line: &str| {
        let mut words = line.trim().splitn(5, ' ').map(str::to_owned);
        Some(JobState {
            id: words.next().filter(|id| !id.is_empty())?,
            state: words.next()?,
            time: words.next().unwrap_or_default(),
            left: words.next().unwrap_or_default(),
            reason: words.next().unwrap_or_default(),
        })
    };
    text.lines().filter_map(job).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_kept_as_they_come() {
        let text = "12 RUNNING 1:02:03 46:57:57 exp-1-23\n\
                    13 PENDING 0:00 2-00:00:00 (ReqNodeNotAvail, UnavailableNodes: exp-2)\n\
                    14 SOMETHING_NEW\n\
                    \n\
                    garbage\n";
        let jobs = parse(text);
        let seen: Vec<_> = jobs
            .iter()
            .map(|job| [&job.id, &job.state, &job.left, &job.reason])
            .collect();
        assert_eq!(
            seen,
            [
                ["12", "RUNNING", "46:57:57", "exp-1-23"],
                [
                    "13",
                    "PENDING",
                    "2-00:00:00",
                    "(ReqNodeNotAvail, UnavailableNodes: exp-2)"
                ],
                ["14", "SOMETHING_NEW", "", ""],
            ]
        );
    }

    #[test]
    fn submitted_jobs_are_read_and_damaged_files_passed_over() {
        let results = tempfile::tempdir().unwrap();
        let folder = Folder::create(results.path(), "x").unwrap();
        assert!(submitted(&folder).unwrap().is_empty());
        for (name, text) in [
            (
                "1",
                r#"{"jobs":[{"id":"12","partition":"gpu"},{"id":"13_4"},{"id":"1;x"}]}"#,
            ),
            ("2", r#"{"jobs":[{"id":"#),
            ("3", ""),
        ] {
            let at = folder.submitted().join(name);
            fs::create_dir_all(&at).unwrap();
            fs::write(at.join("jobs.json"), text).unwrap();
        }
        fs::create_dir(folder.submitted().join("4")).unwrap();
        let ids: Vec<_> = submitted(&folder).unwrap().into_iter().collect();
        assert_eq!(ids, ["12", "13_4"]);
    }
}
