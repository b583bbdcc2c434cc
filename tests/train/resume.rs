//! However a trial is interrupted, its result has the same bits. And the test that says so can fail.

use crate::bench::{Bench, EPOCHS, Listener, STEPS, STEPS_PER_EPOCH, bits, finished, stopped};
use crate::edit::edit;
use ablate::config::{OptimizerKind, Resample, Select};
use ablate::error::ExitCode;
use ablate::train::{Ended, Event, Observer};
use serde_json::Value;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Benches that differ in what a checkpoint has to hold.
pub fn benches() -> [Bench; 6] {
    let full = Bench::new();
    let mut sgd = Bench::new();
    sgd.config.train.optimizer = OptimizerKind::Sgd;
    sgd.config.noise.resample = Resample::Fixed;
    let mut early = Bench::new();
    early.config.train.patience = Some(1);
    early.config.train.select = Select::Last;
    early.config.train.lr = 3.0;
    [
        full,
        sgd,
        early,
        Bench::getting_worse(),
        Bench::new().averaged(),
        Bench::getting_worse().averaged(),
    ]
}

/// The step that a trial went on from; with it came the rows of the epochs before.
pub fn resumed_at(event: &Event) -> Option<u64> {
    let Event::Resumed { step, rows } = event else {
        return None;
    };
    // The row of the epoch that this step ends may not have been made yet.
    let epochs = (step - 1) / STEPS_PER_EPOCH..=step / STEPS_PER_EPOCH;
    assert!(epochs.contains(&(rows.rows() as u64)));
    Some(*step)
}

#[test]
fn a_trial_stopped_at_any_step_ends_with_the_same_bits() {
    for bench in benches() {
        let expected = bits(bench.result());
        for step in 1..=STEPS_PER_EPOCH * bench.result().epochs.rows() as u64 {
            let root = tempfile::tempdir().unwrap();
            let mut listener = Listener::stopping_after(step as usize);
            assert_eq!(stopped(bench.attempt(root.path(), 1, &mut listener)), step);
            assert_eq!(listener.events.last(), Some(&Event::Saved { step }));
            let mut listener = Listener::default();
            let found = finished(bench.attempt(root.path(), 2, &mut listener));
            assert_eq!(resumed_at(&listener.events[0]), Some(step));
            assert_eq!(bits(found), expected, "stopped at step {step}");
        }
    }
}

#[test]
fn a_trial_stopped_at_every_step_in_turn_ends_with_the_same_bits() {
    for bench in benches() {
        let expected = bench.result();
        let root = tempfile::tempdir().unwrap();
        let steps = STEPS_PER_EPOCH * expected.epochs.rows() as u64;
        for step in 1..=steps {
            let mut listener = Listener::stopping_after(1);
            let ended = bench.attempt(root.path(), step as u32, &mut listener);
            assert_eq!(stopped(ended), step);
        }
        let ended = bench.attempt(root.path(), steps as u32 + 1, &mut Listener::default());
        assert_eq!(bits(finished(ended)), bits(expected));
    }
}

/// Asks to stop when it is asked for the nth time, be that after a step or during an evaluation.
pub struct Impatient {
    asked: Cell<usize>,
    stop_at: usize,
}

impl Impatient {
    pub fn stopping_at(stop_at: usize) -> Self {
        let asked = Cell::new(0);
        Self { asked, stop_at }
    }
}

impl Observer for Impatient {
    fn tell(&mut self, _event: Event) {}
    fn stop_requested(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.asked.get() >= self.stop_at
    }
}

#[test]
fn a_stop_during_an_evaluation_repeats_it_and_changes_no_bit() {
    for bench in [Bench::getting_worse(), Bench::getting_worse().averaged()] {
        stop_during_evaluations(&bench);
    }
}

fn stop_during_evaluations(bench: &Bench) {
    let expected = bits(bench.result());
    let mut stops_without_a_step_between = 0;
    let mut last = 0;
    for stop_at in 1.. {
        let root = tempfile::tempdir().unwrap();
        match bench.attempt(root.path(), 1, &mut Impatient::stopping_at(stop_at)) {
            Ok(Ended::Finished(result)) => {
                assert_eq!(bits(result), expected);
                break;
            }
            stop => {
                let step = stopped(stop);
                stops_without_a_step_between += usize::from(step == last);
                last = step;
            }
        }
        let found = finished(bench.attempt(root.path(), 2, &mut Listener::default()));
        assert_eq!(
            bits(found),
            expected,
            "stopped when asked the {stop_at}th time"
        );
    }
    // At least before valid, before test and after, in each of three epochs.
    assert!(stops_without_a_step_between >= 6);
}

