//! Row 18 of the promises: a run takes for done what has the same content, and nothing else, and says what changed.

mod common;
#[path = "train/edit.rs"]
mod edit;
#[path = "refusals/numerics.rs"]
mod numerics;
mod scene;

use scene::{Scene, binary, expect_code};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ALL: &str = "[[], [14], [28]]";

/// What a run trained, by the names of the arms.
fn trained(output: &Output) -> Vec<String> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = said.lines().filter(|line| line.contains(": test.bce "));
    let mut trained: Vec<_> = lines
        .map(|line| {
            let (label, _) = line.split_once(": test.bce ").expect("found");
            label
                .split_once("] ")
                .map_or(label, |(_, label)| label)
                .to_owned()
        })
        .collect();
    trained.sort();
    trained
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn yaml(scene: &Scene) -> PathBuf {
    let results = scene.folder().parent().expect("results").to_owned();
    results.parent().expect("root").join("tiny.yaml")
}

fn contents(scene: &Scene) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = scene.files().into_iter();
    files.map(|(path, (bytes, _))| (path, bytes)).collect()
}

#[test]
fn points_that_stay_are_taken_over_and_only_new_ones_are_trained() {
    let scene = Scene::new();
    scene.write(ALL, 2);
    assert_eq!(trained(&scene.run(&[], 0)).len(), 6);
    let first = scene.digests();

    // One point goes, one comes.
    scene.write("[[], [28], [14, 28]]", 2);
    let output = scene.run(&[], 0);
    let new = trained(&output);
    assert!(
        new.len() == 2 && new.iter().all(|arm| arm.contains("[14,28]")),
        "{new:?}"
    );
    let second = scene.digests();
    let taken_over: Vec<_> = first
        .iter()
        .filter(|(id, _)| second.contains_key(*id))
        .collect();
    assert_eq!((taken_over.len(), second.len()), (4, 6));
    assert!(
        taken_over
            .iter()
            .all(|(id, digest)| second[*id] == **digest)
    );

    // What went was kept, so that going back trains nothing.
    scene.write(ALL, 2);
    assert_eq!(trained(&scene.run(&[], 0)), [""; 0]);
    assert_eq!(scene.digests(), first);

    // The same points on another base are others.
    scene.write(ALL, 1);
    assert_eq!(trained(&scene.run(&[], 0)).len(), 6);
    assert!(scene.digests().keys().all(|id| !first.contains_key(id)));
}

#[test]
fn an_edited_sweep_file_is_told_line_by_line() {
    let scene = Scene::new();
    scene.write("[[]]", 1);
    let first = scene.run(&[], 0);
    assert!(!stderr(&first).contains("differs"), "{}", stderr(&first));
    let old = fs::read_to_string(yaml(&scene)).expect("written");
    let new = old
        .replace("epochs: 1", "epochs: 2")
        .replace("seeds: 2", "seeds: 1\n# a\u{202e}b");
    fs::write(yaml(&scene), &new).expect("written");
    let said = stderr(&scene.run(&[], 0));
    let (_, told) = said
        .split_once("the sweep file differs from the last run's")
        .expect("told");
    let changes: Vec<_> = told
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .collect();
    assert_eq!(
        changes,
        [
            "  -   train: { epochs: 1, batch: 32, samples_every: 2 }",
            "  +   train: { epochs: 2, batch: 32, samples_every: 2 }",
            "  - seeds: 2",
            "  + seeds: 1",
            "  + # a·b",
        ]
    );
    let kept = scene.files().into_iter().find(|(path, (bytes, _))| {
        path.extension().is_some_and(|e| e == "yaml") && bytes == old.as_bytes()
    });
    let (kept, _) = kept.expect("the old file is kept");
    assert!(told.contains(&*kept.to_string_lossy()), "{told}");
}

#[test]
fn another_results_folder_is_another_start_and_is_said_to_be() {
    let scene = Scene::new();
    scene.write("[[]]", 1);
    scene.run(&[], 0);
    let before = scene.files();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(binary());
    command
        .arg("run")
        .arg(yaml(&scene))
        .arg("--results")
        .arg(elsewhere.path());
    let output = command.output().expect("started");
    expect_code(&output, 0);
    assert!(
        stderr(&output).contains("tiny: 2 trials, 0 done, 2 to do"),
        "{}",
        stderr(&output)
    );
    assert_eq!(trained(&output).len(), 2);
    assert_eq!(scene.files(), before);
}

/// Writes another format version into a record, whose seal then fits again.
fn of_format(path: &Path, format: u64) {
    let file = hdf5::File::open_rw(path).expect("open");
    let attribute = file.attr("ablate_format").expect("there");
    attribute.write_scalar(&format).expect("written");
    drop(attribute);
    file.close().expect("close");
    common::seal(path);
}

#[test]
fn records_of_older_and_newer_formats_are_refused_and_left_as_they_are() {
    let scene = Scene::new();
    scene.write("[[]]", 1);
    scene.run(&[], 0);
    let trial = scene.files().into_keys().find(|path| {
        path.parent()
            .is_some_and(|folder| folder.ends_with("trials"))
            && path.is_file()
    });
    for path in [trial.expect("a trial"), scene.folder().join("sweep.h5")] {
        let ours = fs::read(&path).expect("there");
        for format in [0, 2] {
            of_format(&path, format);
            let before = contents(&scene);
            let mut verify = Command::new(binary());
            verify.arg("verify").arg(scene.folder());
            for mut command in [scene.command(&[]), verify] {
                let output = command.output().expect("started");
                expect_code(&output, 5);
                let said = stderr(&output) + &String::from_utf8_lossy(&output.stdout);
                let problem = format!("format version {format}, but this ablate reads version 1");
                assert!(said.contains(&problem), "{said}");
                assert!(
                    said.contains(path.file_name().expect("a name").to_str().expect("text")),
                    "{said}"
                );
            }
            let after = contents(&scene);
            let changed: Vec<_> = after
                .iter()
                .filter(|(path, bytes)| before.get(*path) != Some(*bytes))
                .map(|(path, _)| path)
                .collect();
            assert!(
                changed.is_empty() && after.len() == before.len(),
                "{changed:?}"
            );
        }
        fs::write(&path, ours).expect("written");
    }
    scene.run(&[], 0);
}
