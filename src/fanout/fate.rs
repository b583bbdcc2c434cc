//! What killed a worker, from its exit status and last words.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

/// Exit code of a Rust program whose main thread panicked.
const PANICKED: i32 = 101;

/// What the supervisor did or saw before a worker ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Circumstance {
    /// Nothing.
    #[default]
    None,
    /// It was killed for being silent too long.
    Hang,
    /// It was killed for talking nonsense.
    Garbage(String),
    /// The kernel killed some process for want of memory while this one lived.
    OutOfMemory,
}

/// Names the class of a death: "panic", "SIGSEGV", "hang", "out of memory", "exit code 0 without a result", ….
pub fn class(status: ExitStatus, circumstance: &Circumstance, last_words: &str) -> String {
    let signal = status.signal();
    let killed = signal == Some(signal_hook::consts::SIGKILL);
    match (circumstance, signal, status.code()) {
        (Circumstance::Hang, ..) => "hang".into(),
        (Circumstance::Garbage(text), ..) => format!("not a message: {text}"),
        (Circumstance::OutOfMemory, ..) if killed => "out of memory".into(),
        // What Rust's allocator says before it aborts.
        (_, Some(_), _) if last_words.contains("memory allocation of") => "out of memory".into(),
        (_, Some(signal), _) => signal_hook::low_level::signal_name(signal)
            .map_or_else(|| format!("signal {signal}"), str::to_owned),
        (_, _, Some(PANICKED)) => "panic".into(),
        (_, _, code) => format!("exit code {} without a result", code.unwrap_or(-1)),
    }
}

/// The class of an error from which a worker went on. What a GPU has no room for is told by our own kernels and by the driver, with
/// the size asked for in the former case.
pub fn class_of_error(message: &str) -> &'static str {
    match is_out_of_gpu_memory(message) {
        true => OUT_OF_GPU_MEMORY,
        false => "error",
    }
}

/// The class of trials that a GPU has no room for.
pub const OUT_OF_GPU_MEMORY: &str = "out of memory on the GPU";

/// Whether that is what an error says.
pub fn is_out_of_gpu_memory(message: &str) -> bool {
    ["the GPU has no room for", "CUDA_ERROR_OUT_OF_MEMORY"]
        .iter()
        .any(|words| message.contains(words))
}

/// How many processes the kernel has killed for want of memory since boot; `None` where it does not tell.
pub fn memory_kills() -> Option<u64> {
    let counters = std::fs::read_to_string("/proc/vmstat").ok()?;
    let line = counters.lines().find_map(|l| l.strip_prefix("oom_kill "));
    line?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Circumstance as C;

    #[test]
    fn what_a_gpu_has_no_room_for_has_a_class_of_its_own() {
        // As src/nn/ops/cuda/device/memory.rs and cudarc's driver say it.
        let ours = "training: conv2d: the GPU has no room for 1073741824 bytes more";
        let driver = "training: DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")";
        for words in [ours, driver] {
            assert_eq!(class_of_error(words), OUT_OF_GPU_MEMORY);
        }
        let other = "training: DriverError(CUDA_ERROR_ILLEGAL_ADDRESS, \"…\")";
        assert_eq!(class_of_error(other), "error");
    }

    #[test]
    fn every_death_has_a_class() {
        let exit = |code: i32| ExitStatus::from_raw(code << 8);
        let signal = ExitStatus::from_raw;
        assert_eq!(class(exit(101), &C::None, ""), "panic");
        assert_eq!(class(exit(0), &C::None, ""), "exit code 0 without a result");
        assert_eq!(class(signal(11), &C::None, ""), "SIGSEGV");
        assert_eq!(class(signal(9), &C::None, ""), "SIGKILL");
        assert_eq!(class(signal(9), &C::Hang, ""), "hang");
        assert_eq!(class(signal(9), &C::OutOfMemory, ""), "out of memory");
        assert_eq!(class(signal(11), &C::OutOfMemory, ""), "SIGSEGV");
        let words = "memory allocation of 99 bytes failed";
        assert_eq!(class(signal(6), &C::None, words), "out of memory");
        assert_eq!(
            class(signal(9), &C::Garbage("hi".into()), ""),
            "not a message: hi"
        );
    }
}
