//! A report of 10,000 trials: its time and memory. The limits are those of the issue it was built for, several times what it takes.

use super::large;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn ten_thousand_trials_are_reported_within_thirty_seconds_and_a_gigabyte() {
    let place = tempfile::tempdir().expect("folder");
    let folder = large::make(place.path(), 10_000);
    let began = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .args(["report".as_ref(), folder.root()])
        .stdout(std::process::Stdio::null())
        .status();
    let took = began.elapsed();
    assert!(status.expect("ablate").success());
    let largest = largest_child();
    let page = std::fs::metadata(folder.report("report.html"))
        .expect("page")
        .len();
    crate::report(&format!(
        "report of 10,000 trials: {took:.1?}, {} MiB, page {} KiB",
        largest >> 20,
        page >> 10
    ));
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert!(largest < 1 << 30, "{largest} bytes");
    assert!(page < 10_000_000, "{page} bytes");
}

/// Peak memory of the largest child that has ended, in bytes.
fn largest_child() -> u64 {
    // SAFETY: getrusage fills the struct that it is given; zeroes are valid for it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage), 0);
        usage
    };
    usage.ru_maxrss as u64 * 1024
}
