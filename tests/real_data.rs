//! What `data.dataset: auto` stands for, once trials were trained with MNIST. Needs the real files (`ABLATE_DATA_DIR`).

mod common;

use common::note_skipped;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// `ablate` in this folder, with MNIST there or nowhere.
fn ablate(place: &Path, data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
    command
        .args(arguments)
        .current_dir(place)
        .env("ABLATE_DATA_DIR", data)
        .env("XDG_CACHE_HOME", place.join("cache"))
        .output()
        .expect("started")
}

/// A sweep that was trained with MNIST is looked at from a machine without MNIST, and is not trained again with other images.
#[test]
fn a_sweep_of_mnist_stays_one_where_mnist_is_not_found() {
    let data = std::env::var_os("ABLATE_DATA_DIR").unwrap_or_default();
    let data = Path::new(&data).canonicalize().unwrap_or_default();
    if !data.join("mnist").is_dir() {
        return note_skipped(
            "a sweep of MNIST without MNIST",
            "MNIST is not in ABLATE_DATA_DIR",
        );
    }
    let place = tempfile::tempdir().expect("folder");
    let yaml = "name: tiny\nbase:\n  task: denoise\n  data: { train: 64, test: 16 }\n  model: { widths: [2, 4], bottleneck: 2 }\n  \
                train: { epochs: 1, batch: 32 }\ngrid:\n  model.skip.at: [[], [14]]\nseeds: 2\n";
    fs::write(place.path().join("tiny.yaml"), yaml).expect("written");
    let with = |arguments: &[&str]| ablate(place.path(), &data, arguments);
    let without = |arguments: &[&str]| ablate(place.path(), Path::new("/nowhere"), arguments);

    let first = with(&["run", "tiny.yaml"]);
    assert_eq!(
        first.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    let said = String::from_utf8_lossy(&first.stdout).into_owned();
    assert!(
        said.contains("4 trials planned = 4 completed; images: MNIST"),
        "{said}"
    );

    let status = without(&["status", "results/tiny", "--exit-code"]);
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert_eq!(status.status.code(), Some(0), "{said}");
    assert!(said.contains("4 of 4 trials done"), "{said}");

    let before = fs::read(place.path().join("results/tiny/sweep.h5")).expect("a record");
    let again = without(&["run", "tiny.yaml"]);
    assert_eq!(
        again.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
    assert!(String::from_utf8_lossy(&again.stderr).contains("MNIST"));
    assert!(before == fs::read(place.path().join("results/tiny/sweep.h5")).expect("a record"));
}
