//! The report of a large sweep: a page that still opens, and says what it leaves out.

mod large;

use ablate::record::SweepRecord;
use ablate::report;

/// 1,000 trials in 125 arms: more than are drawn.
#[test]
fn the_page_of_a_large_sweep_stays_small_and_says_what_it_leaves_out() {
    let place = tempfile::tempdir().expect("folder");
    let folder = large::make(place.path(), 1000);
    let record = SweepRecord::open(&folder.sweep_h5()).expect("record");
    report::write(&folder, &record, &report::Format::ALL).expect("report");
    let html = std::fs::read_to_string(folder.report("report.html")).expect("page");
    assert!(html.len() < 10_000_000, "{} bytes", html.len());
    assert!(html.contains("Of 125 arms 40 are drawn"));
    assert!(html.contains("1000 trials planned = 1000 completed"));
    let csv = std::fs::read_to_string(folder.report("trials.csv")).expect("table");
    assert_eq!(csv.lines().count(), 1001, "nothing is left out here");
}
