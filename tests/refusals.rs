//! Row 18 of the promises: a run takes for done what has the same content, and nothing else, and says what changed.

mod common;
#[path = "train/edit.rs"]
mod edit;
mod scene;

use ablate::config::NUMERICS_VERSION;
use ablate::plan::Plan;
use ablate::record::{Folder, commit, read_trial_file};
use ablate::sweep::Sweep;
use edit::edit;
use rustix::process::Signal;
use scene::{Scene, binary, expect_code, is_alive, wait_until};
use sha2::{Digest as _, Sha256};
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

/// The id that a trial has: SHA-256 of its parts, each number in 8 bytes, each text led by its length. See src/plan/id.rs.
fn id(config: &str, seed: u64, data: &str, numerics: u64, device: &str) -> String {
    let mut sum = Sha256::new();
    let mut put = |bytes: &[u8]| sum.update(bytes);
    let text = |text: &str, put: &mut dyn FnMut(&[u8])| {
        put(&(text.len() as u64).to_le_bytes());
        put(text.as_bytes());
    };
    text("ablate trial", &mut put);
    put(&1_u64.to_le_bytes());
    put(&numerics.to_le_bytes());
    for part in [device, data, config] {
        text(part, &mut put);
    }
    put(&seed.to_le_bytes());
    sum.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Makes the finished trials of a scene those of another version or device, as that would have left them.
fn remake(scene: &Scene, numerics: u32, device: &str) {
    let sweep = Sweep::load(&yaml(scene)).expect("a sweep");
    let plan = Plan::build(&sweep, 100, &ablate::data::facts).expect("a plan");
    let folder = Folder::existing(scene.folder());
    for index in 0..plan.len() {
        let ours = plan.id(index).to_string();
        let mut trial = read_trial_file(&folder.trial(&ours), &ours).expect("whole");
        let config = plan.config(plan.point(index)).canonical();
        let id = |numerics, device: &str| {
            id(
                &config,
                trial.seed,
                &trial.data_digest,
                u64::from(numerics),
                device,
            )
        };
        assert_eq!(
            id(NUMERICS_VERSION, "cpu"),
            ours,
            "the ids of this test are the real ones"
        );
        trial.id = id(numerics, device);
        trial
            .environment
            .insert("numerics_version".into(), numerics.to_string());
        trial.environment.insert("device".into(), device.into());
        // Marks what must never be taken for ours.
        trial.result.parameters_digest = "0".repeat(64);
        fs::remove_file(folder.trial(&ours)).expect("removed");
        commit(&folder, &trial).expect("committed");
    }
    fs::remove_file(folder.sweep_h5()).expect("removed");
}

#[test]
fn trials_of_another_numerics_version_or_device_are_no_results_of_this_one() {
    let scene = Scene::new();
    scene.write("[[]]", 1);
    scene.run(&[], 0);
    let calm = scene.digests();
    for (numerics, device) in [
        (NUMERICS_VERSION - 1, "cpu"),
        (NUMERICS_VERSION + 1, "cpu"),
        (NUMERICS_VERSION, "cuda"),
    ] {
        let before: Vec<_> = contents(&scene).into_keys().collect();
        remake(&scene, numerics, device);
        let others = contents(&scene)
            .into_iter()
            .filter(|(path, _)| !before.contains(path));
        let others: Vec<_> = others.collect();
        assert_eq!(others.len(), 2);
        let output = scene.run(&[], 0);
        assert!(
            stderr(&output).contains("2 trials, 0 done, 2 to do"),
            "{}",
            stderr(&output)
        );
        assert_eq!(trained(&output).len(), 2);
        assert_eq!(scene.digests(), calm, "numerics {numerics} on {device}");
        let now = contents(&scene);
        assert!(
            others
                .iter()
                .all(|(path, bytes)| now.get(path) == Some(bytes))
        );
    }
}

/// Two trials that take a while.
fn pair() -> Scene {
    let scene = Scene::new();
    scene.write("[[], [14]]", 10);
    scene.with_seeds(1);
    scene
}

/// Killed in the middle of both trials.
fn killed() -> Scene {
    let scene = pair();
    let mut running = scene.start(&["--workers", "2", "--checkpoint-every", "0"], 2);
    wait_until("both trials are saved", || {
        assert!(running.is_alive(), "the run ended before it was caught");
        checkpoints(&scene).len() >= 2
    });
    let workers = running.workers();
    running.signal(Signal::KILL);
    running.end();
    wait_until("no worker is left", || {
        !workers.iter().any(|pid| is_alive(*pid))
    });
    scene
}

/// Also while it runs, when files come and go.
fn checkpoints(scene: &Scene) -> Vec<PathBuf> {
    let below = |folder: PathBuf| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path())
    };
    let attempts = below(scene.folder().join("checkpoints")).flat_map(below);
    let files = attempts.flat_map(below);
    files
        .filter(|path| path.extension().is_some_and(|e| e == "ckpt"))
        .collect()
}

#[test]
fn checkpoints_of_other_numerics_are_passed_over_aloud() {
    let calm = pair();
    calm.run(&[], 0);
    for (what, value) in [("numerics", 1.into()), ("dispatch", "sse9".into())] {
        let scene = killed();
        let found = checkpoints(&scene);
        for path in &found {
            edit(path, |header, sections| {
                header["content"]["identity"][what] = serde_json::Value::clone(&value);
                // Would show in the results.
                sections.iter_mut().for_each(|(_, bytes)| bytes.fill(0));
            });
        }
        scene.run(&["--workers", "2"], 0);
        let logs = contents(&scene).into_iter();
        let logs = logs.filter(|(path, _)| path.extension().is_some_and(|e| e == "log"));
        let said: String = logs
            .map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        for path in &found {
            let line = said
                .lines()
                .find(|line| line.contains(&*path.to_string_lossy()));
            let line = line.unwrap_or_else(|| panic!("no word on {}: {said}", path.display()));
            assert!(
                line.contains("is passed over: it is of") && line.contains(what),
                "{line}"
            );
        }
        assert_eq!(scene.digests(), calm.digests());
    }
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
