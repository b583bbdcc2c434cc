//! `sweep.h5` is a function of the record.

use crate::fixture::{files, folder, header, id, plan, trial};
use ablate::outcome::Outcome;
use ablate::record::{CompareRecord, SweepRecord, commit, merge};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;

#[test]
fn what_was_merged_reads_back() {
    let (_place, folder) = folder();
    commit(&folder, &trial(0)).expect("commit");
    let mut header = header();
    header.compare = Some(CompareRecord {
        baseline: BTreeMap::from([("model.skip.at".into(), "[0]".into())]),
        metric: "test.bce".into(),
        expect: "lower".into(),
        margin: 0.0,
    });
    merge(&folder, &header, &plan(2)).expect("merge");
    let record = SweepRecord::open(&folder.sweep_h5()).expect("open");
    assert_eq!(
        (record.name, record.question),
        (header.name, header.question)
    );
    assert_eq!((record.axes, record.compare), (header.axes, header.compare));
    assert_eq!(record.created, "2026-01-01T00:00:00Z");
    let [first, second] = record.trials.as_slice() else {
        panic!("two rows expected");
    };
    assert_eq!(first.outcome, Outcome::Completed);
    assert_eq!(first.axes, ["0.001", "[0]"]);
    assert_eq!(first.metrics["test.bce"], 0.25);
    assert_eq!(
        (first.host.as_str(), first.device.as_str()),
        ("höst", "cpu")
    );
    assert_eq!(second.outcome, Outcome::Pending);
    assert!(second.metrics.is_empty() && second.wall_seconds.is_nan());
}

#[test]
fn a_trial_in_the_sweep_file_has_all_its_details() {
    let (_place, folder) = folder();
    commit(&folder, &trial(0)).expect("commit");
    merge(&folder, &header(), &plan(2)).expect("merge");
    let record = SweepRecord::open(&folder.sweep_h5()).expect("open");
    let details = record.details().expect("open");
    let detail = details.read(&id(0)).expect("detail");
    assert_eq!(detail.samples, trial(0).result.samples);
    assert_eq!(
        detail.epochs.column("train_loss"),
        trial(0).result.epochs.column("train_loss")
    );
    details.read(&id(1)).expect_err("pending");
}

#[test]
fn merging_again_touches_nothing_and_merging_anew_gives_the_same_bytes() {
    let (_place, folder) = folder();
    for number in 0..20 {
        commit(&folder, &trial(number)).expect("commit");
    }
    let path = folder.sweep_h5();
    merge(&folder, &header(), &plan(30)).expect("merge");
    let first = std::fs::read(&path).expect("file");
    let inode = std::fs::metadata(&path).expect("metadata").ino();
    merge(&folder, &header(), &plan(30)).expect("merge");
    assert_eq!(std::fs::metadata(&path).expect("metadata").ino(), inode);

    // HDF5 keeps times in whole seconds; let one pass.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    std::fs::remove_file(&path).expect("remove");
    merge(&folder, &header(), &plan(30)).expect("merge");
    assert!(std::fs::read(&path).expect("file") == first, "other bytes");

    commit(&folder, &trial(25)).expect("commit");
    merge(&folder, &header(), &plan(30)).expect("merge");
    assert!(
        std::fs::read(&path).expect("file") != first,
        "the new trial is missing"
    );
    assert!(
        files(folder.root())
            .iter()
            .all(|path| !path.to_string_lossy().ends_with(".tmp"))
    );
}

#[test]
fn a_damaged_sweep_file_is_refused_kept_aside_and_built_anew() {
    let (_place, folder) = folder();
    commit(&folder, &trial(0)).expect("commit");
    merge(&folder, &header(), &plan(1)).expect("merge");
    let path = folder.sweep_h5();
    let whole = std::fs::read(&path).expect("file");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
    let error = SweepRecord::open(&path).expect_err("cut").to_string();
    assert!(
        error.contains("sweep.h5") && error.contains("next:"),
        "{error}"
    );
    merge(&folder, &header(), &plan(1)).expect("merge");
    assert!(std::fs::read(&path).expect("file") == whole);
    let evidence = std::fs::read(folder.root().join("sweep.damaged-1")).expect("evidence");
    assert!(evidence == whole[..whole.len() / 2]);
}

#[test]
fn an_empty_plan_makes_a_readable_file() {
    let (_place, folder) = folder();
    merge(&folder, &header(), &[]).expect("merge");
    let record = SweepRecord::open(&folder.sweep_h5()).expect("open");
    assert!(record.trials.is_empty() && record.created.is_empty());
}

#[test]
fn a_sweep_file_that_alone_holds_a_trial_is_kept_when_it_is_replaced() {
    let (_place, folder) = folder();
    commit(&folder, &trial(0)).expect("commit");
    merge(&folder, &header(), &plan(2)).expect("merge");
    let only_copy = std::fs::read(folder.sweep_h5()).expect("file");
    std::fs::remove_file(folder.trial(&id(0))).expect("remove");
    merge(&folder, &header(), &plan(2)).expect("merge");
    let kept = folder.root().join("sweep.kept-1.h5");
    assert!(std::fs::read(&kept).expect("kept") == only_copy);
    let record = SweepRecord::open(&folder.sweep_h5()).expect("open");
    assert_eq!(record.trials[0].outcome, Outcome::Pending);

    // What is also in trials/ need not be kept.
    commit(&folder, &trial(1)).expect("commit");
    merge(&folder, &header(), &plan(2)).expect("merge");
    merge(&folder, &header(), &plan(3)).expect("merge");
    assert!(!folder.root().join("sweep.kept-2.h5").exists());
}

#[test]
fn an_axis_that_has_no_effect_somewhere_stays_a_column_of_its_kind() {
    let (_place, folder) = folder();
    let mut planned = plan(2);
    planned[0].axes = vec!["null".into(), "null".into()];
    planned[1].axes = vec!["0.5".into(), "\"add\"".into()];
    merge(&folder, &header(), &planned).expect("merge");
    let file = hdf5::File::open(folder.sweep_h5()).expect("open");
    let column = |name: &str| file.dataset(&format!("trials/{name}")).expect("a column");
    let numbers = column("train.lr").read_raw::<f64>().expect("numbers");
    assert!(numbers[0].is_nan() && numbers[1] == 0.5);
    let texts = column("model.skip.at").read_raw::<hdf5::types::VarLenUnicode>();
    let texts: Vec<String> = texts
        .expect("texts")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(texts, ["", "add"]);
}
