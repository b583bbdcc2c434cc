//! Damaged, deleted, swapped, foreign and changed files of a made-up sweep.

use crate::common::seal;
use crate::fixture::{folder, header, id, plan, trial};
use crate::{the_only_damage, verify};
use ablate::record::{Folder, commit, merge, shard};
use ablate::verify::{Loss, text};
use std::fs;
use std::path::{Path, PathBuf};

/// Four trials, `sweep.h5` and a sweep file that is one.
fn sweep() -> (tempfile::TempDir, Folder) {
    let (place, folder) = folder();
    for number in 0..4 {
        commit(&folder, &trial(number)).expect("commit");
    }
    finish(&folder, 4);
    (place, folder)
}

fn finish(folder: &Folder, trials: u64) {
    let yaml = "name: made-up\nbase: { task: denoise, data: { dataset: digits } }\nseeds: 4\n";
    fs::write(folder.sweep_yaml(), yaml).expect("written");
    let mut header = header();
    header.yaml = yaml.into();
    merge(folder, &header, &plan(trials)).expect("merge");
}

fn relative(folder: &Folder, path: &Path) -> PathBuf {
    path.strip_prefix(folder.root()).expect("inside").into()
}

/// Ways to damage bytes.
fn damages(whole: &[u8]) -> Vec<(String, Vec<u8>)> {
    let lengths = [0, 1, 15, 511, 512, 513, whole.len() / 2, whole.len() - 1];
    let mut all: Vec<_> = lengths
        .iter()
        .map(|&length| (format!("cut to {length}"), whole[..length].to_vec()))
        .collect();
    for at in [0, 14, 40, 300, 600, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.to_vec();
        flipped[at] ^= 1;
        all.push((format!("bit of byte {at}"), flipped));
    }
    let mut zeroed = whole.to_vec();
    let half = whole.len() / 2;
    zeroed[half..].fill(0);
    all.push(("zero tail".into(), zeroed));
    all.push(("something else".into(), b"PK\x03\x04".to_vec()));
    all
}

#[test]
fn a_whole_sweep_is_whole_and_nothing_is_touched() {
    let (_place, folder) = sweep();
    let facts = |path: &Path| {
        let modified = path.metadata().and_then(|facts| facts.modified());
        (
            modified.expect("a time"),
            fs::read(path).unwrap_or_default(),
        )
    };
    let paths = || {
        let mut paths = crate::fixture::files(folder.root());
        paths.extend(crate::fixture::files(&folder.trials()));
        paths
    };
    let before: Vec<_> = paths().iter().map(|path| facts(path)).collect();
    let verdict = verify(&folder);
    assert!(verdict.is_whole(), "{}", text(&verdict));
    assert!(text(&verdict).ends_with("all 4 trials and 0 shards are whole; nothing is lost\n"));
    let after: Vec<_> = paths().iter().map(|path| facts(path)).collect();
    assert!(before == after);
}

#[test]
fn every_damage_of_a_trial_file_is_listed_with_what_it_costs() {
    let (_place, folder) = sweep();
    let path = folder.trial(&id(2));
    let whole = fs::read(&path).expect("read");
    for (what, bytes) in damages(&whole) {
        fs::write(&path, bytes).expect("written");
        let found = the_only_damage(&folder);
        assert_eq!(found.path, relative(&folder, &path), "{what}");
        assert_eq!(found.loss, Loss::Retrained(vec![(id(2), None)]), "{what}");
        let mend = found.mend.expect("a command");
        assert!(
            mend.ends_with("ablate run x.yaml --results results"),
            "{what}: {mend}"
        );
    }
    fs::remove_file(&path).expect("removed");
    let found = the_only_damage(&folder);
    assert_eq!(found.path, Path::new("sweep.h5"));
    assert_eq!(found.loss, Loss::Retrained(vec![(id(2), None)]));
}

#[test]
fn every_damage_of_sweep_h5_is_listed_and_costs_nothing() {
    let (_place, folder) = sweep();
    let path = folder.sweep_h5();
    let whole = fs::read(&path).expect("read");
    for (what, bytes) in damages(&whole) {
        fs::write(&path, bytes).expect("written");
        let found = the_only_damage(&folder);
        assert_eq!(found.path, Path::new("sweep.h5"), "{what}");
        assert!(matches!(found.loss, Loss::Nothing(_)), "{what}: {found:?}");
    }
    fs::remove_file(&path).expect("removed");
    let found = the_only_damage(&folder);
    assert!(matches!(found.loss, Loss::Nothing(_)), "{found:?}");
}

