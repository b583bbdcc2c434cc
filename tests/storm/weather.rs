//! What may happen to a run: to its processes, to its files, to its clock.

use crate::scene::{Scene, binary, kill, processes_with};
use ablate::seed::Stream;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A process of the sweep stands still for a moment.
    Pause,
    /// A worker is killed.
    WorkerKilled,
    /// A supervisor, or a rank, is killed.
    RunnerKilled,
    /// Every process of the sweep is killed.
    AllKilled,
    /// What started the run is killed: a supervisor, mpirun, a job of Slurm's with all that is in it.
    LauncherKilled,
    /// What started the run gets TERM, USR1, or both, and again.
    Signalled,
    /// A file loses its end.
    Cut,
    /// A bit of a file changes.
    Flipped,
    /// The end of a file is zero.
    Zeroed,
    /// A file is gone.
    Deleted,
    /// A file says that it was written a day ago, or will be tomorrow.
    Misdated,
    /// Every file of the sweep does, each another day.
    AllMisdated,
    /// A file of nobody's lies among the others, with a name that could be one of ours.
    Stray,
    /// A call to the file system fails, or everything dies there (the shim).
    Call,
}

/// What happens while a run goes on, as often as it stands here.
const PASSING: [Fault; 17] = [
    Fault::Pause,
    Fault::Pause,
    Fault::Pause,
    Fault::Pause,
    Fault::WorkerKilled,
    Fault::Cut,
    Fault::Cut,
    Fault::Flipped,
    Fault::Flipped,
    Fault::Zeroed,
    Fault::Zeroed,
    Fault::Deleted,
    Fault::Deleted,
    Fault::Misdated,
    Fault::Misdated,
    Fault::AllMisdated,
    Fault::Stray,
];

/// What ends a run.
const ENDING: [Fault; 4] = [
    Fault::RunnerKilled,
    Fault::AllKilled,
    Fault::LauncherKilled,
    Fault::Signalled,
];

/// Where damaged files are mended by the same command: everything but the plan and the record, of which a user is asked.
const MENDED: [&str; 6] = [
    "checkpoints",
    "trials",
    "claims",
    "status",
    "attempts",
    "logs",
];

fn one_of<T: Copy>(choices: &[T], dice: &mut Stream) -> Option<T> {
    let count = choices.len() as u64;
    (count > 0).then(|| choices[dice.below(count) as usize])
}

impl Fault {
    /// One that a run can outlive.
    pub fn passing(dice: &mut Stream) -> Self {
        one_of(&PASSING, dice).expect("some")
    }

    /// Whether it changes what is in a file.
    pub fn damages(self) -> bool {
        matches!(
            self,
            Self::Cut | Self::Flipped | Self::Zeroed | Self::Deleted
        )
    }

    /// One that ends a run.
    pub fn ending(dice: &mut Stream) -> Self {
        one_of(&ENDING, dice).expect("some")
    }

    /// Lets it happen; whether there was something for it to happen to. `signal` reaches what started the run. The
    /// trials whose committed file is touched are put to `damaged`.
    pub fn strike(
        self,
        scene: &Scene,
        dice: &mut Stream,
        signal: &mut dyn FnMut(Signal),
        damaged: &mut BTreeSet<String>,
    ) -> bool {
        match self {
            Self::Pause => pause(scene, dice),
            Self::WorkerKilled => kill_some(one_of(&workers(scene), dice)),
            Self::RunnerKilled => kill_some(one_of(&runners(scene), dice)),
            Self::AllKilled => kill_some(all(scene)),
            Self::LauncherKilled => {
                signal(Signal::KILL);
                true
            }
            Self::Signalled => {
                for _ in 0..=dice.below(3) {
                    signal(one_of(&[Signal::TERM, Signal::USR1], dice).expect("some"));
                    nap(dice, 10);
                }
                true
            }
            Self::Cut | Self::Flipped | Self::Zeroed | Self::Deleted | Self::Misdated => {
                let Some(path) = a_file(scene, dice) else {
                    return false;
                };
                if let (Some(id), Some("h5")) = (stem(&path), extension(&path)) {
                    damaged.insert(id);
                }
                self.damage(&path, dice).is_some()
            }
            Self::AllMisdated => {
                let files = files_below(scene.folder()).into_iter();
                files.filter_map(|path| misdate(&path, dice)).count() > 0
            }
            Self::Stray => {
                let part = one_of(&["trials", "checkpoints"], dice).expect("some");
                let name = format!(".stray-{}.h5.tmp", dice.below(1000));
                fs::write(scene.folder().join(part).join(name), b"stray").is_ok()
            }
            Self::Call => unreachable!("the shim does it"),
        }
    }

