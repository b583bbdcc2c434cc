//! What may be read from anybody, one format a file: `check` takes any bytes and panics when the program does not bear them.
//!
//! Run in two ways: `tests/corpus.rs` shows them the seeds in `fuzz/seeds/` and mutations of those (`make test`, stable
//! Rust); `fuzz/` lets libFuzzer look for worse (`make fuzz`, nightly Rust).

#![allow(dead_code, reason = "each fuzz target takes one")]

pub mod checkpoint;
pub mod images;
pub mod message;
pub mod record;
mod seal;
pub mod sweep;

use std::path::PathBuf;

/// A file in memory that holds the bytes, for what is read by path; gone when dropped.
pub struct Held(rustix::fd::OwnedFd);

impl Held {
    /// With these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        let file =
            rustix::fs::memfd_create("fuzz", rustix::fs::MemfdFlags::empty()).expect("memory");
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = rustix::io::write(&file, rest).expect("written");
            rest = &rest[written..];
        }
        Self(file)
    }

    /// Where it can be opened.
    pub fn path(&self) -> PathBuf {
        use std::os::fd::AsRawFd as _;
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }
}
