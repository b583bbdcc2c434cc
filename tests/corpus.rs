//! Everything that may be read from anybody, shown the seeds of the fuzz targets and seeded mutations of them, on stable Rust.
//! `make fuzz` looks further (`fuzz/`). What it finds goes to `fuzz/seeds/<format>/`, and is tried here from then on.
//!
//! `ABLATE_MAKE_SEEDS=1` makes the seeds anew that are no text, after a change of their format.

#[path = "train/bench.rs"]
#[allow(dead_code, reason = "training's own tests take the rest")]
mod bench;
#[path = "record/fixture.rs"]
#[allow(dead_code, reason = "the record's own tests take the rest")]
mod fixture;
mod formats;

use ablate::record::{commit, merge};
use ablate::seed::{Key, Stream};
use bench::{Bench, Listener};
use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Mutations of each seed.
const MUTATIONS: u64 = 40;

/// All seeds of a format, in order.
fn seeds(format: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("fuzz/seeds").join(format)];
    if format == "sweep" {
        folders.extend(["jobs", "tests/broken"].map(|folder| root.join(folder)));
    }
    let files = folders.iter().flat_map(|folder| {
        let entries = fs::read_dir(folder).expect("a folder of seeds");
        entries.map(|entry| entry.expect("entry").path())
    });
    let is_seed =
        |path: &PathBuf| format != "sweep" || path.extension().is_some_and(|e| e == "yaml");
    let mut found: Vec<_> = files
        .filter(is_seed)
        .map(|path| (path.clone(), fs::read(path).expect("readable")))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no seeds for {format}");
    found
}

/// Shows `check` all seeds of a format, and mutations of them; keeps what it does not bear.
fn try_all(format: &str, check: fn(&[u8])) {
    let seeds = seeds(format);
    let mut dice = Key::new(1, "corpus").stream();
    for (path, seed) in &seeds {
        try_one(format, path, check, seed);
        for _ in 0..MUTATIONS {
            let other = &seeds[dice.below(seeds.len() as u64) as usize].1;
            try_one(format, path, check, &mutated(seed, other, &mut dice));
        }
    }
}

fn try_one(format: &str, seed: &Path, check: fn(&[u8]), bytes: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| check(bytes))).is_err() {
        let kept = tempfile::Builder::new()
            .prefix(format)
            .tempfile()
            .expect("a file");
        let (mut file, kept) = kept.keep().expect("kept");
        file.write_all(bytes).expect("written");
        panic!(
            "a mutation of {} is not borne; it is kept as {}",
            seed.display(),
            kept.display()
        );
    }
}

/// A few changes of the kinds that a fuzzer makes.
fn mutated(seed: &[u8], other: &[u8], dice: &mut Stream) -> Vec<u8> {
    const TELLING: [u8; 9] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'{', b'-', b'\n'];
    let mut bytes = seed.to_vec();
    for _ in 0..1 + dice.below(4) {
        let at = dice.below(bytes.len() as u64 + 1) as usize;
        let to = (at + dice.below(16) as usize).min(bytes.len());
        match dice.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 if at < bytes.len() => bytes[at] = TELLING[dice.below(9) as usize],
            2 => drop(bytes.drain(at..to)),
            3 => {
                let copy = bytes[at..to].to_vec();
                drop(bytes.splice(at..at, copy));
            }
            4 => bytes.truncate(at),
            _ => {
                let from = dice.below(other.len() as u64 + 1) as usize;
                let until = (from + dice.below(64) as usize).min(other.len());
                drop(bytes.splice(at..to, other[from..until].iter().copied()));
            }
        }
    }
    bytes
}

#[test]
fn any_text_is_refused_as_a_sweep_with_its_place_or_planned() {
    try_all("sweep", formats::sweep::check);
}

#[test]
fn any_bytes_are_refused_as_images_or_give_what_they_say() {
    try_all("images", formats::images::check);
}

#[test]
fn any_bytes_are_passed_over_as_a_checkpoint_or_gone_on_from() {
    try_all("checkpoint", formats::checkpoint::check);
}

#[test]
fn any_bytes_are_refused_as_a_message_or_say_the_same_again() {
    try_all("message", formats::message::check);
}

#[test]
fn the_seeds_that_are_no_text_are_what_is_written_today() {
    if std::env::var_os("ABLATE_MAKE_SEEDS").is_some() {
        make_seeds();
    }
    for (path, seed) in seeds("checkpoint") {
        let kept = formats::checkpoint::goes_on_at(&seed);
        let name = path.file_stem().expect("a name").to_string_lossy();
        assert_eq!(
            kept.map(|step| format!("step-{step}")).as_deref(),
            Some(&*name),
            "{}",
            path.display()
        );
    }
    for (path, seed) in seeds("record") {
        let held = formats::Held::new(&seed);
        let whole = ablate::record::inspect::inspect(&held.path());
        assert!(whole.is_ok(), "{}: {whole:?}", path.display());
    }
}

/// Writes the seeds that are checkpoints and records.
fn make_seeds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for step in [1, 4] {
        let place = tempfile::tempdir().expect("a folder");
        let mut listener = Listener::stopping_after(step);
        let bench = Bench::new();
        bench
            .attempt(place.path(), 1, &mut listener)
            .expect("stopped");
        let name = format!("step-{step}.ckpt");
        let from = place.path().join("1").join(&name);
        fs::copy(from, root.join("checkpoint").join(name)).expect("copied");
    }
    let (_place, folder) = fixture::folder();
    commit(&folder, &fixture::trial(1)).expect("committed");
    merge(&folder, &fixture::header(), &fixture::plan(2)).expect("merged");
    let copy =
        |from: PathBuf, name| fs::copy(from, root.join("record").join(name)).expect("copied");
    copy(folder.trial(&fixture::id(1)), "trial.h5");
    copy(folder.sweep_h5(), "sweep.h5");
}
