//! Row 1 of the promises, and all that follow from it: seeded random faults over real runs, until the sweep is done.
//!
//! A sweep's runs follow each other on one folder, each with about a dozen faults, until one finds everything done; then one in peace.
//! While it goes on, copies of the record are reported. After every run: every visible result is right, none that was there and
//! untouched is gone, no process is left, nobody panicked, and the report of what is there is the same twice and adds up. At the
//! end: nothing is missing or different. Oracle: the digests of a calm run. Every third sweep has a reader beside it, and no damage to its files: all that it sees must open.

use crate::reading::Reader;
use crate::scene::{HANG, Scene, binary};
use crate::shim::{Fault as Failing, Shim};
use crate::start::{End, Place};
use crate::weather::{Fault, all, files_below, nap, workers};
use ablate::outcome::Outcome;
use ablate::record::{digest, read_trial_file};
use ablate::seed::{Key, Stream};
use rustix::io::Errno;
use rustix::process::Signal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Runs on one folder until one in peace has to finish it, however bad the weather was.
const RUNS_OF_A_SWEEP: u64 = 25;

const ERRNOS: [Errno; 6] = [
    Errno::NOSPC,
    Errno::IO,
    Errno::ACCESS,
    Errno::ROFS,
    Errno::MFILE,
    Errno::DQUOT,
];

/// Logical digests of trials by id.
type Digests = BTreeMap<String, String>;

/// What a storm came to.
#[derive(Default)]
struct Log {
    runs: u64,
    sweeps: u64,
    faults: BTreeMap<Fault, u64>,
    ends: BTreeMap<String, u64>,
    violations: Vec<String>,
}

impl Log {
    fn tell(&self, place: &Place) -> String {
        let faults: u64 = self.faults.values().sum();
        format!(
            "storm {}: {} runs of {} sweeps, {faults} faults {:?}, ends {:?}, {} violations",
            place.name(),
            self.runs,
            self.sweeps,
            self.faults,
            self.ends,
            self.violations.len()
        )
    }
}

fn sweep() -> Scene {
    let scene = Scene::new();
    scene.write("[[], [14]]", 15);
    scene.with_seeds(3);
    scene
}

/// So many runs; a sweep that has begun is finished.
fn storm(place: &Place, runs: u64) {
    let runs = runs.max(1);
    let calm = sweep();
    calm.run(&["--workers", "2"], 0);
    let (oracle, _) = visible(&calm);
    assert_eq!(oracle.len(), 6);
    let mut log = Log::default();
    let mut seed = crate::number("ABLATE_STORM_SEED", 1);
    while log.runs < runs {
        let scene = sweep();
        let found = one_sweep(place, &scene, &oracle, seed, runs - log.runs, &mut log);
        if let Err(wrong) = found {
            let wrong = format!("{}, ABLATE_STORM_SEED={seed}: {wrong}", place.name());
            eprintln!("{wrong}\n  the folder stays: {}", scene.folder().display());
            log.violations.push(wrong);
            // Its folder is looked at by whoever reads this.
            std::mem::forget(scene);
        }
        log.sweeps += 1;
        seed += 1;
        eprintln!("{}", log.tell(place));
    }
    crate::report(&log.tell(place));
    assert!(log.violations.is_empty(), "{:#?}", log.violations);
}

/// One sweep through the storm, and to its end in peace.
fn one_sweep(
    place: &Place,
    scene: &Scene,
    oracle: &Digests,
    seed: u64,
    most: u64,
    log: &mut Log,
) -> Result<(), String> {
    let mut dice = Key::new(seed, "storm").stream();
    let mut seen = Seen::default();
    let reader = (seed % 3 == 0)
        .then(|| Reader::start(&scene.folder()))
        .flatten();
    let spared = reader.is_some();
    for _ in 0..most.min(RUNS_OF_A_SWEEP) {
        let end = one_run(place, scene, &mut dice, spared, &mut seen, log)?;
        log.runs += 1;
        *log.ends.entry(end.how.clone()).or_default() += 1;
        let said = &end.said;
        seen.check(scene, oracle)
            .map_err(|what| format!("{what}\n{said}"))?;
        if said.contains("panicked at") || end.how == "70" {
            return Err(format!("a panic: {}\n{said}", end.how));
        }
        reported(&scene.folder()).map_err(|what| format!("{what}\n{said}"))?;
        if end.how == "0" || end.how == "COMPLETED" {
            break;
        }
    }
    let options = ["--workers", "2", "--retry-quarantined", "--lease", "2"];
    let output = scene.command(&options).output().expect("started");
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(0) {
        return Err(format!(
            "peace does not finish it: {}\n{said}",
            output.status
        ));
    }
    let (done, broken) = visible(scene);
    if done != *oracle || !broken.is_empty() {
        return Err(format!(
            "a result changed, or is broken: {broken:?}\n{said}"
        ));
    }
    let outcomes = scene.outcomes();
    if outcomes != [Outcome::Completed; 6] {
        return Err(format!("{outcomes:?}"));
    }
    reported(&scene.folder())?;
    if let Some(reader) = reader {
        let (failed, looks) = reader.stop();
        if !failed.is_empty() || looks[0] == 0 || looks[1] < 6 {
            return Err(format!("a reader, after {looks:?} looks: {failed:#?}"));
        }
    }
    verified(scene)
}

