//! Row 6: a trial that writes 10 GB to its log, each time that it is tried, fills no disk and harms nobody else.

use crate::scene::{HANG, Running, Scene};
use crate::weather::files_below;
use ablate::outcome::Outcome;
use std::fs;
use std::time::{Duration, Instant};

/// What the results may take at any instant: a head of 1 MiB and a tail of each attempt's log, and the results.
const MOST: u64 = 16 << 20;

#[test]
fn a_trial_that_logs_ten_gigabytes_fills_no_disk_and_harms_no_other() {
    let calm = Scene::new();
    calm.run(&["--workers", "1"], 0);
    let scene = Scene::new();
    let mut command = scene.command(&["--workers", "2"]);
    let mut running = Running::new(command.env("ABLATE_FAULT", "deluge@2,panic@2"));
    let began = Instant::now();
    let mut most = 0;
    while running.is_alive() {
        assert!(began.elapsed() < HANG * 4, "it does not end");
        let files = files_below(scene.folder()).into_iter();
        let bytes = files.filter_map(|path| Some(fs::metadata(path).ok()?.len()));
        most = most.max(bytes.sum());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(running.end().status.code(), Some(1));
    crate::report(&format!(
        "a log of 10 GiB, three times: {} s, at most {} KiB in the results folder",
        began.elapsed().as_secs(),
        most >> 10
    ));
    assert!(most < MOST, "{most} bytes");
    assert_eq!(scene.failures(), ["panic"; 3]);
    let mut outcomes = [Outcome::Completed; 4];
    outcomes[2] = Outcome::Quarantined;
    assert_eq!(scene.outcomes(), outcomes);
    let calm = calm.digests();
    let digests = scene.digests();
    assert_eq!(digests.len(), 3);
    assert!(
        digests
            .iter()
            .all(|(id, digest)| calm.get(id) == Some(digest))
    );
}
