//! A sweep of which one HDF5 file is made to hurt, under a good seal, and the real binary that is given it (row 21 of the promises).

#![allow(dead_code, reason = "each test file takes what it needs")]

use crate::common::seal;
use crate::fixture::{files, folder, header, id, plan, trial};
use ablate::record::{CompareRecord, Folder, commit, merge, shard};
use ablate::seed::{Key, Stream};
use std::ffi::OsString;
use std::fs;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What stands outside of all records, and must never be read: these values, in a file of their own and in an HDF5 file.
pub const CANARY: f64 = 0.739_085_133_215_160_6;
/// How outputs would show it.
const SHOWN: [&[u8]; 3] = [b"0.73908", b"0.7391", &CANARY.to_le_bytes()];

/// Hang guard: ten times what the longest read may take, which is 10 s of computing for each of four files.
const HANG: Duration = Duration::from_secs(400);
/// Address space of a command, in KiB.
const MEMORY: &str = "4194304";

/// Which file is made to hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Sweep,
    Trial,
    Shard,
}

pub const ALL: [Which; 3] = [Which::Sweep, Which::Trial, Which::Shard];

/// Two arms of two seeds, one of which lies in a shard of 256 trials, too, and a whole record to compare with.
pub struct Den {
    place: TempDir,
    folder: Folder,
    shard: PathBuf,
    whole: [Vec<u8>; 3],
}

/// What a command came to.
pub struct Said {
    pub status: ExitStatus,
    pub text: String,
}

impl Den {
    pub fn new() -> Self {
        let (many, packed) = folder();
        for number in 1..=256 {
            let mut record = trial(number);
            record.result.samples.truncate(1);
            commit(&packed, &record).expect("commit");
        }
        shard(&packed).expect("shard");
        let made = files(&packed.shards()).remove(0);
        let (place, folder) = folder();
        let shard = folder.shards().join(made.file_name().expect("a name"));
        fs::copy(made, &shard).expect("copied");
        drop(many);

        let mut plan = plan(4);
        for (number, planned) in (0..4).zip(&mut plan) {
            let mut record = trial(number);
            record.seed = number % 2;
            commit(&folder, &record).expect("commit");
            planned.seed = number % 2;
            planned.axes[1] = ["[]", "[14]"][number as usize / 2].into();
        }
        let mut header = header();
        header.compare = Some(CompareRecord {
            baseline: [("model.skip.at".into(), "[]".into())].into(),
            metric: "test.bce".into(),
            expect: "lower".into(),
            margin: 0.0,
        });
        merge(&folder, &header, &plan).expect("merge");
        let yaml = "name: made-up\nbase: { task: denoise, data: { dataset: digits } }\nseeds: 4\n";
        fs::write(folder.sweep_yaml(), yaml).expect("written");
        fs::create_dir(place.path().join("other")).expect("made");
        fs::copy(folder.sweep_h5(), place.path().join("other/sweep.h5")).expect("copied");
        fs::write(place.path().join("canary"), CANARY.to_le_bytes().repeat(8)).expect("written");
        let canary = hdf5::File::create(place.path().join("canary.h5")).expect("made");
        let values = canary.new_dataset::<f64>().shape([3]).create("x");
        values
            .and_then(|x| x.write_raw(&[CANARY; 3]))
            .expect("written");
        let mut den = Self {
            place,
            folder,
            shard,
            whole: Default::default(),
        };
        den.whole = ALL.map(|which| fs::read(den.path(which)).expect("read"));
        den
    }

    pub fn path(&self, which: Which) -> PathBuf {
        match which {
            Which::Sweep => self.folder.sweep_h5(),
            Which::Trial => self.folder.trial(&id(1)),
            Which::Shard => self.shard.clone(),
        }
    }

    /// A file beside the results.
    pub fn outside(&self, name: &str) -> String {
        self.place.path().join(name).to_string_lossy().into_owned()
    }

    /// Lets `change` at the HDF5 file, and seals it again.
    pub fn change(&self, which: Which, change: impl FnOnce(&hdf5::File)) {
        let file = hdf5::File::open_rw(self.path(which)).expect("open");
        change(&file);
        file.close().expect("close");
        seal(&self.path(which));
    }

    /// Changes the bytes of the file by chance, and seals it again.
    fn mutate(&self, which: Which, dice: &mut Stream) {
        let mut bytes = self.whole[which as usize].clone();
        for _ in 0..=dice.below(4) {
            mutate(&mut bytes, dice);
        }
        bytes.resize(bytes.len().max(600), 0);
        fs::write(self.path(which), bytes).expect("written");
        seal(&self.path(which));
    }

