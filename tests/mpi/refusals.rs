//! Ranks that do not belong together, and sweeps that are none.

use crate::common;
use crate::job::{mpirun, ranks, run, text};
use crate::launch;
use crate::scene::Scene;
use std::fs;
use std::path::{Path, PathBuf};

/// A copy of the binary whose version text differs in its last letter.
fn another_build(folder: &Path) -> PathBuf {
    let mut bytes = fs::read(env!("CARGO_BIN_EXE_ablate")).expect("the binary");
    let version = format!("{}+", env!("CARGO_PKG_VERSION"));
    let ours = ablate::fanout::message::Hello::ours().version;
    let revision = ours.strip_prefix(&version).expect("version+revision");
    let places: Vec<_> = (0..bytes.len() - revision.len())
        .filter(|at| bytes[*at..].starts_with(revision.as_bytes()))
        .collect();
    assert!(!places.is_empty(), "the revision is in the binary");
    for at in places {
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    }
    let path = folder.join("ablate-other");
    common::program(&path, bytes);
    path
}

#[test]
fn a_rank_of_another_build_or_with_another_sweep_is_refused_clearly() {
    let scene = Scene::new();
    let other = tempfile::tempdir().expect("a folder");
    let Some(mut command) = mpirun() else { return };
    ranks(&mut command, 1, &scene, &[]);
    command.arg(":");
    let run = scene.command_of(&another_build(other.path()), &[]);
    launch::add(&mut command, 1, &run);
    let output = command.output().expect("mpirun ends");
    let said = text(&output);
    assert!(
        said.contains("rank 1 on ") && said.contains(" is ablate "),
        "{said}"
    );
    assert!(!output.status.success());

    let Some(mut command) = mpirun() else { return };
    let stranger = Scene::slow();
    ranks(&mut command, 1, &scene, &[]);
    command.arg(":");
    ranks(&mut command, 1, &stranger, &[]);
    let output = command.output().expect("mpirun ends");
    assert!(
        text(&output).contains("plans other trials"),
        "{}",
        text(&output)
    );
    scene.run(&[], 0);
}

#[test]
fn a_wrong_sweep_file_is_told_once() {
    let scene = Scene::of("name: tiny\nbase: { task: nonsense }\nseeds: 1\n");
    let Some(output) = run(3, &scene, &[]) else {
        return;
    };
    let said = text(&output);
    assert_eq!(said.matches("tiny.yaml:2:").count(), 1, "{said}");
}
