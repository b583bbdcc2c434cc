//! What must hold after a fault.

use super::Fault;
use super::sweep::{OPTIONS, Tiny, logical};
use super::verify::verify;
use crate::scene::{Scene, binary};
use ablate::outcome::Outcome;
use ablate::record::{Folder, SweepRecord, done};
use ablate::train::{CheckpointCondition, inspect_checkpoints};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Exit codes that say "not all is done", and not by a bug: TrialsFailed, Io, BadRecord, Machine, MoreToDo.
const HONEST: [i32; 5] = [1, 4, 5, 6, 75];

impl Tiny {
    /// What does not hold of a folder that something was damaged in: `ablate verify` names the file `told`, every other command says what is wrong or goes on, none panics, and what is reported as done is right.
    pub fn check_damaged(&self, scene: &Scene, told: Option<&Path>) -> Vec<String> {
        let mut wrong = Vec::new();
        wrong.extend(verify(scene, told).err());
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

    /// That the folder is a state between the old one and the new one: what is visible is whole, and what a run `said` to be done is there.
    pub(super) fn check_reopened(&self, scene: &Scene, said: &str) -> Vec<String> {
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
        wrong.extend(damaged_checkpoints(scene));
        let folder = scene.folder();
        let done = match folder.join("trials").exists() {
            true => done(&Folder::existing(&folder)).map_err(|error| error.to_string()),
            false => Ok(BTreeSet::new()),
        };
        let done = match done {
            Err(problem) => return vec![problem],
            Ok(done) => done,
        };
        let before = self.start.iter().flat_map(|_| self.logical.keys());
        for id in said.lines().filter_map(told).chain(before.map(|id| &**id)) {
            if !done.iter().any(|known| known.starts_with(id)) {
                wrong.push(format!("{id} was told to be done, and is lost"));
            }
        }
        let record = folder.join("sweep.h5");
        if record.exists() {
            match SweepRecord::open(&record) {
                Err(error) => wrong.push(format!("sweep.h5: {error}")),
                Ok(record) => {
                    let rows = record.trials.iter();
                    let completed = rows.filter(|row| row.outcome == Outcome::Completed);
                    let known: BTreeSet<_> = completed.map(|row| &row.id).collect();
                    if !known.iter().all(|id| done.contains(*id)) {
                        wrong.push("sweep.h5 has trials that are not committed".into());
                    }
                }
            }
        }
        if fs::read(folder.join("sweep.yaml")).is_ok_and(|text| text != self.yaml.as_bytes()) {
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
    pub(super) fn check_done(&self, scene: &Scene, when: &str) -> Option<String> {
        if let Some(merged) = &self.merged {
            let record = fs::read(scene.folder().join("sweep.h5")).ok();
            let same = record.as_ref() == Some(merged);
            let differs = || format!("{when}, but sweep.h5 is not what it was or is missing");
            return verify(scene, None).err().or((!same).then(differs));
        }
        let there = std::panic::catch_unwind(|| (scene.digests(), logical(scene)));
        match there {
            Ok((digests, Ok(logical))) => (digests != self.digests || logical != self.logical)
                .then(|| format!("{when}, but the results differ or are missing")),
            _ => Some(format!("{when}, but the record cannot be read")),
        }
    }
}

/// The checkpoints that have their name and are not whole: none, whatever happened, because a name comes last.
fn damaged_checkpoints(scene: &Scene) -> Vec<String> {
    let trials = fs::read_dir(scene.folder().join("checkpoints"));
    let mut damaged = Vec::new();
    for trial in trials.into_iter().flatten().flatten() {
        let id = trial.file_name();
        for seen in inspect_checkpoints(&trial.path(), &id.to_string_lossy()).expect("listed") {
            if seen.condition != CheckpointCondition::Whole {
                damaged.push(format!("{}: {:?}", seen.path.display(), seen.condition));
            }
        }
    }
    damaged
}

/// What is wrong with the words of a run that a call refused.
pub fn honest(scene: &Scene, fault: Fault, code: i32, said: &str) -> Vec<String> {
    if !HONEST.contains(&code) {
        return vec![format!("exit code {code}: {said}")];
    }
    let mut wrong = Vec::new();
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
    // HDF5 does not say how much it wanted to write; a heartbeat's first line is no loss worth measuring.
    let told = named.and_then(|text| text.lines().next());
    let refused = told.filter(|line| line.contains("cannot write"));
    let unmeasured = ["/trials/", "/shards/", "/.sweep.h5.", "/claims/"];
    let refused = refused.filter(|line| !unmeasured.iter().any(|part| line.contains(part)));
    let numbers = |line: &str| line.contains(" bytes needed, ") && line.contains(" free)");
    if fault.is_full() && refused.is_some_and(|line| !numbers(line)) {
        wrong.push(format!("not said what is needed and free: {said}"));
    }
    wrong
}

/// The beginning of the id of the trial that a line says to be done: `[1/2] 55d3b181 seed 0: test.bce 0.6468 in 0.1 s`.
fn told(line: &str) -> Option<&str> {
    let (_, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let (before, took) = rest.rsplit_once(" in ")?;
    took.strip_suffix(" s")?.parse::<f64>().ok()?;
    before.split(' ').next()
}
