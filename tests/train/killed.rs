//! Real deaths: another process trains and dies by SIGKILL at a chosen moment, and this one goes on from what it left.

use crate::bench::{Bench, Listener, STEPS, Witness, bits, finished};
use crate::edit::edit;
use crate::networks::batch_norm;
use crate::resume::{benches, resumed_at};
use ablate::error::Result;
use ablate::train::{Ended, Event, Observer, run};
use rustix::process::{Signal, getpid, kill_process};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const ROOT: &str = "ABLATE_TEST_TRAINS_BELOW";
const SUBJECT: &str = "ABLATE_TEST_TRAINS";
const ATTEMPT: &str = "ABLATE_TEST_ATTEMPT";
const DEATH: &str = "ABLATE_TEST_DIES_AT";

/// A step takes one nap at least, so that with a checkpoint due every two there are at most two steps between saves.
const NAP: Duration = Duration::from_millis(5);
const STEPS_BETWEEN_SAVES: u64 = 2;

/// What is trained. Both processes make it from a number.
struct Subject {
    bench: Bench,
    nap: Duration,
    layers: Layers,
}

#[derive(PartialEq)]
enum Layers {
    /// A formula, and every image that it is shown is known.
    Witnessed,
    /// A real network, with buffers.
    Real,
}

const SUBJECTS: usize = 7;
/// Not one of those that save after every step.
const SLOW: usize = SUBJECTS;

impl Subject {
    fn new(number: usize) -> Self {
        let (mut bench, layers) = match number {
            SLOW => (Bench::new(), Layers::Witnessed),
            _ => match benches().into_iter().nth(number) {
                Some(bench) => (bench, Layers::Witnessed),
                None => (batch_norm(), Layers::Real),
            },
        };
        let nap = if number == SLOW { NAP } else { Duration::ZERO };
        bench.checkpoint_every = nap * STEPS_BETWEEN_SAVES as u32;
        Self { bench, nap, layers }
    }

    fn witness(&self) -> Witness {
        Witness::new(self.nap)
    }

    fn attempt(
        &self,
        witness: &Witness,
        root: &Path,
        attempt: u32,
        observer: &mut dyn Observer,
    ) -> Result<Ended> {
        match self.layers {
            Layers::Witnessed => self.bench.attempt_with(witness, root, attempt, observer),
            Layers::Real => run(&self.bench.job(root, attempt), observer),
        }
    }

    /// An attempt that nobody kills.
    fn survive(&self, root: &Path, attempt: u32) -> Survived {
        let (witness, mut listener) = (self.witness(), Listener::default());
        let ended = self.attempt(&witness, root, attempt, &mut listener);
        Survived {
            bits: bits(finished(ended)),
            events: listener.events,
            seen: seen(&witness),
            checkpoint: last_checkpoint(root),
        }
    }
}

/// What an attempt leaves that comes to the end.
struct Survived {
    bits: String,
    events: Vec<Event>,
    seen: Vec<u64>,
    checkpoint: Vec<u8>,
}

impl Survived {
    fn saves(&self) -> usize {
        let saved = |event: &&Event| matches!(event, Event::Saved { .. });
        self.events.iter().filter(saved).count()
    }

    fn steps(&self) -> u64 {
        let step = |event: &&Event| matches!(event, Event::Step { .. });
        self.events.iter().filter(step).count() as u64
    }
}

/// A number for every micro-batch that the network was shown: order and noise together.
fn seen(witness: &Witness) -> Vec<u64> {
    let shown = witness.seen.lock().unwrap();
    let hash = |pixels: &Vec<u32>| {
        let bytes: Vec<u8> = pixels.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        u64::from(crc32fast::hash(&bytes))
    };
    shown.iter().map(hash).collect()
}

/// The newest checkpoint, which has the whole state in it (moments, averages, history), without what took time.
fn last_checkpoint(root: &Path) -> Vec<u8> {
    let files = fs::read_dir(root)
        .unwrap()
        .flat_map(|attempt| fs::read_dir(attempt.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path());
    let age = |path: &PathBuf| {
        let [name, attempt] = [path, path.parent().unwrap()]
            .map(|path: &Path| path.file_name().unwrap().to_str().unwrap());
        (
            ablate::train::step_of(name).unwrap(),
            attempt.parse::<u32>().unwrap(),
        )
    };
    let copy = root.with_extension("copy");
    fs::copy(files.max_by_key(age).unwrap(), &copy).unwrap();
    edit(&copy, |header, sections| {
        for seconds in ["seconds", "epoch_seconds"] {
            header["content"]["progress"][seconds] = 0.into();
        }
        let timed = sections.iter_mut();
        let timed = timed.filter(|(name, _)| name == "epochs/seconds");
        timed.for_each(|(_, bytes)| bytes.fill(0));
    });
    let bytes = fs::read(&copy).unwrap();
    fs::remove_file(copy).unwrap();
    bytes
}

/// Says what happens on standard output, and is killed at the nth event of a kind.
struct Doomed<'a> {
    witness: &'a Witness,
    kind: &'a str,
    left: u32,
}

fn says(kind: &str, number: u64) {
    println!("SAYS {kind} {number}");
}