    /// Changes each file by chance, by turns, and gives it to every command that reads it. What did not hold.
    pub fn mutated(&self, seed: u64) -> Vec<(Which, String)> {
        let mut wrong = Vec::new();
        for which in ALL {
            let mut dice = Key::new(seed, "hostile record")
                .number(which as u64)
                .stream();
            self.mend();
            self.mutate(which, &mut dice);
            // One that reads all of it, and one by chance: those that do not look there take most of the time.
            let mut commands = self.commands(which);
            let other = 1 + dice.below(commands.len() as u64 - 1) as usize;
            for words in [commands.swap_remove(other), commands.swap_remove(0)] {
                wrong.extend(self.wrong(&words).err().map(|what| (which, what)));
            }
        }
        wrong
    }

    /// Every file as it was.
    pub fn mend(&self) {
        for which in ALL {
            fs::write(self.path(which), &self.whole[which as usize]).expect("written");
        }
        let _ = fs::remove_dir_all(self.out());
    }

    fn out(&self) -> PathBuf {
        self.place.path().join("out")
    }

    /// The commands that read such a file.
    pub fn commands(&self, which: Which) -> Vec<Vec<OsString>> {
        let of = |words: &[&str], paths: &[&Path]| {
            let words = words.iter().map(OsString::from);
            words.chain(paths.iter().map(OsString::from)).collect()
        };
        let (root, out) = (self.folder.root(), self.out());
        vec![
            of(&["verify"], &[&self.path(which)]),
            of(&["verify"], &[root]),
            of(&["status"], &[root]),
            of(&["report", "--out"], &[&out, root]),
            of(&["compare"], &[root, &self.place.path().join("other")]),
            of(
                &["export", "--to", "tensorboard", "--out"],
                &[&out.join("events"), root],
            ),
            of(&["export", "--to", "mlflow", "--out"], &[&out, root]),
        ]
    }

    /// What does not hold of a command, whatever it was given.
    pub fn wrong(&self, words: &[OsString]) -> Result<Said, String> {
        let said = self.say(words, &[])?;
        let Said { status, text } = &said;
        let place = self.place.path().to_string_lossy();
        if !matches!(status.code(), Some(0 | 5)) {
            return Err(format!("{words:?} ends with {status}: {text}"));
        }
        if text.contains("panicked") {
            return Err(format!("{words:?} panics: {text}"));
        }
        if status.code() == Some(5) && words[0] != "verify" && !text.contains(&*place) {
            return Err(format!("{words:?} names no file: {text}"));
        }
        let mut seen = text.clone().into_bytes();
        read_all(&self.out(), &mut seen);
        let shows = |what: &[u8]| seen.windows(what.len()).any(|bytes| bytes == what);
        if SHOWN.into_iter().any(shows) {
            return Err(format!("{words:?} shows what is outside: {text}"));
        }
        Ok(said)
    }

    /// Runs a command in little memory. `Err`: it does not end.
    pub fn say(&self, words: &[OsString], environment: &[(&str, &str)]) -> Result<Said, String> {
        let mut told = tempfile::tempfile().expect("a file");
        let also = || told.try_clone().expect("the file");
        let mut child = Command::new("sh")
            .args([
                "-c",
                &format!("ulimit -c 0; ulimit -v {MEMORY}; exec \"$@\""),
                "sh",
            ])
            .arg(env!("CARGO_BIN_EXE_ablate"))
            .args(words)
            .envs(environment.iter().copied())
            .stdout(also())
            .stderr(also())
            .spawn()
            .expect("sh");
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child") {
                break status;
            }
            if began.elapsed() > HANG {
                child.kill().and_then(|()| child.wait()).expect("ended");
                return Err(format!("{words:?} does not end"));
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut text = Vec::new();
        told.rewind()
            .and_then(|()| told.read_to_end(&mut text))
            .expect("readable");
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(Said { status, text })
    }
}

fn read_all(folder: &Path, into: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => read_all(&path, into),
            path => into.extend(fs::read(path).expect("readable")),
        }
    }
}

/// One change, behind the seal.
fn mutate(bytes: &mut Vec<u8>, dice: &mut Stream) {
    let length = bytes.len() as u64;
    let place = |dice: &mut Stream| 512 + dice.below(length - 512) as usize;
    let at = place(dice);
    let end = |most: usize| (at + most).min(length as usize);
    match dice.below(8) {
        0 | 1 => bytes[at] ^= 1 << dice.below(8),
        2 | 3 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][dice.below(5) as usize],
        4 | 5 => {
            let value = [0, 0x7f, 0xff, dice.below(256) as u8][dice.below(4) as usize];
            bytes[at..end(1 << dice.below(7))].fill(value);
        }
        6 => {
            let from = place(dice);
            let many = (8 << dice.below(7)).min(length as usize - from.max(at));
            bytes.copy_within(from..from + many, at);
        }
        // What is left has to be longer than the seal.
        _ if dice.below(4) == 0 => bytes.truncate(at.max(600)),
        _ => bytes[at] = dice.below(256) as u8,
    }
}
