//! Whether a machine can run sweeps, and how to mend what it lacks: one kind of check a file.
//!
//! Each check is a thin probe, which looks or tries, and a pure verdict on what it saw. Nothing is changed: what a probe
//! makes in a folder, it removes.

mod build;
mod cuda;
mod data;
mod folder;
mod gpu;
mod machine;
mod mpi;
mod record;
mod slurm;
mod space;

pub use mpi::ranks;
pub use slurm::Expected;

use crate::error::ExitCode;
use std::path::Path;

/// How good what was found is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Good to know; sweeps run all the same.
    Note,
    /// Sweeps cannot run like this, or not safely. The exit code says which kind of thing is wrong.
    Problem(ExitCode),
}

impl Verdict {
    /// The word in front of a line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem(_) => "problem",
        }
    }
}

/// One line of the doctor's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub topic: &'static str,
    /// How good that is.
    pub verdict: Verdict,
    /// What was seen.
    pub found: String,
    /// What to do about it.
    pub mend: Option<String>,
}

impl Finding {
    fn ok(topic: &'static str, found: impl Into<String>) -> Self {
        Self {
            topic,
            verdict: Verdict::Ok,
            found: found.into(),
            mend: None,
        }
    }

    fn note(topic: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            topic,
            verdict: Verdict::Note,
            found: found.into(),
            mend: Some(mend.into()),
        }
    }

    fn problem(
        topic: &'static str,
        code: ExitCode,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            topic,
            verdict: Verdict::Problem(code),
            found: found.into(),
            mend: Some(mend.into()),
        }
    }
}

/// Looks at everything.
pub fn examine(results: &Path, profile: Option<&[Expected]>) -> Vec<Finding> {
    let mut findings = build::check();
    findings.extend(machine::check());
    findings.extend(gpu::check());
    findings.extend(cuda::check());
    findings.extend(mpi::check());
    findings.extend(slurm::check(profile));
    findings.extend(data::check());
    findings.extend(space::check(results));
    findings.extend(folder::check(results));
    findings.extend(record::check(results));
    findings
}

/// The code of the first problem; done where there is none.
pub fn exit_code(findings: &[Finding]) -> ExitCode {
    let problems = findings.iter().filter_map(|finding| match finding.verdict {
        Verdict::Problem(code) => Some(code),
        Verdict::Ok | Verdict::Note => None,
    });
    problems.into_iter().next().unwrap_or(ExitCode::Done)
}

/// The nearest folder above `path`, or itself, that is there: where a run would make the rest.
fn existing(path: &Path) -> &Path {
    let mut folders = path.ancestors().map(|folder| {
        if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        }
    });
    folders.find(|folder| folder.exists()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_problem_gives_the_exit_code_and_notes_give_none() {
        let note = Finding::note("gpu", "none", "fine");
        assert_eq!(exit_code(std::slice::from_ref(&note)), ExitCode::Done);
        let problem = |code| Finding::problem("x", code, "bad", "mend it");
        let findings = [note, problem(ExitCode::Io), problem(ExitCode::Machine)];
        assert_eq!(exit_code(&findings), ExitCode::Io);
    }

    #[test]
    fn a_results_folder_that_is_not_there_yet_is_judged_by_what_is() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(existing(&root.path().join("a/b")), root.path());
        assert_eq!(existing(root.path()), root.path());
        assert_eq!(existing(Path::new("no-such-results")), Path::new("."));
    }
}