    /// To a file; nothing when it was gone or empty just then.
    fn damage(self, path: &Path, dice: &mut Stream) -> Option<()> {
        if self == Self::Deleted {
            return fs::remove_file(path).ok();
        }
        if self == Self::Misdated {
            return misdate(path, dice);
        }
        let file = fs::File::options().read(true).write(true).open(path).ok()?;
        let length = file.metadata().ok()?.len();
        let place = (length > 0).then(|| dice.below(length))?;
        use std::os::unix::fs::FileExt as _;
        match self {
            Self::Cut => file.set_len(place).ok(),
            Self::Zeroed => file
                .write_all_at(&vec![0; (length - place) as usize], place)
                .ok(),
            _ => {
                let mut byte = [0];
                file.read_exact_at(&mut byte, place).ok()?;
                byte[0] ^= 1 << dice.below(8);
                file.write_all_at(&byte, place).ok()
            }
        }
    }
}

/// Gives a file another time; nothing when it was gone just then.
fn misdate(path: &Path, dice: &mut Stream) -> Option<()> {
    let day = Duration::from_secs(86_400);
    let now = SystemTime::now();
    let times = [now - day, now + day, SystemTime::UNIX_EPOCH];
    let file = fs::File::options().write(true).open(path).ok()?;
    file.set_modified(one_of(&times, dice)?).ok()
}

/// Sleeps for up to so many milliseconds.
pub fn nap(dice: &mut Stream, most: u64) {
    std::thread::sleep(Duration::from_millis(dice.below(most + 1)));
}

fn pause(scene: &Scene, dice: &mut Stream) -> bool {
    let Some(pid) = one_of(&all(scene), dice) else {
        return false;
    };
    kill(pid, Signal::STOP);
    nap(dice, 30);
    kill(pid, Signal::CONT);
    true
}

fn kill_some(victims: impl IntoIterator<Item = u32>) -> bool {
    let mut any = false;
    for pid in victims {
        kill(pid, Signal::KILL);
        any = true;
    }
    any
}

/// The processes of a sweep that are ours, however they were started.
pub fn all(scene: &Scene) -> Vec<u32> {
    let folder = scene.folder();
    let results = folder.parent().expect("results").as_os_str();
    let is_ours = |pid: &u32| {
        fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program == binary())
    };
    let mut found = processes_with(results.as_encoded_bytes());
    found.retain(is_ours);
    found
}

/// Those that train.
pub fn workers(scene: &Scene) -> Vec<u32> {
    let folder = scene.folder();
    let mut found = processes_with(format!("\0--folder\0{}\0", folder.display()).as_bytes());
    found.sort_unstable();
    found
}

fn runners(scene: &Scene) -> Vec<u32> {
    let workers = workers(scene);
    let mut found = all(scene);
    found.retain(|pid| !workers.contains(pid));
    found
}

fn a_file(scene: &Scene, dice: &mut Stream) -> Option<PathBuf> {
    let part = one_of(&MENDED, dice)?;
    one_of_paths(files_below(scene.folder().join(part)), dice)
}

fn one_of_paths(mut files: Vec<PathBuf>, dice: &mut Stream) -> Option<PathBuf> {
    let count = files.len() as u64;
    (count > 0).then(|| files.swap_remove(dice.below(count) as usize))
}

/// All files of a folder and its folders.
pub fn files_below(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

fn stem(path: &Path) -> Option<String> {
    path.file_stem()?.to_str().map(str::to_owned)
}

fn extension(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}
