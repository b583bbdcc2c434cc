//! What a sighting means: what is lost, and which command mends it. Pure.

use super::command::Commands;
use super::seen::{Seen, Sighting};
use crate::durable::Owner;
use crate::record::inspect::Fault;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something is not as it was written.
    Damage,
    /// Worth knowing; nothing is wrong.
    Note,
}

/// What is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing, because ….
    Nothing(String),
    /// The results of these trials, which are trained again from their checkpoints of these steps, or from the start.
    Retrained(Vec<(String, Option<u64>)>),
    /// Training between the step that it goes on from (`None`: the start) and this checkpoint.
    Steps(String, Option<u64>),
    /// The results of these trials, which the sweep as it stands does not ask for.
    Unasked(Vec<String>),
    /// More than can be told.
    Unknown(String),
}

/// One line for people, with what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Relative to the folder.
    pub path: PathBuf,
    /// How much it weighs.
    pub level: Level,
    /// What is wrong.
    pub problem: String,
    /// What that costs.
    pub loss: Loss,
    /// The command that mends it; `None` where nothing needs to be done, or another finding's command does it.
    pub mend: Option<String>,
}

/// All that is known of the folder's trials when findings are made.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Ids that the sweep asks for; `None` when that could not be told.
    pub planned: Option<BTreeSet<String>>,
    /// Content digests of the trials that whole files hold.
    pub committed: BTreeMap<String, String>,
    /// Steps of the newest checkpoints that can be gone on from.
    pub resume: BTreeMap<String, u64>,
    /// Trials that files of other names hold: file's id to held id.
    pub swapped: BTreeMap<String, String>,
    /// Whether one file was read by itself, and nothing is known of its folder.
    pub alone: bool,
    /// Whether `sweep.h5` could be compared with the trials.
    pub compared: bool,
}

impl Known {
    fn is_asked_for(&self, id: &str) -> bool {
        self.planned.as_ref().is_none_or(|ids| ids.contains(id))
    }

    fn is_committed(&self, id: &str) -> bool {
        self.committed.contains_key(id)
    }

    /// What is lost when the file of these trials is.
    fn loss_of(&self, ids: &[String]) -> Loss {
        let (asked, unasked): (Vec<_>, Vec<_>) =
            ids.iter().cloned().partition(|id| self.is_asked_for(id));
        if asked.is_empty() {
            return Loss::Unasked(unasked);
        }
        let from = |id: String| {
            let step = self.resume.get(&id).copied();
            (id, step)
        };
        Loss::Retrained(asked.into_iter().map(from).collect())
    }
}

fn nothing(because: &str) -> Loss {
    Loss::Nothing(because.into())
}

/// What a fault says in words.
fn problem(fault: &Fault) -> String {
    match fault {
        Fault::Seal(what) | Fault::Inside(what) => what.clone(),
        Fault::Format(what) => {
            format!("{what}: another ablate wrote it, or its first line is damaged")
        }
        Fault::Unreadable(what) => format!("cannot be read: {what}"),
    }
}

