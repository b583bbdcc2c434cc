//! Damaged and swapped files are never taken for results, and mended by the next commit.

use crate::fixture::{files, folder, id, trial};
use ablate::Error;
use ablate::record::{Commit, commit, done, read_trial_file};

#[test]
fn a_file_cut_anywhere_is_refused() {
    let (_place, folder) = folder();
    commit(&folder, &trial(1)).expect("commit");
    let path = folder.trial(&id(1));
    let whole = std::fs::read(&path).expect("file");
    for length in (0..whole.len()).step_by(37).chain([whole.len() - 1]) {
        std::fs::write(&path, &whole[..length]).expect("cut");
        let error = read_trial_file(&path, &id(1)).expect_err("cut");
        assert!(matches!(error, Error::Record { .. }), "{length}: {error}");
    }
}

#[test]
fn a_file_with_a_flipped_bit_or_a_zeroed_tail_is_refused() {
    let (_place, folder) = folder();
    commit(&folder, &trial(1)).expect("commit");
    let path = folder.trial(&id(1));
    let whole = std::fs::read(&path).expect("file");
    for position in (0..whole.len()).step_by(29).chain(0..600) {
        let mut flipped = whole.clone();
        flipped[position] ^= 1 << (position % 8);
        std::fs::write(&path, &flipped).expect("flip");
        let error = read_trial_file(&path, &id(1)).expect_err("flipped");
        assert!(matches!(error, Error::Record { .. }), "{position}: {error}");
    }
    let mut zeroed = whole.clone();
    let half = whole.len() / 2;
    zeroed[half..].fill(0);
    std::fs::write(&path, &zeroed).expect("zero");
    read_trial_file(&path, &id(1)).expect_err("zeroed");
}

#[test]
fn two_files_with_swapped_names_are_both_not_done() {
    let (_place, folder) = folder();
    for number in [1, 2, 3] {
        commit(&folder, &trial(number)).expect("commit");
    }
    let aside = folder.root().join("aside");
    std::fs::rename(folder.trial(&id(1)), &aside).expect("rename");
    std::fs::rename(folder.trial(&id(2)), folder.trial(&id(1))).expect("rename");
    std::fs::rename(&aside, folder.trial(&id(2))).expect("rename");
    assert_eq!(
        done(&folder).expect("done").into_iter().collect::<Vec<_>>(),
        [id(3)]
    );
}

#[test]
fn a_damaged_file_is_kept_aside_and_made_anew() {
    let (_place, folder) = folder();
    commit(&folder, &trial(1)).expect("commit");
    let path = folder.trial(&id(1));
    std::fs::write(&path, "damaged").expect("damage");
    assert!(done(&folder).expect("done").is_empty());
    assert_eq!(commit(&folder, &trial(1)).expect("commit"), Commit::New);
    assert!(done(&folder).expect("done").contains(&id(1)));
    let evidence = folder.trials().join(format!("{}.damaged-1", id(1)));
    assert_eq!(std::fs::read(&evidence).expect("evidence"), b"damaged");
    assert_eq!(files(&folder.trials()).len(), 2);
}

#[test]
fn an_empty_folder_has_nothing_done() {
    let (_place, folder) = folder();
    assert!(done(&folder).expect("done").is_empty());
}
