//! Which file system it is: some are there for other things than results.

use crate::doctor::Finding;
use crate::error::ExitCode;
use std::path::Path;

const TOPIC: &str = "file system";

/// The file system of a folder, and whether jobs should write there.
pub fn check(folder: &Path) -> Finding {
    let home = std::env::var_os("HOME").and_then(|home| Path::new(&home).canonicalize().ok());
    let place = folder.canonicalize();
    let at_home = matches!((home, place), (Some(home), Ok(place)) if place.starts_with(&home));
    match rustix::fs::statfs(folder) {
        Ok(stat) => verdict(name(stat.f_type), at_home),
        Err(error) => Finding::problem(
            TOPIC,
            ExitCode::Io,
            format!("{}: {error}", folder.display()),
            "choose another --results folder",
        ),
    }
}

/// Names of the numbers in `linux/magic.h`, and of those of clusters.
fn name(number: i64) -> &'static str {
    match number {
        0xef53 => "ext4",
        0x5846_5342 => "xfs",
        0x9123_683e => "btrfs",
        0x2fc1_2fc1 => "zfs",
        0x0102_1994 => "tmpfs",
        0x794c_7630 => "overlayfs",
        0x0bd0_0bd0 => "Lustre",
        0x6969 => "NFS",
        0x4750_4653 => "GPFS",
        0x1983_0326 => "BeeGFS",
        0x6573_5546 => "FUSE",
        0x00c3_6400 => "CephFS",
        _ => "of a kind that ablate does not know",
    }
}

fn verdict(name: &str, at_home: bool) -> Finding {
    match name {
        "NFS" if at_home => Finding::note(
            TOPIC,
            "NFS, below $HOME: slow, and not made for jobs",
            "put results on the cluster's scratch file system: --results /scratch/…",
        ),
        "NFS" => Finding::note(
            TOPIC,
            "NFS: other machines may see new files seconds later",
            "scratch (Lustre) is better where there is one",
        ),
        "tmpfs" => Finding::note(
            TOPIC,
            "tmpfs: in memory, gone when the machine restarts",
            "choose a --results folder on a disk, or copy results away",
        ),
        "Lustre" => Finding::note(
            TOPIC,
            "Lustre: right for jobs, but scratch is purged (90 days on Expanse)",
            "copy finished results home or to an archive",
        ),
        other => Finding::ok(TOPIC, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn places_that_lose_or_delay_results_are_noted() {
        assert_eq!(verdict("ext4", true).verdict, Verdict::Ok);
        for name in ["NFS", "tmpfs", "Lustre"] {
            assert_eq!(verdict(name, false).verdict, Verdict::Note, "{name}");
        }
        assert!(verdict("NFS", true).found.contains("$HOME"));
        assert_eq!(name(0x6969), "NFS");
    }
}
