//! The launcher of MPI: tried, not only looked for.

use super::Finding;
use crate::error::{ExitCode, Result};
use crate::fanout::ask::{Answer, ask, first_line};
use std::ffi::OsString;
use std::time::Duration;

const TOPIC: &str = "mpi";
const LIMIT: Duration = Duration::from_secs(60);

/// Two processes, which tell how many they are.
const TWO: [&str; 5] = ["--oversubscribe", "--bind-to", "none", "-n", "2"];

/// Whether `mpirun` starts two ranks that see each other.
pub fn check() -> Vec<Finding> {
    let version = ask("mpirun", &["--version"], LIMIT);
    let launch = match version {
        Answer::Printed(_) => {
            let arguments: Vec<_> = TWO
                .map(OsString::from)
                .into_iter()
                .chain(counter())
                .collect();
            ask("mpirun", &arguments, LIMIT)
        }
        _ => Answer::Missing,
    };
    vec![verdict(&version, &launch)]
}

/// What says how many it is: this program, whose own MPI has to fit mpirun's; without MPI, mpirun's word.
fn counter() -> Vec<OsString> {
    match std::env::current_exe() {
        Ok(program) if cfg!(feature = "mpi") => {
            vec![program.into(), "doctor".into(), "--rank".into()]
        }
        _ => ["printenv", "OMPI_COMM_WORLD_SIZE"]
            .map(OsString::from)
            .into(),
    }
}

/// The number of ranks that MPI shows to this process, which `mpirun` started.
///
/// # Errors
/// When MPI does not start.
#[cfg(feature = "mpi")]
pub fn ranks() -> Result<usize> {
    use crate::fanout::ranks::{Link as _, courier::Courier};
    let courier = Courier::start(|| ())?;
    let ranks = courier.ranks();
    courier.finish();
    Ok(ranks)
}

/// As with MPI; there is nobody else.
#[cfg(not(feature = "mpi"))]
pub fn ranks() -> Result<usize> {
    Ok(1)
}

fn verdict(version: &Answer, launch: &Answer) -> Finding {
    let Answer::Printed(version) = version else {
        return Finding::note(
            TOPIC,
            "no mpirun; sweeps run as one process with workers, or by `srun --mpi=pmix`",
            "module load openmpi, or apt install openmpi-bin",
        );
    };
    let version = first_line(version);
    let problem = |found: String, mend: &str| {
        Finding::problem(
            TOPIC,
            ExitCode::Machine,
            format!("{version}: {found}"),
            mend,
        )
    };
    match launch {
        Answer::Printed(text) if text.lines().eq(["2", "2"]) => {
            Finding::ok(TOPIC, format!("{version}: two processes start"))
        }
        Answer::Printed(text) if text.lines().eq(["1", "1"]) => problem(
            "two processes start, but each is alone: this ablate was built with another MPI".into(),
            "load the modules that ablate was built with, or build it again with these",
        ),
        Answer::Printed(text) => problem(
            format!("two processes were asked for and said {text:?}"),
            "only Open MPI is known to work: module load openmpi",
        ),
        Answer::Failed(why) if why.contains("as root") => Finding::note(
            TOPIC,
            format!("{version}: refuses to run as root"),
            "in a container, export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
        ),
        Answer::Failed(why) => problem(
            first_line(why).to_owned(),
            "see what `mpirun -n 2 hostname` says; load the modules that ablate was built with",
        ),
        Answer::TimedOut | Answer::Missing => problem(
            "two processes did not start within a minute".into(),
            "try inside a Slurm job: some login nodes forbid MPI",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn only_two_processes_that_know_of_each_other_are_ok() {
        let version = Answer::Printed("mpirun (Open MPI) 4.1.4\n".into());
        let of = |launch: Answer| verdict(&version, &launch).verdict;
        assert_eq!(of(Answer::Printed("2\n2".into())), Verdict::Ok);
        let bad = [
            Answer::Printed("1\n1".into()),
            Answer::Printed("2".into()),
            Answer::Failed("no slots".into()),
            Answer::TimedOut,
        ];
        for launch in bad {
            assert_eq!(of(launch), Verdict::Problem(ExitCode::Machine));
        }
        let root = "-----\nmpirun has detected an attempt to run as root.";
        assert_eq!(of(Answer::Failed(root.into())), Verdict::Note);
        assert_eq!(
            verdict(&Answer::Missing, &Answer::Missing).verdict,
            Verdict::Note
        );
    }
}
