//! Room on the disk of the results folder: bytes and inodes.

use super::{Finding, existing};
use crate::error::ExitCode;
use std::path::Path;

const TOPIC: &str = "disk space";

/// A sweep of some hundred trials takes a few MiB for its record, and as much again while it is replaced.
const LEAST: u64 = 64 << 20;
const COMFORTABLE: u64 = 1 << 30;

/// A trial takes one file, and up to 256 of them before they are packed into one.
const LEAST_INODES: u64 = 1_000;
const COMFORTABLE_INODES: u64 = 10_000;

/// What is free where results go.
pub fn check(results: &Path) -> Vec<Finding> {
    let folder = existing(results);
    vec![match rustix::fs::statvfs(folder) {
        Ok(space) => verdict(
            space.f_bavail.saturating_mul(space.f_frsize),
            // Some file systems make inodes as they go and report none at all.
            (space.f_files > 0).then_some(space.f_favail),
        ),
        Err(error) => Finding::problem(
            TOPIC,
            ExitCode::Io,
            format!("{}: {error}", folder.display()),
            "choose another --results folder",
        ),
    }]
}

fn verdict(bytes: u64, inodes: Option<u64>) -> Finding {
    let found = match inodes {
        Some(inodes) => format!("{} MiB and {inodes} inodes free", bytes >> 20),
        None => format!("{} MiB free", bytes >> 20),
    };
    let mend = "free space, or choose another --results folder (a quota may leave less than this)";
    let inodes = inodes.unwrap_or(u64::MAX);
    if bytes < LEAST || inodes < LEAST_INODES {
        Finding::problem(TOPIC, ExitCode::Io, found, mend)
    } else if bytes < COMFORTABLE || inodes < COMFORTABLE_INODES {
        Finding::note(TOPIC, found, mend)
    } else {
        Finding::ok(TOPIC, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn bytes_and_inodes_are_both_needed() {
        let (plenty, many) = (1 << 40, Some(1 << 30));
        assert_eq!(verdict(plenty, many).verdict, Verdict::Ok);
        assert_eq!(verdict(plenty, None).verdict, Verdict::Ok);
        assert_eq!(verdict(COMFORTABLE - 1, many).verdict, Verdict::Note);
        assert_eq!(verdict(plenty, Some(2_000)).verdict, Verdict::Note);
        let full = Verdict::Problem(ExitCode::Io);
        assert_eq!(verdict(LEAST - 1, many).verdict, full);
        assert_eq!(verdict(plenty, Some(999)).verdict, full);
    }
}
