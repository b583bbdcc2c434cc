//! Cores, instruction sets and memory.

use super::Finding;
use crate::error::ExitCode;
use crate::nn::ops::kernel::level;
use std::fs::read_to_string;

/// What a worker needs: R5, the largest network of `jobs/`, takes 126 MB (benches/README.md).
const WORKER: u64 = 256 << 20;

/// Processor and memory.
pub fn check() -> Vec<Finding> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let available = level::Level::available()
        .iter()
        .map(|level| level.name())
        .collect::<Vec<_>>();
    vec![
        processor(cores, &available, level::current().map(level::Level::name)),
        memory(
            cores,
            available_memory(&read_to_string("/proc/meminfo").unwrap_or_default()),
        ),
    ]
}

fn processor(cores: usize, available: &[&str], chosen: Result<&str, String>) -> Finding {
    const TOPIC: &str = "processor";
    let cores = format!("{cores} core{} to use", if cores == 1 { "" } else { "s" });
    match chosen {
        Err(problem) => Finding::problem(TOPIC, ExitCode::BadInput, problem, "unset ABLATE_SIMD"),
        Ok("portable") => Finding::note(
            TOPIC,
            format!("{cores}; kernels in plain Rust"),
            "processors with AVX2 or AVX-512 train several times as fast",
        ),
        Ok(level) if available.last() != Some(&level) => Finding::note(
            TOPIC,
            format!("{cores}; kernels for {level}, held there by ABLATE_SIMD"),
            format!(
                "unset ABLATE_SIMD to use {}",
                available.last().unwrap_or(&level)
            ),
        ),
        Ok(level) => Finding::ok(TOPIC, format!("{cores}; kernels for {level}")),
    }
}

fn memory(cores: usize, available: Option<u64>) -> Finding {
    const TOPIC: &str = "memory";
    let Some(bytes) = available else {
        return Finding::note(TOPIC, "the system does not tell", "nothing to do");
    };
    let found = format!("{} MiB free", bytes >> 20);
    let workers = bytes / WORKER;
    if workers >= cores as u64 {
        Finding::ok(TOPIC, found)
    } else {
        let mend = format!(
            "a worker of the larger jobs/ takes up to {} MiB: ask for more memory, or run with --workers {}",
            WORKER >> 20,
            workers.max(1)
        );
        Finding::note(TOPIC, found, mend)
    }
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn available_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn the_best_instruction_set_is_ok_a_lesser_one_a_note_and_none_a_problem() {
        let all = ["portable", "avx2", "avx512"];
        let verdict = |chosen| processor(2, &all, chosen).verdict;
        assert_eq!(verdict(Ok("avx512")), Verdict::Ok);
        assert_eq!(verdict(Ok("avx2")), Verdict::Note);
        assert_eq!(verdict(Ok("portable")), Verdict::Note);
        assert_eq!(
            verdict(Err("no".into())),
            Verdict::Problem(ExitCode::BadInput)
        );
    }

    #[test]
    fn memory_for_fewer_workers_than_cores_is_a_note_that_names_how_many() {
        let text = "MemTotal:  9 kB\nMemAvailable:    1048576 kB\n";
        let bytes = available_memory(text);
        assert_eq!(bytes, Some(1 << 30));
        assert_eq!(memory(4, bytes).verdict, Verdict::Ok);
        let few = memory(5, bytes);
        assert_eq!(few.verdict, Verdict::Note);
        assert!(few.mend.unwrap().contains("--workers 4"));
        assert_eq!(available_memory("MemAvailable: much"), None);
    }
}
