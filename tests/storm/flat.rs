//! Memory and open files over thousands of tiny trials: what grows with each of them would end a long sweep.

use crate::scene::{Scene, sweeps};
use crate::weather::{all, workers};
use std::collections::BTreeMap;
use std::fs;

const TRIALS: usize = 5000;

/// What a trial may add to a process, in bytes: an outcome that the supervisor remembers, not a tensor or a network.
const PER_TRIAL: u64 = 2048;

/// The most that was seen of the processes of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Most {
    resident: u64,
    handles: usize,
}

impl Most {
    fn add(&mut self, pid: u32) {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        self.resident = self.resident.max(kib.unwrap_or(0) << 10);
        let handles = fs::read_dir(format!("/proc/{pid}/fd"));
        self.handles = self.handles.max(handles.map_or(0, Iterator::count));
    }
}

#[test]
fn memory_and_open_files_stay_flat_over_five_thousand_trials() {
    let scene = Scene::of(&sweeps::one_step(TRIALS));
    let log = tempfile::tempfile().expect("a file");
    let mut command = scene.command(&["--workers", "2"]);
    command
        .stdout(log.try_clone().expect("the file"))
        .stderr(log);
    let mut running = crate::scene::Running::new(&mut command);
    // The most of workers and of the supervisor, in each tenth of the sweep.
    let mut seen: BTreeMap<usize, [Most; 2]> = BTreeMap::new();
    let mut done = 0;
    while running.is_alive() {
        // Once all are done, they are packed, and fewer lie there: that is not the sweep any more.
        done = scene.committed().max(done);
        if done < TRIALS {
            let tenth = seen.entry(done * 10 / TRIALS).or_default();
            let trains = workers(&scene);
            for pid in all(&scene) {
                tenth[usize::from(!trains.contains(&pid))].add(pid);
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(running.end().status.success());
    // The first tenth warms up: data, kernels, allocator.
    let [early, late] = [1, 9].map(|tenth| seen.get(&tenth).copied().unwrap_or_default());
    for (kind, name) in ["a worker", "the supervisor"].into_iter().enumerate() {
        let (early, late) = (early[kind], late[kind]);
        crate::report(&format!(
            "{name} over {TRIALS} trials: {} KiB and {} open files after a tenth, {} KiB and {} at the end",
            early.resident >> 10,
            early.handles,
            late.resident >> 10,
            late.handles
        ));
        let least = early.resident.min(late.resident);
        assert!(least > 0, "{name} was seen: {seen:?}");
        // The supervisor makes sweep.h5 in memory, now and then meanwhile.
        let record = fs::metadata(scene.folder().join("sweep.h5")).expect("a record");
        let made = [0, record.len()][kind];
        let allowed = early.resident + PER_TRIAL * (TRIALS as u64 * 8 / 10) + made;
        assert!(late.resident <= allowed, "{name} grows: {seen:#?}");
        assert!(
            late.handles <= early.handles + 2,
            "{name} keeps files open: {seen:#?}"
        );
    }
}
