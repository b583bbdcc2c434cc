//! Packing keeps every trial, at every instant.

use crate::fixture::{files, folder, header, id, plan, trial};
use ablate::outcome::Outcome;
use ablate::record::{Outcomes, SweepRecord, TrialRecord, commit, done, merge, shard, shard_due};

/// A trial with hardly anything in it.
fn tiny(number: u64) -> TrialRecord {
    let mut record = trial(number);
    record.result.samples.clear();
    record.result.weights.clear();
    record
}

#[test]
fn six_hundred_trials_become_two_shards_and_a_rest() {
    let (_place, folder) = folder();
    for number in 0..600 {
        commit(&folder, &tiny(number)).expect("commit");
    }
    let before = done(&folder).expect("done");
    assert!(shard_due(&folder).expect("listed"));
    shard(&folder).expect("shard");
    assert!(!shard_due(&folder).expect("listed"));
    assert_eq!(files(&folder.shards()).len(), 2);
    assert_eq!(files(&folder.trials()).len(), 600 - 512);
    assert_eq!(done(&folder).expect("done"), before);

    let shards: Vec<Vec<u8>> = files(&folder.shards())
        .iter()
        .map(|path| std::fs::read(path).expect("shard"))
        .collect();
    shard(&folder).expect("again");
    let after: Vec<Vec<u8>> = files(&folder.shards())
        .iter()
        .map(|path| std::fs::read(path).expect("shard"))
        .collect();
    assert_eq!(shards, after);

    merge(&folder, &header(), &plan(600)).expect("merge");
    let record = SweepRecord::open(&folder.sweep_h5()).expect("open");
    assert_eq!(record.trials.len(), 600);
    assert!(
        record
            .trials
            .iter()
            .all(|row| row.metrics["test.bce"] == 0.25 + row.seed as f64)
    );
}

#[test]
fn trial_files_that_a_dead_packer_left_are_unlinked() {
    let (_place, folder) = folder();
    for number in 0..256 {
        commit(&folder, &tiny(number)).expect("commit");
    }
    shard(&folder).expect("shard");
    commit(&folder, &tiny(5)).expect("a late commit");
    assert_eq!(files(&folder.trials()).len(), 1);
    shard(&folder).expect("again");
    assert!(files(&folder.trials()).is_empty());
    assert_eq!(done(&folder).expect("done").len(), 256);
}

#[test]
fn a_damaged_shard_makes_its_trials_not_done() {
    let (_place, folder) = folder();
    for number in 0..257 {
        commit(&folder, &tiny(number)).expect("commit");
    }
    shard(&folder).expect("shard");
    let path = files(&folder.shards())[0].clone();
    let mut bytes = std::fs::read(&path).expect("shard");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("damage");
    assert_eq!(done(&folder).expect("done").len(), 1);
}

/// As at the end of a run: trial files vanish into a shard while the merge reads them.
#[test]
fn a_merge_beside_a_packer_finds_every_trial() {
    let (_place, folder) = folder();
    for number in 0..512 {
        commit(&folder, &tiny(number)).expect("commit");
    }
    std::thread::scope(|scope| {
        scope.spawn(|| shard(&folder).expect("shard"));
        merge(&folder, &header(), &plan(512)).expect("merge");
    });
    let record = SweepRecord::open(&folder.sweep_h5()).expect("open");
    assert!(
        record
            .trials
            .iter()
            .all(|row| row.outcome == Outcome::Completed)
    );
    let details = record.details().expect("open");
    for number in 0..512 {
        details.read(&id(number)).expect("whole");
    }
    let path = folder.sweep_h5();
    let beside = std::fs::read(&path).expect("file");
    std::fs::remove_file(&path).expect("remove");
    merge(&folder, &header(), &plan(512)).expect("merge");
    assert!(
        std::fs::read(&path).expect("file") == beside,
        "other bytes from shards than from trial files"
    );
}

#[test]
fn two_packers_at_once_lose_nothing() {
    let (_place, folder) = folder();
    for number in 0..256 {
        commit(&folder, &tiny(number)).expect("commit");
    }
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| shard(&folder).expect("shard"));
        }
    });
    assert!(files(&folder.trials()).is_empty());
    let done = done(&folder).expect("done");
    assert!(done.len() == 256 && done.contains(&id(0)));
}

#[test]
fn who_watches_sees_how_trials_ended_wherever_they_are_by_then() {
    let (_place, folder) = folder();
    let diverged = |number: u64| {
        let mut record = tiny(number);
        if number % 100 == 7 {
            record.result.outcome = Outcome::Diverged;
        }
        record
    };
    for number in 0..256 {
        commit(&folder, &diverged(number)).expect("commit");
    }
    let count = |outcomes: &Outcomes, outcome| {
        let seen = (0..400).filter(|&number| outcomes.of(&id(number)) == Some(outcome));
        seen.count()
    };
    let mut watching = Outcomes::default();
    watching.look(&folder).expect("looked");
    shard(&folder).expect("shard");
    for number in 256..310 {
        commit(&folder, &diverged(number)).expect("commit");
    }
    watching.look(&folder).expect("looked");
    let mut late = Outcomes::default();
    late.look(&folder).expect("looked");
    for outcomes in [&watching, &late] {
        assert_eq!(outcomes.count(), 310);
        assert_eq!(count(outcomes, Outcome::Diverged), 4);
        assert_eq!(count(outcomes, Outcome::Completed), 306);
    }

    // Whichever file it lies in, moved since the last look or not.
    for outcomes in [&watching, &late] {
        for number in [0, 300] {
            let read = outcomes.epochs(&folder, &id(number), &["train_loss", "none"]);
            let read = read.expect("readable").expect("there");
            let expected = tiny(number).result.epochs;
            assert_eq!(read.column("train_loss"), expected.column("train_loss"));
            assert_eq!(read.columns().count(), 1);
        }
    }
    let mut before = Outcomes::of_metric("test.bce");
    before.look(&folder).expect("looked");
    let found = before.committed(&id(300)).expect("committed");
    let expected = tiny(300).result;
    assert_eq!(found.value, expected.metrics.get("test.bce").copied());
    assert_eq!(found.seconds, expected.wall_seconds);
    std::fs::remove_file(folder.trial(&id(300))).expect("as a packer does");
    let gone = before.epochs(&folder, &id(300), &["train_loss"]);
    assert!(gone.expect("not an error").is_none());

    std::fs::write(folder.trial(&id(300)), "damaged").expect("written");
    assert!(before.epochs(&folder, &id(300), &["train_loss"]).is_err());
    let mut after = Outcomes::default();
    after.look(&folder).expect("looked");
    assert_eq!((after.count(), after.of(&id(300))), (309, None));
}