#[test]
fn a_damaged_shard_costs_the_trials_that_no_other_file_holds() {
    let (_place, folder) = folder();
    for number in 0..257 {
        let mut record = trial(number);
        record.result.samples.clear();
        commit(&folder, &record).expect("commit");
    }
    shard(&folder).expect("shard");
    finish(&folder, 257);
    let whole = verify(&folder);
    assert!(whole.is_whole(), "{}", text(&whole));
    assert_eq!((whole.trials, whole.shards), (257, 1));
    let path = crate::fixture::files(&folder.shards()).remove(0);
    let bytes = fs::read(&path).expect("read");
    for (what, damaged) in damages(&bytes) {
        fs::write(&path, damaged).expect("written");
        let verdict = verify(&folder);
        let damages: Vec<_> = verdict.damages().collect();
        assert_eq!(damages.len(), 2, "{what}: {}", text(&verdict));
        let of = |name: &Path| damages.iter().find(|finding| finding.path == name);
        let shard = of(&relative(&folder, &path)).expect("the shard is named");
        let mend = shard.mend.as_deref().expect("a command");
        assert!(
            mend.contains("mv ") && mend.contains(" && ablate run "),
            "{mend}"
        );
        let lost = of(Path::new("sweep.h5")).expect("what is missing is named");
        assert!(
            matches!(&lost.loss, Loss::Retrained(trials) if trials.len() == 256),
            "{lost:?}"
        );
        assert_eq!((verdict.trials, verdict.shards), (1, 0), "{what}");
    }
    // Without the shard's bytes, its name is wrong.
    fs::write(&path, &bytes).expect("written");
    fs::rename(&path, folder.shard(&id(1))).expect("renamed");
    let verdict = verify(&folder);
    assert!(text(&verdict).contains("named after"), "{}", text(&verdict));
}

#[test]
fn a_change_under_a_good_seal_is_found() {
    let (_place, folder) = sweep();
    let path = folder.trial(&id(1));
    let file = hdf5::File::open_rw(&path).expect("open");
    let losses = file.dataset(&format!("trial/{}/epochs/train_loss", id(1)));
    losses
        .and_then(|data| data.write_raw(&[0.0; 3]))
        .expect("changed");
    file.close().expect("closed");
    seal(&path);
    let found = the_only_damage(&folder);
    assert_eq!(found.path, relative(&folder, &path));
    // No run would replace it: it has to go first.
    assert!(found.mend.expect("a command").starts_with("mv "));
}

#[test]
fn a_table_that_says_what_its_trials_are_not_is_found() {
    let (_place, folder) = sweep();
    let path = folder.sweep_h5();
    let file = hdf5::File::open_rw(&path).expect("open");
    let column = file.dataset("trials/test.bce").expect("a column");
    let mut values: Vec<f64> = column.read_raw().expect("read");
    values[2] = 0.0;
    column.write_raw(&values).expect("changed");
    drop(column);
    file.close().expect("closed");
    seal(&path);
    let found = the_only_damage(&folder);
    assert_eq!(found.path, Path::new("sweep.h5"));
    assert!(found.problem.contains(&id(2)), "{}", found.problem);
    assert!(found.mend.expect("a command").starts_with("mv "));
}

#[test]
fn another_format_version_is_named_and_kept() {
    let (_place, folder) = sweep();
    let path = folder.trial(&id(0));
    let mut bytes = fs::read(&path).expect("read");
    assert_eq!(&bytes[..16], b"ablate record 1\n");
    bytes[14] = b'2';
    fs::write(&path, bytes).expect("written");
    let found = the_only_damage(&folder);
    assert!(found.problem.contains("version 2"), "{}", found.problem);
    assert!(found.mend.expect("a command").starts_with("mv "));
}

#[test]
fn swapped_files_lose_nothing() {
    let (_place, folder) = sweep();
    let [one, other] = [folder.trial(&id(1)), folder.trial(&id(3))];
    let between = folder.root().join("between");
    for (from, to) in [(&one, &between), (&other, &one), (&between, &other)] {
        fs::rename(from, to).expect("renamed");
    }
    let verdict = verify(&folder);
    assert_eq!(verdict.damages().count(), 2, "{}", text(&verdict));
    assert!(
        verdict
            .damages()
            .all(|found| matches!(found.loss, Loss::Nothing(_)))
    );
    let mends: Vec<_> = verdict
        .damages()
        .filter_map(|found| found.mend.clone())
        .collect();
    let [mend] = &mends[..] else {
        panic!("one command for both: {mends:?}")
    };
    let done = std::process::Command::new("sh").args(["-c", mend]).status();
    assert!(done.expect("sh").success());
    assert!(verify(&folder).is_whole());
}

#[test]
fn a_file_under_another_trials_name_is_not_lost() {
    let (_place, folder) = sweep();
    fs::rename(folder.trial(&id(1)), folder.trial(&id(9))).expect("renamed");
    let found = the_only_damage(&folder);
    assert_eq!(found.path, relative(&folder, &folder.trial(&id(9))));
    let mend = found.mend.expect("a command");
    let first = mend.split(" && ").next().expect("a command");
    assert!(first.starts_with("mv ") && first.contains(&id(1)), "{mend}");
}

#[test]
fn a_foreign_file_is_refused_by_itself() {
    let (place, folder) = sweep();
    let foreign = place.path().join("foreign.h5");
    hdf5::File::create(&foreign)
        .and_then(hdf5::File::close)
        .expect("made");
    let commands = ablate::verify::Commands::new(place.path(), None, place.path());
    let file = |path: &Path| ablate::verify::file(path, &commands).expect("there");
    let refused = text(&file(&foreign));
    // By its name it is nobody's trial.
    assert!(
        refused.contains("cannot be told") && !refused.contains("trained again"),
        "{refused}"
    );
    let damaged = place.path().join("sweep.h5");
    fs::write(&damaged, "damaged").expect("written");
    let refused = text(&file(&damaged));
    assert!(
        refused.contains("`ablate verify` of the folder tells"),
        "{refused}"
    );
    for path in [folder.sweep_h5(), folder.trial(&id(0))] {
        let verdict = file(&path);
        assert!(verdict.is_whole(), "{}", text(&verdict));
    }
    assert_eq!(file(&folder.sweep_h5()).trials, 4);
}
