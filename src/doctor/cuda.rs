//! The build for GPUs, `ablate-cuda`, where one lies beside this program: whether it starts here, is of this version, and finds
//! a GPU.

use super::Finding;
use crate::error::ExitCode;
use crate::fanout::gpu::program::{self, Found, NAME};
use crate::fanout::gpu::visible;
use std::path::Path;

const TOPIC: &str = "cuda";

/// Starts it, if it is there.
pub fn check() -> Vec<Finding> {
    let path = program::beside();
    let found = program::probe(&path);
    let gpus = visible::seen().map(|gpus| gpus.len());
    verdict(&path, &found, gpus).into_iter().collect()
}

fn verdict(path: &Path, found: &Found, gpus: Result<usize, String>) -> Option<Finding> {
    let problem = found.problem(path);
    Some(match (found, problem, gpus) {
        (_, None, Ok(1)) => Finding::ok(
            TOPIC,
            format!("{NAME} starts, and 1 GPU can be used: `ablate run` takes it"),
        ),
        (_, None, Ok(gpus)) => Finding::ok(
            TOPIC,
            format!("{NAME} starts, and {gpus} GPUs can be used: `ablate run` takes them"),
        ),
        (_, None, Err(why)) => Finding::note(
            TOPIC,
            format!("{NAME} starts, but no GPU can be used: {why}"),
            "ask for a GPU (`--gpus`), and look at CUDA_VISIBLE_DEVICES; without one, trials train on the processor",
        ),
        // GPUs are an option.
        (Found::Missing, Some(_), Err(_)) => return None,
        (Found::Missing, Some((_, next)), Ok(_)) => Finding::note(
            TOPIC,
            format!("a GPU, but no {NAME} beside this program: trials train on the processor"),
            next,
        ),
        // Login nodes have no driver, and need none.
        (Found::NoDriver, Some((problem, _)), _) => Finding::note(
            TOPIC,
            problem,
            "it starts on nodes with a GPU: ask for one (`--gpus`); without a GPU, use ablate",
        ),
        (_, Some((problem, next)), _) => Finding::problem(TOPIC, ExitCode::Machine, problem, next),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::fanout::message::Hello;

    fn of(found: &Found, gpus: Result<usize, String>) -> Option<Finding> {
        verdict(Path::new("/x/ablate-cuda"), found, gpus)
    }

    fn none() -> Result<usize, String> {
        Err("there is no nvidia-smi here".into())
    }

    #[test]
    fn without_gpu_and_program_there_is_nothing_to_say() {
        assert_eq!(of(&Found::Missing, none()), None);
        let note = of(&Found::Missing, Ok(1)).expect("a finding");
        assert_eq!(note.verdict, Verdict::Note);
        assert!(note.mend.expect("a mend").contains("make cuda"));
    }

    #[test]
    fn a_missing_driver_is_explained_and_what_cannot_be_worked_with_is_a_problem() {
        let driver = of(&Found::NoDriver, none()).expect("a finding");
        assert_eq!(driver.verdict, Verdict::Note);
        assert!(driver.found.contains("libcuda.so.1"), "{}", driver.found);
        for found in [
            Found::Broken("libcublas.so.12: cannot open shared object file".into()),
            Found::Other(Hello {
                protocol: 1,
                version: "0.0.1+x".into(),
            }),
            Found::Plain,
            Found::Silent,
        ] {
            let finding = of(&found, Ok(1)).expect("a finding");
            assert_eq!(
                finding.verdict,
                Verdict::Problem(ExitCode::Machine),
                "{found:?}"
            );
            assert!(
                finding.found.contains("/x/ablate-cuda"),
                "{}",
                finding.found
            );
        }
    }

    #[test]
    fn a_sound_program_is_fine_with_a_gpu_and_a_note_without() {
        let verdict = |gpus| of(&Found::Ready, gpus).expect("a finding").verdict;
        assert_eq!([verdict(Ok(1)), verdict(Ok(4))], [Verdict::Ok; 2]);
        assert_eq!(verdict(none()), Verdict::Note);
    }
}
