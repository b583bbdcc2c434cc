//! The build for GPUs, `ablate-cuda`, where one lies beside this program: whether it starts here.

use super::Finding;
use super::process::{Answer, ask, first_line};
use crate::error::ExitCode;
use std::time::Duration;

const TOPIC: &str = "cuda";
const NAME: &str = "ablate-cuda";

/// Starts it, if it is there.
pub fn check() -> Vec<Finding> {
    let beside = std::env::current_exe().map(|program| program.with_file_name(NAME));
    let answer = beside.map_or(Answer::Missing, |program| {
        ask(program, &["--version"], Duration::from_secs(30))
    });
    verdict(&answer).into_iter().collect()
}

fn verdict(answer: &Answer) -> Option<Finding> {
    let broken =
        |found: String, mend: &str| Some(Finding::problem(TOPIC, ExitCode::Machine, found, mend));
    match answer {
        // GPUs are an option.
        Answer::Missing => None,
        Answer::Printed(version) => Some(Finding::ok(
            TOPIC,
            format!("{NAME} starts: {}", first_line(version)),
        )),
        Answer::TimedOut => broken(
            format!("{NAME} does not end"),
            "see why the driver does not answer: `nvidia-smi`",
        ),
        // The linker's words where there is no driver. Login nodes have none, and need none.
        Answer::Failed(why) if why.contains("libcuda.so") => Some(Finding::note(
            TOPIC,
            format!("{NAME} finds no NVIDIA driver (libcuda.so.1)"),
            "it starts on nodes with a GPU: ask for one (`--gpus`); without a GPU, use ablate",
        )),
        Answer::Failed(why) => broken(
            format!("{NAME} does not start: {}", first_line(why)),
            "load the CUDA module that it was built with (`module load cuda12.2/toolkit`), or build it anew: `make cuda`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_missing_driver_is_explained_and_a_missing_library_is_a_problem() {
        assert_eq!(verdict(&Answer::Missing), None);
        let of = |text: &str| verdict(&Answer::Failed(text.into())).expect("a finding");
        let missing = |library: &str| {
            of(&format!(
                "ablate-cuda: error while loading shared libraries: {library}: cannot open shared object file"
            ))
        };
        let driver = missing("libcuda.so.1");
        assert_eq!(driver.verdict, Verdict::Note);
        assert!(
            driver.found.contains("no NVIDIA driver"),
            "{}",
            driver.found
        );
        let library = missing("libcublas.so.12");
        assert_eq!(library.verdict, Verdict::Problem(ExitCode::Machine));
        assert!(library.found.contains("libcublas"), "{}", library.found);
        let starts = verdict(&Answer::Printed("ablate 0.1.0".into())).expect("a finding");
        assert_eq!(starts.verdict, Verdict::Ok);
    }
}
