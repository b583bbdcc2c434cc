//! A real sweep through the binary: after each damage the command that is named mends it.

use crate::scene::{Scene, expect_code, wait_until};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const BINARY: &str = env!("CARGO_BIN_EXE_ablate");

/// Two trials of so many steps of the smallest network.
fn scene(epochs: usize) -> Scene {
    Scene::of(&format!(
        "name: tiny\n\
         base:\n  \
           data: {{ dataset: digits, train: 16, test: 1 }}\n  \
           model: {{ widths: [1], bottleneck: none }}\n  \
           train: {{ epochs: {epochs}, batch: 16 }}\n\
         seeds: 2\n"
    ))
}

fn verify(path: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.arg("verify").arg(path).args(arguments);
    command.output().expect("started")
}

/// The damages of the scene's folder, from JSON.
fn damages(scene: &Scene, code: i32) -> Vec<Value> {
    let output = verify(&scene.folder(), &["--json"]);
    expect_code(&output, code);
    let object: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(object["whole"], code == 0);
    let findings = object["findings"].as_array().expect("a list").clone();
    findings
        .into_iter()
        .filter(|found| found["level"] == "damage")
        .collect()
}

fn assert_whole(scene: &Scene) {
    let output = verify(&scene.folder(), &[]);
    expect_code(&output, 0);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.ends_with("all 2 trials and 0 shards are whole; nothing is lost\n"),
        "{text}"
    );
}

/// Runs the first damage's command as it stands.
fn mend(scene: &Scene) {
    let damages = damages(scene, 5);
    let command = damages[0]["mend"].as_str().expect("a command");
    // Where the sweep file is broken, only the user knows where theirs is.
    let yaml = scene.folder().join("../../tiny.yaml");
    let command = command.replace("YOUR-SWEEP.yaml", &yaml.display().to_string());
    follow(&command, Path::new("."));
}

/// Runs a command from there as a user's shell does, with this binary as `ablate`.
fn follow(command: &str, from: &Path) {
    let folder = Path::new(BINARY).parent().expect("a folder").display();
    let script = format!("PATH={folder}:$PATH; {command}");
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", &script]).current_dir(from).output();
    expect_code(&output.expect("sh"), 0);
}