/// Copies the checkpoints at the instant each is reported saved: what a SIGKILL then would leave.
struct Snapshots {
    root: PathBuf,
    to: PathBuf,
    saved: Vec<u64>,
}

impl Observer for Snapshots {
    fn tell(&mut self, event: Event) {
        if let Event::Saved { step } = event {
            let folder = self.to.join(self.saved.len().to_string()).join("1");
            fs::create_dir_all(&folder).unwrap();
            for entry in fs::read_dir(self.root.join("1")).unwrap() {
                let from = entry.unwrap().path();
                fs::copy(&from, folder.join(from.file_name().unwrap())).unwrap();
            }
            self.saved.push(step);
        }
    }
    fn stop_requested(&self) -> bool {
        false
    }
}

#[test]
fn a_kill_after_any_reported_save_loses_nothing_of_it() {
    for mut bench in benches() {
        bench.checkpoint_every = Duration::ZERO;
        let (root, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut snapshots = Snapshots {
            root: root.path().to_owned(),
            to: to.path().to_owned(),
            saved: Vec::new(),
        };
        let expected = finished(bench.attempt(root.path(), 1, &mut snapshots));
        let rows = expected.epochs.rows() as u64;
        let expected = bits(expected);
        // After every step, and once more after every epoch.
        assert_eq!(snapshots.saved.len() as u64, rows * (STEPS_PER_EPOCH + 1));
        for (index, &step) in snapshots.saved.iter().enumerate() {
            let mut listener = Listener::default();
            let root = to.path().join(index.to_string());
            let found = finished(bench.attempt(&root, 2, &mut listener));
            assert_eq!(resumed_at(&listener.events[0]), Some(step));
            assert_eq!(bits(found), expected, "killed after save {index}");
        }
    }
}

#[test]
fn a_damaged_newest_checkpoint_costs_only_the_steps_since_the_one_before() {
    let mut bench = Bench::new();
    bench.checkpoint_every = Duration::ZERO;
    let root = tempfile::tempdir().unwrap();
    stopped(bench.attempt(root.path(), 1, &mut Listener::stopping_after(4)));
    let path = checkpoint(root.path(), 4);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let mut listener = Listener::default();
    let found = finished(bench.attempt(root.path(), 2, &mut listener));
    assert!(is_told(&listener.events[0], &path));
    assert_eq!(resumed_at(&listener.events[1]), Some(3));
    assert_eq!(bits(found), bits(bench.result()));
}

/// Whether it tells that this checkpoint is passed over.
fn is_told(event: &Event, path: &Path) -> bool {
    matches!(event, Event::PassedOver(text) if text.contains(&*path.to_string_lossy()))
}

#[test]
fn seconds_add_up_over_attempts() {
    let bench = Bench::new();
    let root = tempfile::tempdir().unwrap();
    stopped(bench.attempt(root.path(), 1, &mut Listener::stopping_after(1)));
    edit(&checkpoint(root.path(), 1), |header, _| {
        header["content"]["progress"]["seconds"] = 1000f64.to_bits().into();
        header["content"]["progress"]["epoch_seconds"] = 500f64.to_bits().into();
    });
    let result = finished(bench.attempt(root.path(), 2, &mut Listener::default()));
    assert!((1000.0..1100.0).contains(&result.wall_seconds));
    let seconds = result.epochs.column("seconds").unwrap();
    assert!((500.0..600.0).contains(&seconds[0]), "{seconds:?}");
    assert!((0.0..100.0).contains(&seconds[1]), "{seconds:?}");
}

#[test]
fn a_checkpoint_that_cannot_be_written_ends_the_attempt_and_is_not_reported_saved() {
    let bench = Bench::new();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let mut listener = Listener::stopping_after(2);
    fs::write(&root, "a file where the folder should be").unwrap();
    let error = bench
        .attempt(&root, 1, &mut listener)
        .err()
        .expect("refused");
    assert_eq!(error.exit_code(), ExitCode::Io);
    let saved = |event: &Event| matches!(event, Event::Saved { .. });
    assert!(!listener.events.iter().any(saved));
    fs::remove_file(&root).unwrap();
    assert_eq!(
        stopped(bench.attempt(&root, 2, &mut Listener::stopping_after(2))),
        2
    );
}

/// Negative controls: without one part of the state, the bits differ.
mod without {
    use super::*;

    /// Whether a trial that is stopped in the middle of an epoch, and whose checkpoint is then changed, still ends
    /// with the right bits.
    fn survives(change: impl Fn(&mut Value, &mut [(String, Vec<u8>)])) -> bool {
        let bench = Bench::getting_worse().averaged();
        let root = tempfile::tempdir().unwrap();
        stopped(bench.attempt(root.path(), 1, &mut Listener::stopping_after(3)));
        edit(&checkpoint(root.path(), 3), change);
        let mut listener = Listener::default();
        let found = finished(bench.attempt(root.path(), 2, &mut listener));
        let resumed = matches!(listener.events[0], Event::Resumed { .. });
        assert!(resumed, "the changed checkpoint is still a good one");
        bits(found) == bits(bench.result())
    }

    fn zero(sections: &mut [(String, Vec<u8>)], prefix: &str) {
        let named = sections
            .iter_mut()
            .filter(|(name, _)| name.starts_with(prefix));
        let zeroed = named.map(|(_, bytes)| bytes.fill(0)).count();
        assert!(zeroed > 0, "no section {prefix}");
    }

    #[test]
    fn nothing_it_is_the_same() {
        assert!(survives(|_, _| {}));
    }

    #[test]
    fn a_moment_it_is_not() {
        assert!(!survives(|_, sections| zero(sections, "moment.first/")));
        assert!(!survives(|_, sections| zero(sections, "moment.second/")));
    }

    #[test]
    fn the_parameters_it_is_not() {
        assert!(!survives(|_, sections| zero(sections, "parameter/")));
    }

    #[test]
    fn the_moving_average_it_is_not() {
        assert!(!survives(|_, sections| zero(sections, "ema/")));
    }

    #[test]
    fn the_parameters_of_the_best_epoch_it_is_not() {
        assert!(!survives(|_, sections| zero(sections, "best/")));
    }

    #[test]
    fn the_step_count_it_is_not() {
        assert!(!survives(
            |header, _| header["content"]["progress"]["step"] = 2.into()
        ));
    }

    #[test]
    fn the_sums_of_the_epoch_it_is_not() {
        assert!(!survives(
            |header, _| header["content"]["progress"]["loss_sum"] = 0.into()
        ));
    }

    #[test]
    fn the_history_it_is_not() {
        assert!(!survives(|_, sections| zero(sections, "epochs/test.bce")));
    }

    /// Order and noise are no part of the state but keyed by the seed: another key, other bits.
    #[test]
    fn the_key_of_the_random_streams_it_is_not() {
        let mut bench = Bench::new();
        let expected = bits(bench.result());
        let root = tempfile::tempdir().unwrap();
        stopped(bench.attempt(root.path(), 1, &mut Listener::stopping_after(3)));
        bench.seed += 1;
        let found = finished(bench.attempt(root.path(), 2, &mut Listener::default()));
        assert_ne!(bits(found), expected);
    }
}

/// A foreign checkpoint is not gone on from: the trial starts over and says nothing of resuming.
#[test]
fn a_checkpoint_of_another_trial_is_passed_over() {
    let bench = Bench::new();
    let root = tempfile::tempdir().unwrap();
    stopped(bench.attempt(root.path(), 1, &mut Listener::stopping_after(3)));
    edit(&checkpoint(root.path(), 3), |header, _| {
        header["content"]["identity"]["trial"] = "cd".repeat(32).into();
    });
    let mut listener = Listener::default();
    let found = finished(bench.attempt(root.path(), 2, &mut listener));
    assert_eq!(listener.steps() as u64, EPOCHS * STEPS_PER_EPOCH);
    assert!(is_told(&listener.events[0], &checkpoint(root.path(), 3)));
    assert_eq!(
        listener.events[1],
        Event::Step {
            step: 1,
            steps: STEPS
        }
    );
    assert_eq!(bits(found), bits(bench.result()));
}

pub fn checkpoint(root: &Path, step: u64) -> PathBuf {
    root.join(format!("1/step-{step}.ckpt"))
}