/// What a sighting means.
pub fn judge(sighting: Sighting, known: &Known, commands: &Commands) -> Finding {
    let Sighting { path, seen } = sighting;
    let damage = |problem: String, loss: Loss, mend: Option<String>| Finding {
        path: path.clone(),
        level: Level::Damage,
        problem,
        loss,
        mend,
    };
    let note = |problem: String, loss: Loss, mend: Option<String>| Finding {
        level: Level::Note,
        ..damage(problem, loss, mend)
    };
    let run = || Some(commands.run());
    let aside = || Some(commands.aside_and_run(&path));
    let remove = || Some(commands.remove(&path));
    // A run replaces what its seal tells it to be damaged; other files stand in its way.
    let renewed = |fault: &Fault| match fault {
        Fault::Seal(_) => run(),
        Fault::Inside(_) | Fault::Format(_) => aside(),
        Fault::Unreadable(_) => Some(commands.readable(&path)),
    };
    match seen {
        Seen::Trial { id, fault } if known.is_committed(&id) => damage(
            problem(&fault),
            nothing("another file holds this trial, too"),
            remove(),
        ),
        Seen::Trial { id, fault } => {
            let mend = match known.is_asked_for(&id) {
                true => renewed(&fault),
                false => Some(commands.aside(&path)),
            };
            damage(problem(&fault), known.loss_of(&[id]), mend)
        }
        Seen::NotOurs(fault) => damage(
            problem(&fault),
            Loss::Unknown(
                "cannot be told: its name is not that of a trial, a shard or sweep.h5".into(),
            ),
            None,
        ),
        Seen::Swapped { id, holds } => swapped(&path, &id, &holds, known, commands),
        Seen::Shard(fault) => {
            let loss = match known.compared {
                true => nothing(
                    "a trial of it that no other file holds is named beside this, and trained again",
                ),
                false => Loss::Unknown("the trials that only it held are trained again".into()),
            };
            let mend = match fault {
                Fault::Unreadable(_) => renewed(&fault),
                _ => aside(),
            };
            damage(problem(&fault), loss, mend)
        }
        Seen::SweepFile(fault) => {
            let loss = match (known.alone, known.committed.is_empty()) {
                (true, _) => Loss::Unknown(
                    "nothing, if trials/ and shards/ beside it have the results: `ablate verify` of the folder tells".into(),
                ),
                (false, false) => nothing("it is made anew from trials/ and shards/"),
                (false, true) => Loss::Unknown("no other file here has results".into()),
            };
            damage(problem(&fault), loss, renewed(&fault))
        }
        Seen::NoSweepFile => damage(
            "is not there, though trials are done".into(),
            nothing("it is made anew from trials/ and shards/"),
            run(),
        ),
        Seen::Missing(ids) => damage(
            format!(
                "has results of {} that no whole file in trials/ or shards/ has",
                super::words::count(ids.len(), "trial")
            ),
            known.loss_of(&ids),
            run(),
        ),
        Seen::Behind(trials) => note(
            format!(
                "does not yet have what {} left",
                super::words::count(trials, "trial")
            ),
            nothing("it is made anew from trials/ and shards/"),
            run(),
        ),
        Seen::Kept(fault) => damage(
            problem(&fault),
            Loss::Unknown("trials that an earlier run found in no other file".into()),
            remove(),
        ),
        Seen::Checkpoint { id, problem } if known.is_asked_for(&id) => {
            let from = known.resume.get(&id).copied();
            damage(problem, Loss::Steps(id, from), run())
        }
        Seen::Checkpoint { problem, .. } => damage(
            problem,
            nothing("the sweep as it stands does not ask for this trial"),
            remove(),
        ),
        Seen::CheckpointElsewhere { id, of } => {
            let from = known.resume.get(&id).copied();
            note(
                format!("is whole, but of {of}: passed over by this program on this machine"),
                Loss::Steps(id, from),
                None,
            )
        }
        Seen::CheckpointLeft => note(
            "is left of a trial that is done".into(),
            nothing("the trial is done"),
            run(),
        ),
        Seen::Yaml(problem) => damage(
            problem,
            nothing("it is written anew from the sweep file that you run"),
            run(),
        ),
        Seen::NoYaml => damage(
            "is not there".into(),
            nothing("it is written anew from the sweep file that you run"),
            run(),
        ),
        Seen::YamlDiffers => note(
            "is not the text that sweep.h5 was made from: edited and not yet run, or damaged"
                .into(),
            nothing("results are kept by content; your own sweep file counts"),
            run(),
        ),
        Seen::OldYaml => damage(
            "is not the earlier sweep file that its name says".into(),
            nothing("no run reads it"),
            remove(),
        ),
        Seen::Attempt => damage(
            "cannot be read".into(),
            nothing("only the text of a failure; by its name it counts until it is removed"),
            remove(),
        ),
        Seen::Status => damage(
            "cannot be read, or is of another version".into(),
            nothing("it is only shown"),
            remove(),
        ),
        Seen::Claim => damage(
            "does not say whose it is".into(),
            nothing("claims save work, never results; remove them while no run is at work"),
            Some(commands.remove_folder(path.parent().unwrap_or(Path::new("claims")))),
        ),
        Seen::Program => damage(
            "is not the program that its name says".into(),
            nothing("jobs in the queue that run it fail; `ablate submit` freezes it anew"),
            remove(),
        ),
        Seen::Ledger(problem) => damage(
            problem,
            nothing("only which jobs were sent; look with squeue --me for those still there"),
            Some(commands.remove_folder(path.parent().unwrap_or(Path::new("submitted")))),
        ),
        Seen::Temp(Owner::Elsewhere) => note(
            "is a temporary file of another machine, in use or left behind".into(),
            nothing("nothing reads it"),
            None,
        ),
        Seen::Temp(Owner::Gone | Owner::Alive) => note(
            "is a temporary file of a process that has ended".into(),
            nothing("nothing reads it"),
            remove(),
        ),
        Seen::SetAside => note(
            "is a damaged file that was kept as evidence".into(),
            nothing("nothing reads it"),
            remove(),
        ),
        Seen::Unknown => note(
            "is nothing that ablate writes there: not judged".into(),
            nothing("nothing reads it"),
            None,
        ),
        Seen::NoPlan(why) => note(
            format!("which trials it asks for cannot be told here: {why}"),
            nothing("all that is there was read"),
            None,
        ),
        Seen::Unreadable(why) => damage(
            format!("cannot be read: {why}"),
            Loss::Unknown("what is in it cannot be told".into()),
            Some(commands.readable(&path)),
        ),
    }
}

/// A trial file that holds another trial.
fn swapped(path: &Path, id: &str, holds: &str, known: &Known, commands: &Commands) -> Finding {
    let own = Path::new("trials").join(format!("{holds}.h5"));
    let each_other = known.swapped.get(holds).is_some_and(|other| other == id);
    let lost = match known.is_committed(id) || each_other {
        true => nothing("the trial that it should hold is in another file"),
        false => known.loss_of(&[id.to_owned()]),
    };
    let (loss, mend) = if each_other {
        let mend = (id < holds).then(|| commands.swap(path, &own));
        let because = "the two files hold each other's trials, whole";
        (nothing(because), mend)
    } else if known.is_committed(holds) {
        // What it holds is elsewhere, too.
        let mend = match matches!(lost, Loss::Retrained(_)) {
            true => commands.run(),
            false => commands.remove(path),
        };
        (lost, Some(mend))
    } else {
        let mend = match matches!(lost, Loss::Retrained(_)) {
            true => commands.rename_and_run(path, &own),
            false => commands.rename(path, &own),
        };
        (lost, Some(mend))
    };
    Finding {
        path: path.to_owned(),
        level: Level::Damage,
        problem: format!("holds trial {holds} instead"),
        loss,
        mend,
    }
}