/// That this holds of a copy of the record while a run goes on.
fn reported_meanwhile(scene: &Scene) -> Result<(), String> {
    let place = tempfile::tempdir().expect("a folder");
    let copy = place.path().join("sweep.h5");
    match fs::copy(scene.folder().join("sweep.h5"), &copy) {
        Ok(_) => reported(&copy).map_err(|what| format!("meanwhile: {what}")),
        Err(_) => Ok(()),
    }
}

/// That `ablate report` makes the same of the same record twice, and all trials are counted in it; of a folder without a record
/// it says so.
fn reported(of: &Path) -> Result<(), String> {
    let there = of.is_file() || of.join("sweep.h5").exists();
    let report = || {
        let out = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(binary());
        command.arg("report").arg(of);
        let output = command.arg("--out").arg(out.path()).output();
        let output = output.expect("started");
        let code = output.status.code();
        if code != Some(if there { 0 } else { 2 }) {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("ablate report: {}: {said}", output.status));
        }
        let files = files_below(out.path().to_owned());
        let read = |path: PathBuf| {
            let bytes = fs::read(&path).expect("readable");
            let name = path.strip_prefix(out.path()).expect("inside");
            (name.to_owned(), bytes)
        };
        Ok(files.into_iter().map(read).collect::<BTreeMap<_, _>>())
    };
    let (once, twice) = (report()?, report()?);
    if once != twice {
        return Err("two reports of one record differ".into());
    }
    let Some(bytes) = once.get("report.json".as_ref() as &Path) else {
        return match there {
            true => Err("a report without report.json".into()),
            false => Ok(()),
        };
    };
    let found: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
    let counts = found["counts"].as_object().expect("counts").iter();
    let counts: BTreeMap<_, _> = counts.map(|(name, n)| (&**name, n.as_u64())).collect();
    let ended = counts.iter().filter(|(name, _)| **name != "planned");
    let ended: Option<u64> = ended.map(|(_, n)| *n).sum();
    match (ended, counts["planned"]) {
        (Some(6), Some(6)) => Ok(()),
        _ => Err(format!("a report counts {counts:?} of 6 trials")),
    }
}

