//! Row 17 of the promises: who reads sweep.h5, trial files and shards beside runs that live and die opens whole files only, every time.

mod common;
#[path = "record/fixture.rs"]
#[allow(dead_code, reason = "the record's tests take the rest")]
mod fixture;
mod reading;
mod scene;

use ablate::record::{commit, merge, shard};
use reading::Reader;
use rustix::process::Signal;
use scene::{Scene, wait_until};

#[test]
fn every_visible_file_opens_beside_a_run_that_is_killed_and_goes_on() {
    let scene = Scene::slow();
    let Some(reader) = Reader::start(&scene.folder()) else {
        return;
    };
    let options = ["--workers", "2"];
    let mut killed = scene.launch(&options);
    wait_until("a trial is committed", || scene.committed() > 0);
    killed.signal(Signal::KILL);
    killed.end();
    scene.run(&options, 0);
    let (failed, [sweep, trials, _]) = reader.stop();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(sweep >= 1 && trials >= 4, "{sweep} and {trials} looks");
}

#[test]
fn every_visible_file_opens_while_trials_are_committed_packed_and_merged() {
    let (_place, folder) = fixture::folder();
    let Some(reader) = Reader::start(folder.root()) else {
        return;
    };
    for part in 0..2 {
        for number in part * 256..(part + 1) * 256 {
            let mut record = fixture::trial(number);
            record.result.samples.truncate(1);
            commit(&folder, &record).expect("commit");
        }
        let plan = fixture::plan((part + 1) * 256);
        merge(&folder, &fixture::header(), &plan).expect("merge");
        shard(&folder).expect("shard");
    }
    let (failed, [sweep, _, shards]) = reader.stop();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(sweep >= 1 && shards >= 2, "{sweep} and {shards} looks");
}

#[test]
fn a_visible_file_that_is_half_written_is_told() {
    let (_place, folder) = fixture::folder();
    commit(&folder, &fixture::trial(1)).expect("commit");
    let path = folder.trial(&fixture::id(1));
    let whole = std::fs::read(&path).expect("read");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
    if let Some(reader) = Reader::start(folder.root()) {
        let (failed, _) = reader.stop();
        assert!(failed[0].contains(&fixture::id(1)), "{failed:#?}");
    }
}
