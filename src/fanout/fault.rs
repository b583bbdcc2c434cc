//! Faults on purpose, for tests of what a bad trial may do to others (promises 6 to 8). `ABLATE_FAULT` is read by
//! workers and the packer only: `panic@3` makes the trial with index 3 panic, `panic@*` all of them, `panic@pack` the
//! packer; `,` joins several.
//!
//! Tests kill real processes where they can; these are the deaths that only the inside can die.

use rustix::process::{Signal, getpid, kill_process};

/// Does what `ABLATE_FAULT` asks for trial `index`.
pub fn inject(index: usize) {
    inject_where(|at| at == "*" || at.parse() == Ok(index));
}

/// Does what `ABLATE_FAULT` asks for the packer.
pub fn inject_into_packer() {
    inject_where(|at| at == "pack");
}

fn inject_where(here: impl Fn(&str) -> bool) {
    let Ok(faults) = std::env::var("ABLATE_FAULT") else {
        return;
    };
    for fault in faults.split(',') {
        match fault.split_once('@') {
            Some((kind, at)) if here(at) => commit(kind),
            _ => {}
        }
    }
}

fn commit(kind: &str) {
    match kind {
        "panic" => panic!("ABLATE_FAULT asks for a panic"),
        "abort" => std::process::abort(),
        "exit0" => std::process::exit(0),
        "garbage" => println!("ABLATE_FAULT asks for garbage"),
        "flood" => (0..1 << 20).for_each(|_| eprintln!("{}", "flood ".repeat(16))),
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