/// That `ablate verify` finds no loss, and nothing at all once the commands are given that it names for the damage that we did.
fn verified(scene: &Scene) -> Result<(), String> {
    let verify = || {
        let output = Command::new(binary())
            .arg("verify")
            .arg(scene.folder())
            .output();
        let output = output.expect("started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), said)
    };
    let (_, found) = verify();
    let whole = ["nothing is lost", "6 trials and 0 shards are whole"];
    if !whole.iter().all(|words| found.contains(words)) {
        return Err(format!("ablate verify: {found}"));
    }
    let mends = found
        .lines()
        .filter_map(|line| line.trim().strip_prefix("mend: "));
    for mend in mends.collect::<BTreeSet<_>>() {
        let done = Command::new("sh").args(["-c", mend]).status();
        if !done.expect("sh").success() {
            return Err(format!("this mends nothing: {mend}\n{found}"));
        }
    }
    match verify() {
        (true, _) => Ok(()),
        (false, still) => Err(format!("ablate verify: {found}\nand mended: {still}")),
    }
}

/// One run and what happens to it; its files may be `spared`.
fn one_run(
    place: &Place,
    scene: &Scene,
    dice: &mut Stream,
    spared: bool,
    seen: &mut Seen,
    log: &mut Log,
) -> Result<End, String> {
    let mut commands = place.commands(scene, dice);
    let shim = match commands.first_mut() {
        Some(command) if dice.below(3) == 0 => Some(arm(command, scene, dice)),
        _ => None,
    };
    let mut run = place.start(scene, &mut commands, dice);
    let began = Instant::now();
    // Half of the runs are caught while they start.
    let early = matches!(place, Place::Alone) && dice.below(2) == 0;
    while !early && run.is_alive() && workers(scene).is_empty() && began.elapsed() < HANG {
        nap(dice, 4);
    }
    for _ in 0..12 + dice.below(16) {
        nap(dice, 12);
        if !run.is_alive() {
            break;
        }
        let fault = Fault::passing(dice);
        if !(spared && fault.damages()) {
            strike(fault, scene, dice, &mut run, seen, log);
        }
    }
    if dice.below(8) == 0 {
        reported_meanwhile(scene)?;
    }
    if dice.below(3) > 0 && run.is_alive() {
        strike(Fault::ending(dice), scene, dice, &mut run, seen, log);
    }
    let end = run.end(scene)?;
    let began = Instant::now();
    while !all(scene).is_empty() {
        if began.elapsed() > HANG {
            return Err(format!("processes are left: {:?}", all(scene)));
        }
        nap(dice, 4);
    }
    let called = shim.map_or(0, |shim| u64::from(shim.seen().faults));
    if called > 0 {
        *log.faults.entry(Fault::Call).or_default() += called;
    }
    Ok(end)
}

fn strike(
    fault: Fault,
    scene: &Scene,
    dice: &mut Stream,
    run: &mut crate::start::Started<'_>,
    seen: &mut Seen,
    log: &mut Log,
) {
    let mut signal = |signal: Signal| run.signal(signal);
    if fault.strike(scene, dice, &mut signal, &mut seen.damaged) {
        *log.faults.entry(fault).or_default() += 1;
    }
}

fn arm(command: &mut Command, scene: &Scene, dice: &mut Stream) -> Shim {
    let folder = scene.folder();
    let results = folder.parent().expect("results");
    let errno = ERRNOS[dice.below(ERRNOS.len() as u64) as usize];
    let fault = match dice.below(3) {
        0 => Failing::Kill,
        1 => Failing::Error(errno),
        _ => Failing::Lasting(errno),
    };
    let at = 1 + dice.below(600) as u32;
    Shim::arm(command, results, at, fault).expect("a C compiler, cc")
}

/// What is known of a sweep's results between runs.
#[derive(Default)]
struct Seen {
    /// Trials that were committed and right when we last looked.
    committed: BTreeSet<String>,
    /// Trials whose committed file we touched since.
    damaged: BTreeSet<String>,
}

impl Seen {
    /// That every visible result is right, and none is gone but by our hand.
    fn check(&mut self, scene: &Scene, oracle: &Digests) -> Result<(), String> {
        let (right, broken) = visible(scene);
        for (id, digest) in &right {
            if oracle.get(id) != Some(digest) {
                return Err(format!("a wrong result for {id}"));
            }
        }
        if let Some((id, why)) = broken.iter().find(|(id, _)| !self.damaged.contains(*id)) {
            return Err(format!("the result of {id} is broken, by nobody: {why}"));
        }
        let lost = |id: &&String| !right.contains_key(*id) && !self.damaged.contains(*id);
        if let Some(id) = self.committed.iter().find(lost) {
            return Err(format!("the result of {id} was there, and is gone"));
        }
        self.committed = right.into_keys().collect();
        self.damaged = broken.into_keys().collect();
        Ok(())
    }
}

/// The digests of the visible trial files that are whole, and what is wrong with the others.
fn visible(scene: &Scene) -> (Digests, BTreeMap<String, String>) {
    let (mut right, mut broken) = (Digests::new(), BTreeMap::new());
    let entries = fs::read_dir(scene.folder().join("trials"));
    for entry in entries.into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|kind| kind != "h5") {
            continue;
        }
        let id = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match read_trial_file(&path, &id) {
            Ok(record) => right.insert(id, digest::logical(&record)),
            Err(error) => broken.insert(id, error.to_string()),
        };
    }
    (right, broken)
}

/// How many of all runs a storm has, which has this part of them: a job in Slurm takes long.
fn share(percent: u64) -> u64 {
    crate::number("ABLATE_STORM_RUNS", 50) * percent / 100
}

#[test]
fn no_storm_over_runs_by_hand_changes_or_loses_a_result() {
    storm(&Place::Alone, share(60));
}

#[test]
fn no_storm_over_ranks_changes_or_loses_a_result() {
    if let Some(place) = Place::ranks() {
        storm(&place, share(32));
    }
}

#[test]
fn no_storm_over_slurm_jobs_changes_or_loses_a_result() {
    if let Some(cluster) = crate::cluster::Cluster::start("a storm over Slurm jobs") {
        storm(&Place::Slurm(cluster), share(8));
    }
}