impl Observer for Doomed<'_> {
    fn tell(&mut self, event: Event) {
        let (kind, step) = match event {
            Event::Resumed { step, .. } => ("resumed", step),
            Event::Step { step, .. } => ("step", step),
            Event::Saved { step } => ("saved", step),
            _ => return,
        };
        says(kind, step);
        self.left -= u32::from(kind == self.kind);
        if self.left == 0 {
            seen(self.witness)
                .iter()
                .for_each(|hash| says("saw", *hash));
            kill_process(getpid(), Signal::KILL).unwrap();
            unreachable!("nothing survives SIGKILL");
        }
    }
    fn stop_requested(&self) -> bool {
        false
    }
}

/// Not a test by itself: what the other process does, started by [`die`].
#[test]
fn the_process_that_dies() {
    let Ok(root) = std::env::var(ROOT) else {
        return;
    };
    let asked = |variable| std::env::var(variable).unwrap();
    let subject = Subject::new(asked(SUBJECT).parse().unwrap());
    let death = asked(DEATH);
    let (kind, left) = death.split_once(' ').unwrap();
    let witness = subject.witness();
    let mut doomed = Doomed {
        witness: &witness,
        kind,
        left: left.parse().unwrap(),
    };
    println!();
    let attempt = asked(ATTEMPT).parse().unwrap();
    let _ = subject.attempt(&witness, root.as_ref(), attempt, &mut doomed);
    panic!("not killed at {death}");
}

/// What a process said until it was killed.
struct Died(Vec<(String, u64)>);

impl Died {
    fn of(&self, kind: &str) -> Vec<u64> {
        let said = self.0.iter().filter(|(found, _)| found == kind);
        said.map(|(_, number)| *number).collect()
    }

    fn last_saved(&self) -> Option<u64> {
        self.of("saved").last().copied()
    }
}

fn die(subject: usize, root: &Path, attempt: u32, death: &str) -> Died {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::the_process_that_dies", "--nocapture"])
        .env(ROOT, root)
        .env(SUBJECT, subject.to_string())
        .env(ATTEMPT, attempt.to_string())
        .env(DEATH, death)
        .output()
        .unwrap();
    let (out, err) = (output.stdout, String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.signal(), Some(9), "{err}");
    let said = |line: &str| {
        let (kind, number) = line.strip_prefix("SAYS ")?.split_once(' ')?;
        Some((kind.to_owned(), number.parse().unwrap()))
    };
    let text = String::from_utf8(out).unwrap();
    Died(text.lines().filter_map(said).collect())
}

/// Lets attempts die one after the other, each at the nth of its saves, and goes on from what the last one left.
fn check(number: usize, expected: &Survived, deaths: &[usize]) {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().join("trial");
    let mut saw = Vec::new();
    let mut saved = None;
    for (attempt, death) in (1..).zip(deaths) {
        let died = die(number, &root, attempt, &format!("saved {death}"));
        assert_eq!(died.of("resumed"), Vec::from_iter(saved));
        assert_eq!(died.of("saved").len(), *death);
        saved = died.last_saved();
        saw.extend(died.of("saw"));
    }
    let subject = Subject::new(number);
    let found = subject.survive(&root, 99);
    let place = format!("subject {number}, killed at saves {deaths:?}");
    assert_eq!(resumed_at(&found.events[0]), saved, "{place}");
    assert_eq!(found.bits, expected.bits, "{place}");
    assert!(found.checkpoint == expected.checkpoint, "{place}");
    // Nothing is shown twice and nothing left out: no step is repeated, and order and noise go on where they were.
    saw.extend(&found.seen);
    assert_eq!(saw, expected.seen, "{place}");
}

fn expected(number: usize) -> Survived {
    let root = tempfile::tempdir().unwrap();
    let subject = Subject::new(number);
    let expected = subject.survive(&root.path().join("trial"), 1);
    let witnessed = subject.layers == Layers::Witnessed;
    assert!(expected.saves() > 1 && witnessed != expected.seen.is_empty());
    expected
}

#[test]
fn a_process_killed_as_it_reports_a_save_loses_nothing_be_it_within_an_epoch_or_at_its_end() {
    for number in 0..SUBJECTS {
        let expected = expected(number);
        for save in 1..=expected.saves() {
            check(number, &expected, &[save]);
        }
    }
}

#[test]
fn processes_killed_one_after_the_other_lose_nothing() {
    for number in 0..SUBJECTS {
        let expected = expected(number);
        let saves = expected.saves();
        check(number, &expected, &vec![1; saves]);
        for first in 1..saves {
            check(number, &expected, &[first, saves - first]);
        }
    }
}

#[test]
fn a_process_killed_at_any_step_repeats_only_those_since_the_last_reported_save() {
    let uninterrupted = expected(SLOW);
    for step in 1..=STEPS {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().join("trial");
        let died = die(SLOW, &root, 1, &format!("step {step}"));
        let saved = died.last_saved().unwrap_or(0);
        assert_eq!(died.of("step").last(), Some(&step));
        assert!(step - saved <= STEPS_BETWEEN_SAVES, "{:?}", died.0);
        let found = Subject::new(SLOW).survive(&root, 2);
        let resumed = found.events.iter().find_map(resumed_at).unwrap_or(0);
        assert_eq!((resumed, found.steps()), (saved, STEPS - saved));
        assert_eq!(found.bits, uninterrupted.bits, "killed at step {step}");
    }
}
