//! A tiny sweep under the shim, and what must hold after every single fault. Oracle: the sweep that nothing happened to.

use super::{Fault, Seen, Shim};
use crate::scene::{Scene, binary};
use ablate::outcome::Outcome;
use ablate::record::{SweepRecord, digest, read_trial_file};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// Two trials of two epochs with two steps each; a checkpoint after every step.
const YAML: &str = "name: tiny\n\
    base:\n  \
      data: { dataset: digits, train: 32, test: 16 }\n  \
      model: { arch: autoencoder, widths: [4, 8], bottleneck: 4 }\n  \
      train: { epochs: 2, batch: 16, samples_every: 2 }\n\
    grid:\n  \
      model.skip.at: [[], [14]]\n\
    seeds: 1\n\
    compare:\n  \
      baseline: { model.skip.at: [] }\n  \
      metric: test.bce\n";

const OPTIONS: [&str; 4] = ["--workers", "1", "--checkpoint-every", "0"];

/// Exit codes that say "not all is done", and not by a bug: TrialsFailed, Io, BadRecord, Machine, MoreToDo.
const HONEST: [i32; 5] = [1, 4, 5, 6, 75];

/// The oracle.
pub struct Tiny {
    digests: BTreeMap<String, String>,
    logical: BTreeMap<String, String>,
}

/// What a series of faults came to.
#[derive(Debug, Default)]
pub struct Calls {
    /// Calls of a run that nothing happens to.
    pub calls: u32,
    /// Runs in which the fault happened.
    pub faults: u32,
    /// How the runs ended: exit code, −1 for a death.
    pub ends: BTreeMap<i32, u32>,
    /// What did not hold, with the number that replays it.
    pub violations: Vec<String>,
}

impl Tiny {
    /// Runs the sweep in peace.
    pub fn new() -> Self {
        let scene = Scene::of(YAML);
        scene.run(&OPTIONS, 0);
        let logical = logical(&scene).expect("valid");
        assert_eq!(logical.len(), 2);
        Self {
            digests: scene.digests(),
            logical,
        }
    }

    /// How many calls a run makes at which `fault` can happen. `Err`: why this machine cannot tell.
    pub fn calls(&self, fault: Fault) -> Result<u32, String> {
        let (_scene, _output, seen) = run(fault, u32::MAX)?;
        assert_eq!(seen.faults, 0);
        Ok(seen.calls)
    }

