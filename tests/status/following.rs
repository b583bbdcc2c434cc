//! A sweep is followed from nothing to its end, which says how it ended.

use crate::scene::expect_code;
use crate::{Place, ablate, give_up, stderr, stdout};
use ablate::record::Folder;
use std::fs;

#[test]
fn a_sweep_is_followed_from_nothing_to_its_end() {
    let place = Place::new();
    let (yaml, results) = (place.yaml(), place.results());
    let [yaml, results] = [&yaml, &results].map(|path| path.to_str().expect("a path"));
    let status = ["status", yaml, "--results", results, "--exit-code"];
    let before = ablate(&status, place.bin.path());
    expect_code(&before, 75);
    assert!(stdout(&before).contains("0 of 4 trials done, 4 waiting"));
    assert!(!place.results().exists(), "only looking makes nothing");

    place.scene.run(&[], 0);
    assert!(
        place
            .status(&["--exit-code"], 0)
            .contains("4 of 4 trials done\n")
    );
    // Ends by itself, and a line is not repeated.
    assert_eq!(
        place.status(&["--watch=0.2", "--exit-code"], 0),
        "4 of 4 trials done\n"
    );
    let json = place.json();
    assert_eq!(
        (&json["finished"], &json["trials"]["completed"]),
        (&true.into(), &4.into())
    );

    // The grid grew: what was frozen counts until it is run again.
    place.scene.write("[[], [14], [28]]", 3);
    assert!(
        place
            .status(&["--exit-code"], 0)
            .contains("4 of 4 trials done\n")
    );
    fs::copy(place.yaml(), place.scene.folder().join("sweep.yaml")).expect("run again");
    assert!(
        place
            .status(&["--exit-code"], 75)
            .contains("4 of 6 trials done, 2 waiting")
    );
}

#[test]
fn what_was_given_up_ends_a_sweep_with_1() {
    let place = Place::new();
    let folder = place.freeze();
    for id in place.ids() {
        assert_eq!(place.json()["finished"], false);
        give_up(&folder, &id);
    }
    let text = place.status(&["--exit-code"], 1);
    assert!(
        text.contains("0 of 4 trials done, 4 given up\n12 failed attempts"),
        "{text}"
    );
    let trials = &place.json()["trials"];
    assert_eq!(
        (&trials["quarantined"], &trials["failed_attempts"]),
        (&4.into(), &12.into())
    );
}

#[test]
fn a_folder_without_a_sweep_is_refused() {
    let place = Place::new();
    let path = place.bin.path().to_str().expect("a path");
    let output = ablate(&["status", path], place.bin.path());
    expect_code(&output, 2);
    assert!(
        stderr(&output).contains("no sweep was run here"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_path_behind_watch_is_the_sweep() {
    let place = Place::new();
    place.freeze();
    place.ids().iter().for_each(|id| {
        give_up(&Folder::existing(place.scene.folder()), id);
    });
    let folder = place.scene.folder();
    let path = folder.to_str().expect("a path");
    for arguments in [["status", "--watch", path], ["status", "--watch=0.5", path]] {
        let output = ablate(&arguments, place.bin.path());
        expect_code(&output, 0);
        assert_eq!(stdout(&output), "0 of 4 trials done, 4 given up\n");
    }
}
