//! Which checkpoints stay, which one is gone on from, and what happens when the file system refuses.

use super::*;
use crate::config::TrainConfig;
use crate::error::ExitCode;
use crate::outcome::Weight;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

const COURSE: Course = Course {
    epochs: 1,
    steps_per_epoch: 10,
};

fn state(step: u64) -> State {
    let weight = Weight {
        shape: vec![2],
        values: vec![step as f32, 0.5],
    };
    let parameters = BTreeMap::from([("a".to_owned(), weight)]);
    let mut state = State::fresh(&TrainConfig::default(), parameters, BTreeMap::new());
    state.progress.step = step;
    state
}

fn keeper(root: &Path, attempt: u32) -> Keeper {
    keeper_on(root, attempt, "portable")
}

fn keeper_on(root: &Path, attempt: u32, dispatch: &str) -> Keeper {
    let identity = Identity {
        trial: "ab".repeat(32),
        numerics: 1,
        dispatch: dispatch.into(),
    };
    Keeper::new(root, attempt, identity)
}

fn newest(keeper: &mut Keeper) -> Option<u64> {
    let found = keeper.newest(&state(0), COURSE, &mut |_| ()).unwrap();
    found.map(|state| state.progress.step)
}

fn names(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for (_, folder) in entries(root).unwrap() {
        for (_, path) in entries(&folder).unwrap() {
            let below = path.strip_prefix(root).unwrap();
            names.push(below.display().to_string());
        }
    }
    names.sort();
    names
}

#[test]
fn the_last_two_stay_also_across_attempts() {
    let root = tempfile::tempdir().unwrap();
    let root = &root.path().join("deep/trial");
    let mut first = keeper(root, 1);
    assert_eq!(newest(&mut first), None);
    for step in [1, 2, 3] {
        first.save(&state(step)).unwrap();
    }
    assert_eq!(names(root), ["1/step-2.ckpt", "1/step-3.ckpt"]);
    let mut second = keeper(root, 2);
    assert_eq!(newest(&mut second), Some(3));
    second.save(&state(4)).unwrap();
    assert_eq!(names(root), ["1/step-3.ckpt", "2/step-4.ckpt"]);
    second.save(&state(4)).unwrap();
    assert_eq!(names(root), ["1/step-3.ckpt", "2/step-4.ckpt"]);
}

#[test]
fn a_damaged_newest_gives_way_to_the_one_before() {
    let root = tempfile::tempdir().unwrap();
    let mut writer = keeper(root.path(), 1);
    writer.save(&state(1)).unwrap();
    writer.save(&state(2)).unwrap();
    let path = root.path().join("1/step-2.ckpt");
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(newest(&mut keeper(root.path(), 2)), Some(1), "{length}");
    }
    let mut zero_tail = whole.clone();
    let tail = zero_tail.len() - 16;
    zero_tail[tail..].fill(0);
    fs::write(&path, zero_tail).unwrap();
    assert_eq!(newest(&mut keeper(root.path(), 2)), Some(1));
    fs::write(&path, whole).unwrap();
    assert_eq!(newest(&mut keeper(root.path(), 2)), Some(2));
}

#[test]
fn another_dispatch_level_is_passed_over_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    keeper_on(root.path(), 1, "avx512").save(&state(9)).unwrap();
    let mut other = keeper_on(root.path(), 2, "avx2");
    assert_eq!(newest(&mut other), None);
    other.save(&state(1)).unwrap();
    assert_eq!(newest(&mut keeper_on(root.path(), 3, "avx512")), Some(9));
}

#[test]
fn a_late_save_of_an_old_attempt_leaves_the_new_ones_alone() {
    let root = tempfile::tempdir().unwrap();
    keeper(root.path(), 2).save(&state(3)).unwrap();
    keeper(root.path(), 1).save(&state(7)).unwrap();
    assert_eq!(names(root.path()), ["1/step-7.ckpt", "2/step-3.ckpt"]);
}

#[test]
fn a_state_that_does_not_fit_the_trial_is_passed_over() {
    let root = tempfile::tempdir().unwrap();
    keeper(root.path(), 1).save(&state(11)).unwrap();
    assert_eq!(newest(&mut keeper(root.path(), 2)), None, "11 steps of 10");
    let mut wide = state(5);
    wide.parameters.get_mut("a").unwrap().shape = vec![1, 2];
    keeper(root.path(), 1).save(&wide).unwrap();
    assert_eq!(newest(&mut keeper(root.path(), 2)), None, "another shape");
}

#[test]
fn what_is_no_checkpoint_is_passed_over() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("1/step-7.ckpt")).unwrap();
    fs::write(root.path().join("1/.step-8.ckpt.1.here.0.tmp"), "x").unwrap();
    fs::write(root.path().join("1/step-99999999999999999999.ckpt"), "x").unwrap();
    fs::write(root.path().join("2"), "a file where a folder should be").unwrap();
    fs::write(root.path().join("notes.txt"), "x").unwrap();
    let huge = File::create(root.path().join("1/step-9.ckpt")).unwrap();
    huge.set_len(LARGEST + 1).unwrap();
    assert_eq!(newest(&mut keeper(root.path(), 3)), None);
}

#[test]
fn a_refused_save_says_where_and_keeps_what_was_saved() {
    let root = tempfile::tempdir().unwrap();
    let mut keeper = keeper(root.path(), 1);
    keeper.save(&state(1)).unwrap();
    // Works for root too, for whom permissions mean nothing: the name is taken by a folder.
    let blocked = root.path().join("1/step-2.ckpt");
    fs::create_dir(&blocked).unwrap();
    let error = keeper.save(&state(2)).unwrap_err();
    assert_eq!(error.exit_code(), ExitCode::Io);
    assert!(error.to_string().contains("step-2.ckpt"), "{error}");
    assert_eq!(
        names(root.path()),
        ["1/step-1.ckpt", "1/step-2.ckpt"],
        "nothing half-written stays"
    );
    fs::remove_dir(&blocked).unwrap();
    keeper.save(&state(2)).unwrap();
    assert_eq!(newest(&mut keeper), Some(2));
    let mode = fs::metadata(root.path().join("1/step-2.ckpt")).unwrap();
    assert!(mode.permissions().mode() & 0o400 != 0);
}