fn trial_files(scene: &Scene) -> Vec<PathBuf> {
    let files = fs::read_dir(scene.folder().join("trials")).expect("listed");
    let mut paths: Vec<_> = files.map(|file| file.expect("entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "h5"));
    paths.sort();
    paths
}

#[test]
fn the_command_that_is_named_mends_each_damage() {
    let scene = scene(1);
    scene.run(&[], 0);
    let before = scene.files();
    assert_whole(&scene);
    assert!(scene.files() == before, "verify changed something");
    let digests = scene.digests();

    let half = |path: &Path| {
        let bytes = fs::read(path).expect("read");
        fs::write(path, &bytes[..bytes.len() / 2]).expect("cut");
    };
    let trial = trial_files(&scene).remove(0);
    let in_folder = |name: &str| scene.folder().join(name);
    let steps: [(&str, &dyn Fn()); 7] = [
        ("a trial is cut", &|| half(&trial)),
        ("a trial is gone", &|| {
            fs::remove_file(&trial).expect("removed")
        }),
        ("a trial is of another version", &|| {
            let mut bytes = fs::read(&trial).expect("read");
            bytes[14] = b'2';
            fs::write(&trial, bytes).expect("written");
        }),
        ("sweep.h5 is cut", &|| half(&in_folder("sweep.h5"))),
        ("sweep.h5 is gone", &|| {
            fs::remove_file(in_folder("sweep.h5")).expect("removed");
        }),
        ("sweep.yaml is broken", &|| {
            fs::write(in_folder("sweep.yaml"), "name: [").expect("written");
        }),
        ("sweep.yaml is gone", &|| {
            fs::remove_file(in_folder("sweep.yaml")).expect("removed");
        }),
    ];
    for (what, damage) in steps {
        damage();
        eprintln!("{what}");
        mend(&scene);
        assert_whole(&scene);
        assert!(scene.digests() == digests, "{what}");
    }
}

#[test]
fn an_interrupted_sweep_is_whole_and_a_damaged_checkpoint_is_named() {
    let scene = scene(150);
    let mut running = scene.launch(&["--workers", "1", "--checkpoint-every", "0"]);
    let checkpoints = || {
        let mut found = Vec::new();
        for trial in fs::read_dir(scene.folder().join("checkpoints"))
            .into_iter()
            .flatten()
        {
            let trial = trial.expect("entry").path();
            for attempt in fs::read_dir(trial).into_iter().flatten().flatten() {
                let files = fs::read_dir(attempt.path()).into_iter().flatten().flatten();
                found.extend(files.map(|file| file.path()).filter(|path| {
                    path.extension()
                        .is_some_and(|extension| extension == "ckpt")
                }));
            }
        }
        found
    };
    wait_until("two checkpoints", || {
        assert!(running.is_alive(), "the run ended before it was caught");
        checkpoints().len() >= 2
    });
    running.signal(Signal::TERM);
    expect_code(&running.end(), 75);
    assert!(damages(&scene, 0).is_empty());

    let step = |path: &PathBuf| {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("text");
        stem.trim_start_matches("step-")
            .parse::<u64>()
            .expect("a step")
    };
    let mut files = checkpoints();
    files.sort_by_key(step);
    let newest = files.pop().expect("one");
    let mut bytes = fs::read(&newest).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&newest, &bytes).expect("flipped");
    let found = damages(&scene, 5);
    assert_eq!(found.len(), 1, "{found:?}");
    let lost = found[0]["lost"].as_str().expect("text");
    let expected = match files.last() {
        Some(older) => format!("goes on from its checkpoint of step {}", step(older)),
        None => "starts anew".to_owned(),
    };
    assert!(lost.contains(&expected), "{lost}");
    for older in &files {
        fs::write(older, "").expect("cut");
    }
    let found = damages(&scene, 5);
    assert_eq!(found.len(), files.len() + 1, "{found:?}");
    assert!(
        found[0]["lost"]
            .as_str()
            .expect("text")
            .contains("starts anew")
    );
    mend(&scene);
    assert_whole(&scene);
}

#[test]
fn wrong_paths_are_refused() {
    let place = tempfile::tempdir().expect("a folder");
    for path in [place.path().to_owned(), place.path().join("nowhere.h5")] {
        expect_code(&verify(&path, &[]), 2);
    }
}

/// What is gone without a trace is no damage, but it is not there.
#[test]
fn results_that_are_not_here_are_counted() {
    let scene = scene(1);
    scene.run(&[], 0);
    let gone = trial_files(&scene).remove(0);
    fs::remove_file(gone).expect("removed");
    fs::remove_file(scene.folder().join("sweep.h5")).expect("removed");
    let output = verify(&scene.folder(), &["--json"]);
    expect_code(&output, 5);
    let object: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&object["asked"], &object["missing"]),
        (&2.into(), &1.into())
    );
    let summary = object["summary"].as_str().expect("a text");
    assert!(
        summary.ends_with(
            "1 of 2 results that the sweep asks for are not here: not done yet, or gone"
        ),
        "{summary}"
    );
    fs::remove_file(trial_files(&scene).remove(0)).expect("removed");
    let text = verify(&scene.folder(), &[]).stdout;
    let text = String::from_utf8_lossy(&text);
    assert!(
        text.starts_with("all 0 trials and 0 shards are whole; 2 of 2 results"),
        "{text}"
    );
}

/// The command that is named works from where the user stands.
#[test]
fn a_trial_file_is_mended_from_within_its_folder() {
    let scene = scene(1);
    scene.run(&[], 0);
    let digests = scene.digests();
    let file = trial_files(&scene).remove(0);
    fs::write(&file, "damaged").expect("written");
    let mut command = Command::new(BINARY);
    command
        .arg("verify")
        .arg("--json")
        .arg(file.file_name().expect("a name"));
    let here = scene.folder().join("trials");
    let output = command.current_dir(&here).output().expect("started");
    let object: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mend = object["findings"][0]["mend"].as_str().expect("a command");
    follow(mend, &here);
    assert_eq!(scene.digests(), digests);
    assert_whole(&scene);
}
