//! Row 21 of the promises: random changes to HDF5 files under a good seal, some thousands. `ABLATE_STORM_SEED` is the first, and with
//! `ABLATE_STORM_RUNS=1` the only one; three files a seed, and twenty seeds for each run.

use crate::den::Den;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn no_random_change_to_a_record_hurts() {
    let first = crate::number("ABLATE_STORM_SEED", 1);
    let runs = crate::number("ABLATE_STORM_RUNS", 50);
    let seeds = if runs == 1 { 1 } else { 20 * runs };
    let (next, wrong) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(8);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let den = Den::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds {
                        return;
                    }
                    for (which, what) in den.mutated(seed) {
                        eprintln!("ABLATE_STORM_SEED={seed}: {which:?}: {what}");
                        wrong.lock().expect("no panic").push(seed);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    crate::report(&format!(
        "random changes to records: {} files, {} violations",
        3 * seeds,
        wrong.len()
    ));
    assert!(wrong.is_empty(), "seeds {wrong:?}, above");
}
