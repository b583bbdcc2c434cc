//! A tiny sweep under the shim, and what must hold after every single fault. Oracle: the sweep that nothing happened to.

use super::power::Shadow;
use super::verify::verify;
use super::{Fault, Seen, Shim};
use crate::scene::{Scene, binary, expect_code};
use ablate::outcome::Outcome;
use ablate::record::{Folder, SweepRecord, digest, done, read_trial_file};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// Two trials of two epochs with two steps each; a checkpoint after every step.
const PLAIN: &str = "name: tiny\n\
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

/// A trial that needs a network trained first, and whose network is used in another way afterwards.
const USES: &str = "name: tiny\n\
    base:\n  \
      task: diffuse\n  \
      data: { dataset: digits, train: 32, test: 16 }\n  \
      model: { arch: unet, widths: [4, 4], skip: { at: [14, 28] } }\n  \
      diffusion: { schedule: cosine, timesteps: 100, judge_train: 32, judge_epochs: 1 }\n  \
      generate: { images: 8, steps: 2 }\n  \
      train: { epochs: 1, batch: 32 }\n\
    seeds: 1\n\
    evaluate: { steps: [3] }\n";

/// More trials than a shard holds, of one step each.
const MANY: &str = "name: tiny\n\
    base:\n  \
      data: { dataset: digits, train: 16, test: 1 }\n  \
      model: { widths: [1], bottleneck: none }\n  \
      train: { epochs: 1, batch: 16 }\n\
    seeds: 260\n";

const OPTIONS: [&str; 4] = ["--workers", "1", "--checkpoint-every", "0"];

/// Exit codes that say "not all is done", and not by a bug: TrialsFailed, Io, BadRecord, Machine, MoreToDo.
const HONEST: [i32; 5] = [1, 4, 5, 6, 75];

/// A sweep, and the oracle.
pub struct Tiny {
    yaml: &'static str,
    /// Name and path of the calls that count, if not all do.
    pub only: Option<(&'static str, &'static str)>,
    /// What lies there before every run, if anything does.
    start: Option<Scene>,
    /// `sweep.h5` where no trial is trained: then it is a function of what lies there.
    merged: Option<Vec<u8>>,
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
    /// The sweep of two trials.
    pub fn new() -> Self {
        Self::of(PLAIN)
    }

    /// A sweep with a network that is trained first, and with a use of the trained one.
    pub fn with_uses() -> Self {
        Self::of(USES)
    }

    /// Runs a sweep in peace.
    fn of(yaml: &'static str) -> Self {
        let scene = Scene::of(yaml);
        scene.run(&OPTIONS, 0);
        Self {
            yaml,
            only: None,
            start: None,
            merged: None,
            digests: scene.digests(),
            logical: logical(&scene).expect("valid"),
        }
    }

    /// A sweep that is trained, and neither packed nor merged.
    pub fn packing() -> Self {
        let scene = Scene::of(MANY);
        let mut command = scene.command(&["--workers", "2"]);
        let output = command.env("ABLATE_FAULT", "segv@pack").output();
        expect_code(&output.expect("started"), 75);
        let record = scene.folder().join("sweep.h5");
        let merged = fs::read(&record).expect("merged");
        let tiny = Self {
            yaml: MANY,
            digests: scene.digests(),
            logical: logical(&scene).expect("valid"),
            merged: Some(merged),
            only: None,
            start: None,
        };
        fs::remove_file(&record).expect("removed");
        Self {
            start: Some(scene),
            ..tiny
        }
    }

    /// How many calls a run makes at which `fault` can happen. `Err`: why this machine cannot tell.
    pub fn calls(&self, fault: Fault) -> Result<u32, String> {
        let (_scene, _output, seen) = self.run(fault, u32::MAX)?;
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
            let (scene, _, _) = self.run(Fault::Kill, at)?;
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

    /// A copy of a scene of this sweep.
    pub fn copy(&self, of: &Scene) -> Scene {
        let scene = Scene::of(self.yaml);
        let target = scene.folder();
        let results = target.parent().expect("results");
        fs::create_dir(results).expect("made");
        // Claims are hard links to heartbeats, and stay so.
        let mut copy = Command::new("cp");
        let status = copy.arg("-a").arg(of.folder()).arg(results).status();
        assert!(status.expect("cp").success());
        scene
    }

    /// A run with a fault, in a folder of its own.
    fn run(&self, fault: Fault, at: u32) -> Result<(Scene, Output, Seen), String> {
        let scene = match &self.start {
            Some(start) => self.copy(start),
            None => Scene::of(self.yaml),
        };
        let folder = scene.folder();
        let mut command = scene.command(&OPTIONS);
        let results = folder.parent().expect("results");
        let world = results.parent().expect("a folder");
        let shadow = match fault {
            Fault::Power(loss) => Some(Shadow::cast(&mut command, world, loss)),
            _ => None,
        };
        // The name of the folder of all results has to be synced, too.
        let watched = shadow.as_ref().map_or(results, |_| world);
        let shim = match self.only {
            Some((call, path)) => Shim::arm_at(&mut command, watched, (call, path, at), fault)?,
            None => Shim::arm(&mut command, watched, at, fault)?,
        };
        let output = command.output().expect("started");
        let seen = shim.seen();
        if let Some(shadow) = shadow {
            shadow.restore(results);
        }
        Ok((scene, output, seen))
    }

    /// One run with the fault, and one without; what did not hold.
    fn visit_one(&self, fault: Fault, at: u32) -> (i32, Seen, Vec<String>) {
        let (scene, output, seen) = self.run(fault, at).expect("compiled before");
        let code = output.status.code().unwrap_or(-1);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut wrong = Vec::new();
        if said.contains("panicked") {
            wrong.push(format!("a panic: {said}"));
        }
        match fault {
            Fault::Kill | Fault::Power(_) if seen.faults > 0 && code != -1 => {
                wrong.push(format!("it lived: {code}"));
            }
            _ if code == 0 => wrong.extend(self.check_done(&scene, "reported as done")),
            Fault::Kill | Fault::Power(_) => {}
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
        wrong.extend(self.check_reopened(&scene, &said));
        let mut again = scene.command(&OPTIONS);
        if let Fault::Power(_) = fault {
            // Claims are not synced: whoever left an empty one has to be silent for a lease.
            again.args(["--lease", "1"]);
        }
        let again = again.output().expect("started");
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

    /// That the folder is a state between the old one and the new one: what is visible is whole, and what a run `said` to be done is there.
    fn check_reopened(&self, scene: &Scene, said: &str) -> Vec<String> {
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
    fn check_done(&self, scene: &Scene, when: &str) -> Option<String> {
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

/// The beginning of the id of the trial that a line says to be done: `[1/2] 55d3b181 seed 0: test.bce 0.6468 in 0.1 s`.
fn told(line: &str) -> Option<&str> {
    let (_, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let (before, took) = rest.rsplit_once(" in ")?;
    took.strip_suffix(" s")?.parse::<f64>().ok()?;
    before.split(' ').next()
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
