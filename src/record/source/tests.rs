use super::*;
use crate::outcome::{Outcome, Table, TrialResult};
use crate::record::{commit, index};

fn id(number: u8) -> String {
    format!("{number:064x}")
}

/// A trial that left hardly anything.
fn trial(number: u8) -> TrialRecord {
    TrialRecord {
        id: id(number),
        seed: 0,
        config: "{}".into(),
        data_digest: String::new(),
        result: TrialResult {
            outcome: Outcome::Completed,
            message: String::new(),
            epochs: Table::default(),
            samples: Vec::new(),
            metrics: BTreeMap::new(),
            parameters_digest: String::new(),
            weights: BTreeMap::new(),
            params: 0,
            macs: 0,
            wall_seconds: 0.0,
            dispatch: String::new(),
        },
        environment: BTreeMap::new(),
        attempt: 1,
        started: String::new(),
        ended: String::new(),
    }
}

fn committed(numbers: &[u8]) -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().expect("a folder");
    let folder = Folder::create(place.path(), "x").expect("made");
    for number in numbers {
        commit(&folder, &trial(*number)).expect("committed");
    }
    (place, folder)
}

/// Packs trial files into a shard of their own, as a packer does, and removes them.
fn pack(folder: &Folder, numbers: &[u8]) -> PathBuf {
    let loose = Index::scan(folder).expect("listed").loose;
    let ids = numbers.iter().map(|number| id(*number));
    let digests = ids.map(|id| (id.clone(), loose[&id].clone())).collect();
    let path = folder.shard(&index::shard_name(&digests));
    trial_file::write(&path, schema::kind::SHARD, |trials| {
        let refused = h5::write_error(&path);
        let mut records = numbers.iter().map(|number| trial(*number));
        records.try_for_each(|record| trial_group::write(trials, &record).map_err(&refused))
    })
    .expect("written");
    for id in digests.keys() {
        std::fs::remove_file(folder.trial(id)).expect("removed");
    }
    path
}

#[test]
fn a_trial_that_vanishes_is_read_from_its_shard_and_known_shards_are_left_alone() {
    let (_place, folder) = committed(&[1, 2, 3]);
    let known = pack(&folder, &[1]);
    let mut source = Source::new(&folder, Index::scan(&folder).expect("listed"));
    pack(&folder, &[2]);
    // A look at it would end in an error that stops everything: a file of another version.
    std::fs::write(&known, "ablate record 2\n").expect("written");
    assert_eq!(source.read(&id(2)).expect("read"), Some(trial(2)));
    assert_eq!(source.read(&id(3)).expect("read"), Some(trial(3)));
    assert_eq!(source.read(&id(4)).expect("nothing to read"), None);
}

#[test]
fn a_trial_that_vanishes_for_good_is_an_error_not_a_trial_without_result() {
    let (_place, folder) = committed(&[1]);
    let mut source = Source::new(&folder, Index::scan(&folder).expect("listed"));
    std::fs::remove_file(folder.trial(&id(1))).expect("removed");
    let text = source.read(&id(1)).expect_err("gone").to_string();
    assert!(text.contains(&id(1)) && text.contains("removed"), "{text}");
}

#[test]
fn a_refused_copy_is_blamed_on_the_file_it_is_made_from_when_that_is_bad() {
    let (_place, folder) = committed(&[1, 2]);
    let mut source = Source::new(&folder, Index::scan(&folder).expect("listed"));
    let refused = || h5::write_error(Path::new("copy.h5"))("refused".into());
    let text = source.blame(&[id(1), id(2)], refused()).to_string();
    assert!(text.contains("copy.h5"), "{text}");
    std::fs::copy(folder.trial(&id(1)), folder.trial(&id(2))).expect("replaced");
    let text = source.blame(&[id(1), id(2)], refused()).to_string();
    assert!(text.contains(&format!("{}.h5", id(2))), "{text}");
    assert!(text.contains("move this file"), "{text}");
}
