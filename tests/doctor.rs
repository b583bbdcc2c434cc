//! `ablate doctor` from outside.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn doctor(results: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
    command.arg("doctor").arg("--results").arg(results);
    command.env_remove("ABLATE_SIMD");
    command
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command
}

/// The lines about a topic, and the mending below each.
fn about(output: &Output, topic: &str) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text
        .lines()
        .skip_while(|line| !line.contains(&format!("  {topic}  ")));
    let first = lines
        .next()
        .unwrap_or_else(|| panic!("nothing on {topic}: {text}"));
    let mend = lines.next().filter(|line| line.contains('→'));
    format!("{first} {}", mend.unwrap_or_default().trim())
}

#[test]
fn a_sound_machine_has_no_problem_and_its_folder_is_left_as_it_was() {
    let root = tempfile::tempdir().expect("a folder");
    let results = root.path().join("results");
    let output = doctor(&results).output().expect("started");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for topic in [
        "build",
        "processor",
        "memory",
        "gpu",
        "mpi",
        "slurm",
        "data",
        "disk space",
        "results folder",
        "file locks",
        "hdf5",
    ] {
        assert!(text.contains(topic), "{topic}: {text}");
    }
    assert!(about(&output, "results folder").starts_with("ok"), "{text}");
    assert!(about(&output, "hdf5").starts_with("ok"), "{text}");
    assert_eq!(fs::read_dir(root.path()).expect("listed").count(), 0);
}

#[test]
fn programs_get_the_same_as_json() {
    let root = tempfile::tempdir().expect("a folder");
    let output = doctor(root.path()).arg("--json").output().expect("started");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = found.as_array().expect("a list");
    let hdf5 = findings
        .iter()
        .find(|finding| finding["topic"] == "hdf5")
        .expect("a line on HDF5");
    assert_eq!(
        (&hdf5["verdict"], &hdf5["mend"]),
        (&"ok".into(), &serde_json::Value::Null)
    );
}

#[test]
fn an_instruction_set_that_is_not_there_is_a_problem_with_its_own_code() {
    let root = tempfile::tempdir().expect("a folder");
    let output = doctor(root.path())
        .env("ABLATE_SIMD", "sse9")
        .output()
        .expect("started");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(about(&output, "processor").contains("→ unset ABLATE_SIMD"));
}

/// Runs the doctor on a results folder with a file system of its own, in a mount namespace.
fn on_a_mount(results: &Path, options: &str) -> Output {
    const SCRIPT: &str = r#"
        set -eu
        mkdir -p "$RESULTS"
        mount -t tmpfs -o "$OPTIONS" none "$RESULTS"
        exec "$@"
    "#;
    let command = doctor(results);
    Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            SCRIPT,
            "sh",
        ])
        .arg(command.get_program())
        .args(command.get_args())
        .env("RESULTS", results)
        .env("OPTIONS", options)
        .output()
        .expect("unshare is part of util-linux")
}

#[test]
fn a_folder_that_cannot_be_written_or_is_nearly_full_is_refused_as_a_file_system() {
    let root = tempfile::tempdir().expect("a folder");
    let results = root.path().join("results");
    for (options, topic, found) in [
        ("size=200k", "disk space", "0 MiB"),
        ("size=1g,nr_inodes=20", "disk space", "inodes free"),
        ("size=1g,ro", "results folder", "cannot write"),
    ] {
        let output = on_a_mount(&results, options);
        if output.stdout.is_empty() {
            let why = String::from_utf8_lossy(&output.stderr);
            return common::skip(
                "doctor on small disks",
                &format!("a mount namespace: {why}"),
            );
        }
        assert_eq!(output.status.code(), Some(4), "{options}: {output:?}");
        let line = about(&output, topic);
        assert!(
            line.starts_with("problem") && line.contains(found),
            "{options}: {line}"
        );
        assert!(about(&output, "file system").contains("tmpfs"), "{options}");
    }
}
