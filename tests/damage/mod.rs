//! Damage to single files of a results folder that a death left half done (row 16 of the promises).

#![allow(dead_code, reason = "each test file takes what it needs")]

use crate::scene::Scene;
use crate::shim::Tiny;
use ablate::fanout::attempts::{self, Attempt};
use ablate::record::Folder;
use ablate::seed::{Key, Stream};
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files up to this length are cut at every byte.
const SMALL: usize = 4096;
/// Larger ones at so many places.
const CUTS: u64 = 200;
/// Bits that are flipped in a file.
const FLIPS: u64 = 32;
/// Tails that are zeroed.
const TAILS: u64 = 8;

/// What happens to a file.
#[derive(Clone, Debug)]
pub enum Damage {
    /// Only its first bytes stay.
    Cut(usize),
    /// One bit of one byte.
    Flip(usize, u8),
    /// All from here on is zero.
    ZeroTail(usize),
    /// It is gone.
    Delete,
    /// It and this one have changed names.
    Swap(PathBuf),
}

/// Damage to one file, by its path in the folder.
#[derive(Clone, Debug)]
pub struct Case {
    file: PathBuf,
    damage: Damage,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {}", self.damage, self.file.display())
    }
}

/// A half-done sweep with a failed attempt, so that every kind of file is there. `Err`: what this machine lacks.
pub fn half_done(tiny: &Tiny) -> Result<Scene, String> {
    let scene = tiny.half_done()?;
    let checkpoints = fs::read_dir(scene.folder().join("checkpoints")).expect("listed");
    let mut ids = checkpoints.map(|entry| entry.expect("entry").file_name());
    let id = ids.next().expect("a trial in training");
    let attempt = Attempt {
        id: id.to_string_lossy().into_owned(),
        class: "panic".into(),
        message: "made up".into(),
        log: None,
        host: "here".into(),
        pid: 1,
        time: "2026-01-01T00:00:00Z".into(),
    };
    attempts::record(&Folder::existing(scene.folder()), &attempt).expect("recorded");
    Ok(scene)
}

/// All damage that is tried.
pub fn cases(scene: &Scene) -> Vec<Case> {
    let root = scene.folder();
    let files = scene.files();
    // A claim is a second name of a heartbeat: one file, which is damaged once.
    let mut seen = BTreeSet::new();
    let mut is_new = |path: &Path| {
        let facts = fs::metadata(path).expect("there");
        facts.is_file() && seen.insert(facts.ino())
    };
    let files: Vec<_> = files
        .iter()
        .filter(|(path, _)| is_new(path))
        .map(|(path, (bytes, _))| (path.strip_prefix(&root).expect("below"), bytes.len()))
        .collect();
    let mut cases = Vec::new();
    for (file, length) in &files {
        let mut dice = Key::new(length.to_owned() as u64, "damage").stream();
        let case = |damage| Case {
            file: file.to_path_buf(),
            damage,
        };
        cases.extend(damages(*length, &mut dice).into_iter().map(case));
        let alike =
            |other: &&(&Path, usize)| other.0 > *file && other.0.extension() == file.extension();
        let others = files.iter().filter(alike);
        cases.extend(others.map(|(other, _)| case(Damage::Swap(other.to_path_buf()))));
    }
    cases
}

fn damages(length: usize, dice: &mut Stream) -> Vec<Damage> {
    let mut all = vec![Damage::Delete];
    if length == 0 {
        return all;
    }
    let mut somewhere = || dice.below(length as u64) as usize;
    if length <= SMALL {
        all.extend((0..length).map(Damage::Cut));
    } else {
        all.extend((0..CUTS).map(|_| Damage::Cut(somewhere())));
    }
    all.extend((0..FLIPS).map(|bit| Damage::Flip(somewhere(), (bit % 8) as u8)));
    all.extend((0..TAILS).map(|_| Damage::ZeroTail(somewhere())));
    all
}

fn inflict(folder: &Path, case: &Case) {
    let path = folder.join(&case.file);
    let bytes = || fs::read(&path).expect("there");
    match &case.damage {
        Damage::Cut(length) => fs::write(&path, &bytes()[..*length]).expect("cut"),
        Damage::Flip(place, bit) => {
            let mut bytes = bytes();
            bytes[*place] ^= 1 << bit;
            fs::write(&path, bytes).expect("flipped");
        }
        Damage::ZeroTail(from) => {
            let mut bytes = bytes();
            bytes[*from..].fill(0);
            fs::write(&path, bytes).expect("zeroed");
        }
        Damage::Delete => fs::remove_file(&path).expect("removed"),
        Damage::Swap(other) => {
            let (other, aside) = (folder.join(other), folder.join("aside"));
            fs::rename(&path, &aside).expect("renamed");
            fs::rename(&other, &path).expect("renamed");
            fs::rename(&aside, &other).expect("renamed");
        }
    }
}

/// What `ablate verify` has to name in `copy`; `None` where nobody can know of the damage (a text for people, JSON that is still JSON,
/// a trial less that `sweep.h5` does not have yet) or it means nothing (a checkpoint less, a temporary file).
fn told<'a>(scene: &Scene, copy: &Scene, case: &'a Case) -> Option<&'a Path> {
    let file = &*case.file;
    let [before, after] = [scene, copy].map(|scene| fs::read(scene.folder().join(file)).ok());
    if before == after || file.extension().is_some_and(|e| e == "tmp") {
        return None;
    }
    if ["sweep.yaml", "sweep.h5"].map(Path::new).contains(&file) {
        return Some(file);
    }
    let bytes = after?;
    let folder = file.iter().next()?.to_string_lossy();
    let matters = match &*folder {
        "trials" | "checkpoints" => true,
        "attempts" | "status" => serde_json::from_slice::<serde_json::Value>(&bytes).is_err(),
        // Whose it is stands in its first line.
        "claims" => !bytes.contains(&b'\n'),
        _ => false,
    };
    matters.then_some(file)
}

/// Tries them all, each on a copy; what did not hold.
pub fn visit(tiny: &Tiny, scene: &Scene, cases: &[Case]) -> Vec<String> {
    let wrong = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    // Most of the time is spent waiting for leases to end.
    let threads = 2 * std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(8) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let copy = tiny.copy(scene);
                    inflict(&copy.folder(), case);
                    let told = told(scene, &copy, case);
                    let found = tiny.check_damaged(&copy, told);
                    let found = found.into_iter().map(|what| format!("{case}: {what}"));
                    let found = found.inspect(|what| eprintln!("{what}"));
                    wrong.lock().expect("no panic").extend(found);
                }
            });
        }
    });
    wrong.into_inner().expect("no panic")
}