    /// The fault at each of the calls that `choose` takes, until a run ends before it happens.
    pub fn visit(
        &self,
        fault: Fault,
        choose: impl Fn(u32) -> bool + Sync,
    ) -> Result<Calls, String> {
        let all = Mutex::new(Calls {
            calls: self.calls(fault)?,
            ..Calls::default()
        });
        let next = AtomicU32::new(1);
        let threads = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(4);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let last = all.lock().expect("no panic").calls;
                        // Heartbeats and status files make the number of calls vary a little from run to run.
                        if at > last + 64 {
                            return;
                        }
                        if !choose(at) {
                            continue;
                        }
                        let (code, seen, violations) = self.visit_one(fault, at);
                        if seen.faults == 0 && at > last {
                            return;
                        }
                        let mut all = all.lock().expect("no panic");
                        all.faults += u32::from(seen.faults > 0);
                        *all.ends.entry(code).or_default() += 1;
                        let place = format!("{fault} at call {at} ({})", seen.what);
                        let found = violations
                            .into_iter()
                            .map(|what| format!("{place}: {what}"));
                        all.violations.extend(found);
                    }
                });
            }
        });
        Ok(all.into_inner().expect("no panic"))
    }

    /// The sweep as a death left it: one trial committed, checkpoints of the other.
    pub fn half_done(&self) -> Result<Scene, String> {
        let calls = self.calls(Fault::Kill)?;
        for at in (1..calls).rev().step_by(8) {
            let (scene, _, _) = run(Fault::Kill, at)?;
            let kinds = |kind: &str| {
                let files = scene.files().into_keys();
                files
                    .filter(|path| path.extension().is_some_and(|e| e == kind))
                    .count()
            };
            // One record of a trial, and sweep.h5.
            if kinds("h5") == 2 && kinds("ckpt") > 0 {
                return Ok(scene);
            }
        }
        Err("a moment between two trials".into())
    }

    /// What does not hold of a folder that something was damaged in: every command says what is wrong or goes on, none panics,
    /// and what is reported as done is right.
    pub fn check_damaged(&self, scene: &Scene) -> Vec<String> {
        let mut wrong = Vec::new();
        let place = tempfile::tempdir().expect("a folder");
        let of_folder = |words: &[&str]| {
            let mut command = Command::new(binary());
            command.args(words).arg(scene.folder());
            command
        };
        let mut report = of_folder(&["report"]);
        report.arg("--out").arg(place.path().join("out"));
        // What a damaged claim says cannot be known, so that its owner has to be silent for a lease.
        let options = [&OPTIONS[..], &["--lease", "1"]].concat();
        let commands = [
            ("status", of_folder(&["status", "--json"])),
            ("report", report),
            ("run", scene.command(&options)),
        ];
        for (name, mut command) in commands {
            let output = command.output().expect("started");
            let said = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code().unwrap_or(-1);
            let typed = code == 0 || code == 2 || HONEST.contains(&code);
            if !typed || said.contains("panicked") {
                wrong.push(format!("{name} ends with {code}: {said}"));
            }
            if code != 0 && !said.contains("error:") && name != "status" {
                wrong.push(format!("{name} ends with {code} and no error: {said}"));
            }
            if name == "run" && code == 0 {
                wrong.extend(self.check_done(scene, "gone on with"));
            }
        }
        wrong
    }

    /// A copy of a scene of this sweep.
    pub fn copy(&self, of: &Scene) -> Scene {
        let scene = Scene::of(YAML);
        let target = scene.folder();
        let results = target.parent().expect("results");
        fs::create_dir(results).expect("made");
        // Claims are hard links to heartbeats, and stay so.
        let mut copy = Command::new("cp");
        let status = copy.arg("-a").arg(of.folder()).arg(results).status();
        assert!(status.expect("cp").success());
        scene
    }

    /// One run with the fault, and one without; what did not hold.
    fn visit_one(&self, fault: Fault, at: u32) -> (i32, Seen, Vec<String>) {
        let (scene, output, seen) = run(fault, at).expect("compiled before");
        let code = output.status.code().unwrap_or(-1);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut wrong = Vec::new();
        if said.contains("panicked") {
            wrong.push(format!("a panic: {said}"));
        }
        match fault {
            Fault::Kill if seen.faults > 0 && code != -1 => wrong.push(format!("it lived: {code}")),
            Fault::Kill => {}
            _ if code == 0 => wrong.extend(self.check_done(&scene, "reported as done")),
            _ if !HONEST.contains(&code) => wrong.push(format!("exit code {code}: {said}")),
            _ => {
                let root = scene
                    .folder()
                    .parent()
                    .map(Path::to_owned)
                    .unwrap_or_default();
                let named = said.split("error:").nth(1);
                if !named.is_some_and(|text| text.contains(&*root.to_string_lossy())) {
                    wrong.push(format!("exit code {code}, and no path is named: {said}"));
                }
                // HDF5 does not say why it cannot make a file; the system is asked again, and then lets it.
                let unsaid = said.contains("HDF5: H5Fcreate") && matches!(fault, Fault::Error(_));
                if fault.is_full() && (code != 4 || !(said.contains("free space") || unsaid)) {
                    wrong.push(format!("exit code {code}, and no word on space: {said}"));
                }
            }
        }
        wrong.extend(self.check_reopened(&scene));
        let again = scene.command(&OPTIONS).output().expect("started");
        let said = String::from_utf8_lossy(&again.stderr);
        if again.status.code() != Some(0) {
            wrong.push(format!(
                "the same command does not finish: {:?} {said}",
                again.status
            ));
            return (code, seen, wrong);
        }
        for word in ["passed over", "damaged", "panicked"] {
            if said.contains(word) {
                wrong.push(format!("the same command finds something {word}: {said}"));
            }
        }
        wrong.extend(self.check_done(&scene, "finished by the same command"));
        wrong.extend(leftovers(&scene).map(|path| format!("{} stays", path.display())));
        if !scene.failures().is_empty() {
            wrong.push(format!("trials are blamed: {:?}", scene.failures()));
        }
        (code, seen, wrong)
    }

    /// That the folder is a state between the old one and the new one: what is visible is whole.
    fn check_reopened(&self, scene: &Scene) -> Vec<String> {
        let mut wrong = Vec::new();
        let committed = match logical(scene) {
            Err(problem) => return vec![problem],
            Ok(found) => found,
        };
        for (id, digest) in &committed {
            if self.logical.get(id) != Some(digest) {
                wrong.push(format!("a wrong result for {id}"));
            }
        }
        let folder = scene.folder();
        let record = folder.join("sweep.h5");
        if record.exists() {
            match SweepRecord::open(&record) {
                Err(error) => wrong.push(format!("sweep.h5: {error}")),
                Ok(record) => {
                    let rows = record.trials.iter();
                    let completed = rows.filter(|row| row.outcome == Outcome::Completed);
                    let known: BTreeSet<_> = completed.map(|row| &row.id).collect();
                    if !known.iter().all(|id| committed.contains_key(*id)) {
                        wrong.push("sweep.h5 has trials that are not committed".into());
                    }
                }
            }
        }
        if fs::read(folder.join("sweep.yaml")).is_ok_and(|text| text != YAML.as_bytes()) {
            wrong.push("half a sweep.yaml".into());
        }
        if let Ok(page) = fs::read_to_string(folder.join("report.html"))
            && !page.trim_end().ends_with("</html>")
        {
            wrong.push("half a page".into());
        }
        if let Ok(text) = fs::read_to_string(folder.join("report.json"))
            && serde_json::from_str::<serde_json::Value>(&text).is_err()
        {
            wrong.push("half a report.json".into());
        }
        if folder.join("sweep.yaml").exists() {
            let mut status = Command::new(binary());
            let output = status.args(["status", "--json"]).arg(&folder).output();
            let output = output.expect("started");
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                wrong.push(format!("ablate status: {:?} {said}", output.status.code()));
            }
        }
        wrong
    }

    /// That everything is there and right.
    fn check_done(&self, scene: &Scene, when: &str) -> Option<String> {
        let there = std::panic::catch_unwind(|| scene.digests());
        match there {
            Err(_) => Some(format!("{when}, but the record cannot be read")),
            Ok(digests) => (digests != self.digests)
                .then(|| format!("{when}, but the results differ or are missing")),
        }
    }
}

