//! `ablate logs`: which trial is meant, and what is known of it.

use crate::scene::expect_code;
use crate::{Place, give_up, stderr, stdout};
use ablate::record::Folder;
use std::fs;

#[test]
fn a_trial_is_found_by_id_or_position_and_what_is_known_of_it_told() {
    let place = Place::new();
    let folder = place.freeze();
    let ids = place.ids();
    give_up(&folder, &ids[2]);
    fs::write(folder.logs().join("worker-1.log"), "first\nlast words\n").expect("written");
    let checkpoints = folder.checkpoints(&ids[2]).join("3");
    fs::create_dir_all(&checkpoints).expect("made");
    fs::write(checkpoints.join("step-12.ckpt"), "").expect("written");

    let by_id = place.logs(&[&ids[2][..12], "--lines", "1"]);
    expect_code(&by_id, 0);
    let text = stdout(&by_id);
    for part in [
        "trial 2 of tiny: model.skip.at=[14] seed 0",
        "quarantined: given up after 3 failed attempts",
        "attempt 2 failed: panic, on exp-1 (process 7), 2026-01-01T00:00:00Z",
        "at number 2·[2J",
        "attempt 3: step 12",
        "logs/worker-1.log\n  last words\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("first"), "{text}");
    assert_eq!(stdout(&place.logs(&["2", "--lines", "1"])), text);

    let pending = place.logs(&["0"]);
    assert!(stdout(&pending).contains("pending"), "{}", stdout(&pending));
    for (wanted, why) in [
        ("99", "no such trial"),
        ("ffffffffffff", "no such trial"),
        ("../x", "hex digits"),
    ] {
        let output = place.logs(&[wanted]);
        expect_code(&output, 2);
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
}

#[test]
fn a_trial_of_two_sweeps_is_ambiguous_until_one_is_named() {
    let place = Place::new();
    let folder = place.freeze();
    let other = Folder::create(&place.results(), "other").expect("made");
    let yaml = fs::read_to_string(folder.sweep_yaml()).expect("frozen");
    fs::write(
        other.sweep_yaml(),
        yaml.replace("name: tiny", "name: other"),
    )
    .expect("written");
    let output = place.logs(&["1"]);
    expect_code(&output, 2);
    let text = stderr(&output);
    assert!(
        text.contains("trial 1 of tiny: ") && text.contains("trial 1 of other: "),
        "{text}"
    );
    let path = folder.root().to_str().expect("a path").to_owned();
    expect_code(&place.logs(&["1", &path]), 0);
}
