//! A tiny sweep under the shim. Oracle: the sweep that nothing happened to.

use super::checks::honest;
use super::power::{Loss, Shadow};
use super::{Fault, Seen, Shim};
use crate::scene::{Scene, expect_code, sweeps};
use ablate::record::{digest, read_trial_file};
use ablate::train::{CheckpointCondition, SeenCheckpoint, inspect_checkpoints};
use std::collections::BTreeMap;
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

pub(super) const OPTIONS: [&str; 4] = ["--workers", "1", "--checkpoint-every", "0"];

/// A sweep, and the oracle.
pub struct Tiny {
    pub(super) yaml: String,
    /// Name and path of the calls that count, if not all do.
    pub only: Option<(&'static str, &'static str)>,
    /// What lies there before every run, if anything does.
    pub(super) start: Option<Scene>,
    /// `sweep.h5` where no trial is trained: then it is a function of what lies there.
    pub(super) merged: Option<Vec<u8>>,
    pub(super) digests: BTreeMap<String, String>,
    pub(super) logical: BTreeMap<String, String>,
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
        Self::of(PLAIN.into())
    }

    /// A sweep with a network that is trained first, and with a use of the trained one.
    pub fn with_uses() -> Self {
        Self::of(sweeps::with_uses(1, "[3]"))
    }

    /// Runs a sweep in peace.
    fn of(yaml: String) -> Self {
        let scene = Scene::of(&yaml);
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
        // More trials than a shard holds.
        let yaml = sweeps::one_step(260);
        let scene = Scene::of(&yaml);
        let mut command = scene.command(&["--workers", "2"]);
        let output = command.env("ABLATE_FAULT", "segv@pack").output();
        expect_code(&output.expect("started"), 75);
        let record = scene.folder().join("sweep.h5");
        let merged = fs::read(&record).expect("merged");
        let tiny = Self {
            yaml,
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

    /// Whether a loss of power just before the `at`th save leaves the save before it, which was reported. `Ok(None)`: it is
    /// a trial's first one, or there are not so many.
    ///
    /// # Errors
    /// Why this machine cannot tell.
    pub fn keeps_the_save_before(&self, loss: Loss, at: u32) -> Result<Option<bool>, String> {
        let (_scene, _, seen) = self.run(Fault::Power(loss), at)?;
        // `open <folder>/checkpoints/<trial>/<attempt>/.step-<n>.ckpt.<process>.<host>.<n>.tmp`
        let step = || {
            let (folder, file) = seen.what.strip_prefix("open ")?.rsplit_once('/')?;
            let (step, _) = file.strip_prefix(".step-")?.split_once('.')?;
            let root = Path::new(folder).parent()?.to_owned();
            Some((root, step.parse::<u64>().ok()?))
        };
        let Some((root, step)) = step().filter(|(_, step)| *step > 1) else {
            return Ok(None);
        };
        let id = root.file_name().expect("a trial").to_string_lossy();
        let found = inspect_checkpoints(&root, &id).expect("listed");
        let newest = found.first();
        let is_before = |seen: &SeenCheckpoint| {
            // At the end of an epoch the same step is saved again, with what was measured.
            seen.step >= step - 1 && seen.condition == CheckpointCondition::Whole
        };
        let kept = newest.is_some_and(is_before);
        Ok(Some(kept))
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

    /// A copy of a scene of this sweep.
    pub fn copy(&self, of: &Scene) -> Scene {
        let scene = Scene::of(&self.yaml);
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
            None => Scene::of(&self.yaml),
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
            _ => wrong.extend(honest(&scene, fault, code, &said)),
        }
        wrong.extend(self.check_reopened(&scene, &said));
        let passed_over = passed_over(&scene);
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
        if self::passed_over(&scene) > passed_over {
            wrong.push("the same command passes over a checkpoint".into());
        }
        wrong.extend(self.check_done(&scene, "finished by the same command"));
        wrong.extend(leftovers(&scene).map(|path| format!("{} stays", path.display())));
        if !scene.failures().is_empty() {
            wrong.push(format!("trials are blamed: {:?}", scene.failures()));
        }
        (code, seen, wrong)
    }
}

/// The digests of all visible trial files, each of which has to be whole.
pub(super) fn logical(scene: &Scene) -> Result<BTreeMap<String, String>, String> {
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

/// How many checkpoints workers told in their logs to have passed over.
fn passed_over(scene: &Scene) -> usize {
    let logs = fs::read_dir(scene.folder().join("logs")).into_iter();
    let texts = logs.flatten().flatten().map(|log| fs::read(log.path()));
    let texts = texts.map(|text| String::from_utf8_lossy(&text.unwrap_or_default()).into_owned());
    texts
        .map(|text| text.matches("is passed over").count())
        .sum()
}

/// Temporary files that nobody will use.
fn leftovers(scene: &Scene) -> impl Iterator<Item = PathBuf> {
    let files = scene.files().into_keys();
    files.filter(|path| path.extension().is_some_and(|e| e == "tmp"))
}
