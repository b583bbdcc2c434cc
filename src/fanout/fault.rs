//! Faults on purpose, for tests of what a bad trial or rank may do to others (promises 6 to 9). `ABLATE_FAULT` is read by
//! workers, the packer, readers and ranks: `panic@3` makes the trial with index 3 panic, `panic@*` all of them, `panic@pack` the
//! packer, `segv@read` who reads a record, `panic@rank1` the supervisor of rank 1 when its first trial ends; `,` joins several.
//!
//! `cpu@gpu` makes a build without code for GPUs act as one that has it: its workers take a GPU's number and train on the
//! processor, and records say so. `gpu-memory@3` makes trial 3 fail as one that the GPU has no room for.
//!
//! A fault that does not kill (`flood`, `deluge`) is followed by the next, or by training as usual: `flood@3,panic@3`.
//!
//! Tests kill real processes where they can; these are the deaths that only the inside can die.

use rustix::process::{Resource, Rlimit, Signal, getpid, getrlimit, kill_process, setrlimit};

/// Does what `ABLATE_FAULT` asks for trial `index`.
pub fn inject(index: usize) {
    inject_where(|at| at == "*" || at.parse() == Ok(index));
}

/// Does what `ABLATE_FAULT` asks for the packer.
pub fn inject_into_packer() {
    inject_where(|at| at == "pack");
}

/// Does what `ABLATE_FAULT` asks for a process that reads files of others.
pub fn inject_into_reader() {
    inject_where(|at| at == "read");
}

/// Does what `ABLATE_FAULT` asks for the supervisor of a rank.
pub fn inject_into_rank(rank: usize) {
    inject_where(|at| at.strip_prefix("rank").and_then(|at| at.parse().ok()) == Some(rank));
}

/// Whether a worker for a GPU is to train on the processor: tests have no GPU.
pub fn pretends_gpu() -> bool {
    asks("cpu", |at| at == "gpu")
}

/// Whether trial `index` is to fail as one that the GPU has no room for.
pub fn exhausts_gpu(index: usize) -> bool {
    asks("gpu-memory", |at| at == "*" || at.parse() == Ok(index))
}

fn asks(wanted: &str, here: impl Fn(&str) -> bool) -> bool {
    asked(here).iter().any(|kind| kind == wanted)
}

fn inject_where(here: impl Fn(&str) -> bool) {
    asked(here).iter().for_each(|kind| commit(kind));
}

/// The kinds of faults that are asked for here.
fn asked(here: impl Fn(&str) -> bool) -> Vec<String> {
    let faults = std::env::var("ABLATE_FAULT").unwrap_or_default();
    let faults = faults.split(',').filter_map(|fault| fault.split_once('@'));
    let here = faults.filter(|(_, at)| here(at));
    here.map(|(kind, _)| kind.to_owned()).collect()
}

fn commit(kind: &str) {
    match kind {
        "panic" => panic!("ABLATE_FAULT asks for a panic"),
        "abort" => std::process::abort(),
        "exit0" => std::process::exit(0),
        "garbage" => println!("ABLATE_FAULT asks for garbage"),
        "flood" => flood(128 << 20),
        "deluge" => flood(10 << 30),
        "memory" => exhaust_memory(),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "hang" => loop {
            std::thread::park();
        },
        // Twice or more: Rust's own handler for stack overflows takes the first one.
        "segv" => loop {
            let _ = kill_process(getpid(), Signal::SEGV);
        },
        _ => {}
    }
}

/// Writes so many bytes to standard error, in lines.
fn flood(bytes: usize) {
    let lines = "flood flood flood\n".repeat(1 << 10);
    (0..bytes.div_ceil(lines.len())).for_each(|_| eprint!("{lines}"));
}

/// Takes and touches memory until the kernel gives no more. It is told to stop early, so that no other process suffers.
fn exhaust_memory() -> ! {
    let little = Rlimit {
        current: Some(256 << 20),
        ..getrlimit(Resource::As)
    };
    // Refused only where the limit is lower already.
    let _ = setrlimit(Resource::As, little);
    let mut taken = Vec::new();
    loop {
        taken.push(vec![1_u8; 1 << 20]);
    }
}
