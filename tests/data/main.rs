//! Data sets from outside: fetching from servers that the tests run themselves, verifying, contact sheets.

#[path = "../common/mod.rs"]
mod common;
mod fetching;
mod server;

use common::note_skipped;
use server::{Answer, Server};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MNIST: [&str; 4] = [
    "train-images-idx3-ubyte",
    "t10k-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Runs `ablate data` in a world of its own: nothing of the user's data or cache is seen.
fn ablate_data(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ablate"))
        .arg("data")
        .args(arguments)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env_remove("ABLATE_DATA_DIR")
        .env_remove("http_proxy")
        .env_remove("HTTP_PROXY")
        .env_remove("all_proxy")
        .env_remove("ALL_PROXY")
        .output()
        .expect("ablate starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn names_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// The folder with the four real `.gz` files, if this machine has them.
fn real_mnist() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("ABLATE_DATA_DIR")?);
    [folder.join("mnist"), folder].into_iter().find(|folder| {
        MNIST
            .iter()
            .all(|name| folder.join(format!("{name}.gz")).is_file())
    })
}

#[test]
fn when_both_mirrors_fail_the_exit_code_says_data_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Server::start(), Server::start());
    let second = second.with(
        "train-images-idx3-ubyte.gz",
        Answer::Whole(b"not gzip".to_vec()),
    );
    let (a, b) = (first.mirror(), second.mirror());
    let output = ablate_data(
        folder.path(),
        &[
            "fetch", "mnist", "--dir", "here", "--mirror", &a, "--mirror", &b,
        ],
    );
    assert_eq!(output.status.code(), Some(3));
    let stderr = text(&output.stderr);
    for part in ["404", &a, &b, "no mirror has a good copy", "next: "] {
        assert!(stderr.contains(part), "{part} is missing in:\n{stderr}");
    }
    assert!(names_in(&folder.path().join("here")).is_empty());
}

#[test]
fn real_files_are_fetched_into_the_cache_verified_and_shown() {
    let Some(real) = real_mnist() else {
        note_skipped("fetching the real MNIST files", "not in ABLATE_DATA_DIR");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (mut first, mut second) = (Server::start(), Server::start());
    for (index, name) in MNIST.iter().enumerate() {
        let name = format!("{name}.gz");
        let content = fs::read(real.join(&name)).unwrap();
        if index > 0 {
            first = first.with(&name, Answer::Whole(content.clone()));
        }
        second = second.with(&name, Answer::Whole(content));
    }
    let (a, b) = (first.mirror(), second.mirror());
    let fetch = ["fetch", "mnist", "--mirror", &a, "--mirror", &b];
    let output = ablate_data(folder.path(), &fetch);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!((first.requests(), second.requests()), (4, 1));
    let cache = folder.path().join("cache/ablate/mnist");
    assert_eq!(names_in(&cache).len(), 4);

    let again = ablate_data(folder.path(), &fetch);
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(
        (first.requests(), second.requests()),
        (4, 1),
        "nothing is fetched twice"
    );

    assert_eq!(
        ablate_data(folder.path(), &["verify", "mnist"])
            .status
            .code(),
        Some(0)
    );
    let show = ["show", "mnist", "--out", "sheet.png", "--count", "4"];
    assert_eq!(ablate_data(folder.path(), &show).status.code(), Some(0));

    let labels = cache.join("t10k-labels-idx1-ubyte.gz");
    let mut bytes = fs::read(&labels).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&labels, bytes).unwrap();
    let output = ablate_data(folder.path(), &["verify", "mnist"]);
    assert_eq!(output.status.code(), Some(3));
    let stdout = text(&output.stdout);
    let good = stdout.lines().filter(|line| line.starts_with("good "));
    assert_eq!(good.count(), 3, "{stdout}");
    assert!(
        stdout.contains("damaged  ") && stdout.contains("t10k-labels"),
        "{stdout}"
    );
}

#[test]
fn verifying_nothing_names_all_four_files_and_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let output = ablate_data(folder.path(), &["verify", "mnist", "--dir", "empty"]);
    assert_eq!(output.status.code(), Some(3));
    let stdout = text(&output.stdout);
    for name in MNIST {
        assert!(stdout.contains(&format!("missing  {name}")), "{stdout}");
    }
    assert!(stdout.contains("looked in empty"), "{stdout}");
}

#[test]
fn a_contact_sheet_of_digits_is_a_png() {
    let folder = tempfile::tempdir().unwrap();
    let show = ["show", "digits", "--out", "sheet.png", "--count", "10"];
    let output = ablate_data(folder.path(), &show);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let file = fs::read(folder.path().join("sheet.png")).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(file))
        .read_info()
        .unwrap();
    // Ten images in 4 columns and 3 rows, each 28 × 3 + 2 pixels, and 2 more at the edge.
    assert_eq!((reader.info().width, reader.info().height), (346, 260));
}

#[test]
fn what_cannot_be_shown_is_named_with_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let labels = [&2049u32.to_be_bytes()[..], &1u32.to_be_bytes(), &[7]].concat();
    fs::write(folder.path().join("labels"), labels).unwrap();
    for (images, code, part) in [
        ("nowhere.npy", 3, "no such file"),
        ("labels", 3, "labels file"),
        (".", 4, "cannot read"),
        ("mnist", 3, "ablate data fetch mnist"),
    ] {
        let output = ablate_data(folder.path(), &["show", images, "--out", "sheet.png"]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{images}: {stderr}");
        assert!(stderr.contains(part), "{images}: {stderr}");
        assert!(!folder.path().join("sheet.png").exists());
    }
}