/// A run with a fault, in a folder of its own.
fn run(fault: Fault, at: u32) -> Result<(Scene, Output, Seen), String> {
    let scene = Scene::of(YAML);
    let folder = scene.folder();
    let mut command = scene.command(&OPTIONS);
    let results = folder.parent().expect("results");
    let shim = Shim::arm(&mut command, results, at, fault)?;
    let output = command.output().expect("started");
    let seen = shim.seen();
    Ok((scene, output, seen))
}

/// The digests of all visible trial files, each of which has to be whole.
fn logical(scene: &Scene) -> Result<BTreeMap<String, String>, String> {
    let Ok(entries) = fs::read_dir(scene.folder().join("trials")) else {
        return Ok(BTreeMap::new());
    };
    let paths = entries.map(|entry| entry.expect("entry").path());
    let visible = paths.filter(|path| path.extension().is_some_and(|e| e == "h5"));
    visible
        .map(|path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let record = read_trial_file(&path, &stem);
            let record = record.map_err(|error| format!("a visible file is not whole: {error}"))?;
            Ok((stem.clone().into_owned(), digest::logical(&record)))
        })
        .collect()
}

/// Temporary files that nobody will use.
fn leftovers(scene: &Scene) -> impl Iterator<Item = PathBuf> {
    let files = scene.files().into_keys();
    files.filter(|path| path.extension().is_some_and(|e| e == "tmp"))
}
