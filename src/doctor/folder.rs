//! What the file system of the results folder really does: each promise that a commit, a claim or a lock rests on is
//! tried there, in a folder that is removed again.

mod kind;
mod probe;

use super::{Finding, existing};
use crate::durable::{self, Linked, Temp};
use crate::error::ExitCode;
use probe::Probe;
use std::fs::{self, File};
use std::io;
use std::path::Path;

const TOPIC: &str = "results folder";
const ELSEWHERE: &str =
    "choose a --results folder on another file system (scratch, not an archive or an object store)";

/// One thing that a file system has to do: `Ok(false)` when it does something else.
type Trial = fn(&Probe) -> io::Result<bool>;

/// What nothing works without.
const NEEDED: [(&str, Trial); 5] = [
    ("make a file that must not exist", exclusive_create),
    ("link without replacing", link),
    ("rename over a file", rename),
    ("fsync a file and its folder", fsync),
    ("show a new file to another process", visible),
];

/// What results go to.
pub fn check(results: &Path) -> Vec<Finding> {
    let folder = existing(results);
    let mut findings = vec![kind::check(folder)];
    match Probe::make(folder) {
        Err(error) => findings.push(Finding::problem(
            TOPIC,
            ExitCode::Io,
            format!("cannot write to {}: {error}", folder.display()),
            "choose a --results folder that you may write to",
        )),
        Ok(probe) => {
            let tried = NEEDED.map(|(name, trial)| (name, trial(&probe)));
            findings.push(needed(folder, &tried));
            findings.push(locks(lock(&probe)));
        }
    }
    findings
}

fn needed(folder: &Path, tried: &[(&str, io::Result<bool>)]) -> Finding {
    let mut broken = Vec::new();
    for (name, outcome) in tried {
        match outcome {
            Ok(true) => {}
            Ok(false) => broken.push(format!("{name}: it does something else")),
            Err(error) => broken.push(format!("{name}: {error}")),
        }
    }
    let folder = folder.display();
    if broken.is_empty() {
        let found = format!("{folder}: exclusive create, link, rename, fsync and visibility work");
        Finding::ok(TOPIC, found)
    } else {
        let found = format!("{folder} cannot {}", broken.join("; cannot "));
        Finding::problem(TOPIC, ExitCode::Io, found, ELSEWHERE)
    }
}

fn locks(outcome: io::Result<bool>) -> Finding {
    const TOPIC: &str = "file locks";
    match outcome {
        Ok(true) => Finding::ok(TOPIC, "flock keeps a second run out"),
        Ok(false) | Err(_) => Finding::note(
            TOPIC,
            "flock does not work here",
            "nothing is lost without it, but start one `ablate run` at a time on one machine",
        ),
    }
}

fn exclusive_create(probe: &Probe) -> io::Result<bool> {
    let path = probe.path("exclusive");
    File::create_new(&path)?;
    match File::create_new(&path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(true),
        Err(error) => Err(error),
        Ok(_) => Ok(false),
    }
}

/// As a commit does it, with the same code.
fn link(probe: &Probe) -> io::Result<bool> {
    let target = probe.path("linked");
    let give = |text: &str| {
        let temp = Temp::beside(&target);
        durable::write_synced(temp.path(), text.as_bytes()).and_then(|()| temp.link(&target))
    };
    let first = give("first").map_err(io::Error::other)?;
    let second = give("second").map_err(io::Error::other)?;
    let kept = fs::read(&target)? == b"first";
    Ok((first, second, kept) == (Linked::New, Linked::Taken, true))
}

fn rename(probe: &Probe) -> io::Result<bool> {
    let path = probe.path("renamed");
    for text in ["first", "second"] {
        durable::replace(&path, text.as_bytes()).map_err(io::Error::other)?;
    }
    Ok(fs::read(&path)? == b"second")
}

fn fsync(probe: &Probe) -> io::Result<bool> {
    let path = probe.path("synced");
    fs::write(&path, "x")?;
    File::open(&path)?.sync_all()?;
    File::open(probe.folder())?.sync_all()?;
    Ok(true)
}

/// Another process of this machine; another machine may see it later.
fn visible(probe: &Probe) -> io::Result<bool> {
    let path = probe.path("seen");
    fs::write(&path, "here")?;
    let cat = std::process::Command::new("cat").arg(&path).output()?;
    Ok(cat.stdout == b"here")
}

fn lock(probe: &Probe) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, flock};
    let path = probe.path("locked");
    let first = File::create(&path)?;
    flock(&first, FlockOperation::NonBlockingLockExclusive)?;
    let second = File::open(&path)?;
    Ok(flock(&second, FlockOperation::NonBlockingLockExclusive)
        == Err(rustix::io::Errno::WOULDBLOCK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn one_thing_that_does_not_work_is_a_problem_that_names_it() {
        let folder = Path::new("/archive");
        let fine = needed(folder, &[("link", Ok(true)), ("rename", Ok(true))]);
        assert_eq!(fine.verdict, Verdict::Ok);
        let refused = io::Error::from(io::ErrorKind::Unsupported);
        for outcome in [Ok(false), Err(refused)] {
            let finding = needed(folder, &[("link", outcome), ("rename", Ok(true))]);
            assert_eq!(finding.verdict, Verdict::Problem(ExitCode::Io));
            assert!(finding.found.contains("cannot link") && !finding.found.contains("rename"));
        }
        assert_eq!(locks(Ok(false)).verdict, Verdict::Note);
    }

    #[test]
    fn a_plain_folder_passes_and_is_left_as_it_was() {
        let root = tempfile::tempdir().unwrap();
        let findings = check(&root.path().join("results"));
        assert!(
            findings
                .iter()
                .all(|finding| !matches!(finding.verdict, Verdict::Problem(_))),
            "{findings:?}"
        );
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
