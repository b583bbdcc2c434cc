//! What another version, device or machine has left is not mixed with what this one makes.

use crate::edit::edit;
use crate::scene::{Scene, is_alive, wait_until};
use crate::{contents, stderr, trained, yaml};
use ablate::config::NUMERICS_VERSION;
use ablate::plan::Plan;
use ablate::record::{Folder, commit, read_trial_file};
use ablate::sweep::Sweep;
use rustix::process::Signal;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::PathBuf;

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
    for (number, numerics, device) in [
        (2, NUMERICS_VERSION - 1, "cpu"),
        (4, NUMERICS_VERSION + 1, "cpu"),
        (6, NUMERICS_VERSION, "cuda"),
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
        let note = format!("note: {number} results in the folder are not of this sweep's trials");
        assert!(stderr(&output).contains(&note), "{}", stderr(&output));
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
        let output = scene.run(&["--workers", "2"], 0);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("is passed over: it is of"), "{told}");
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
