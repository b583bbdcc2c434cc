//! `ablate run` from outside: placement does not matter, and running it again does only what is left.

mod launch;
mod scene;

use ablate::outcome::Outcome;
use launch::hand_over;
use scene::{Running, Scene, expect_code, is_alive, wait_until};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Whether a path below `folder` holds a file.
fn holds_files(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths = entries.map(|entry| entry.path());
    paths.any(|path| path.is_file() || holds_files(&path))
}

#[test]
fn results_do_not_depend_on_workers_or_threads() {
    let digests = |arguments: &[&str]| {
        let scene = Scene::new();
        scene.run(arguments, 0);
        scene.digests()
    };
    let serial = digests(&["--workers", "1", "--threads", "1"]);
    assert_eq!(serial.len(), 4);
    assert_eq!(digests(&["--workers", "2", "--threads", "1"]), serial);
    assert_eq!(digests(&["--workers", "1", "--threads", "2"]), serial);
    assert_eq!(digests(&["--workers", "3", "--threads", "3"]), serial);
}

/// Trials are handed out seed by seed, as the file has them.
#[test]
fn results_do_not_depend_on_the_order_of_trials() {
    let seen = |seeds: &str| {
        let scene = Scene::new();
        scene.with_seeds(seeds);
        let said = scene.run(&["--workers", "1"], 0).stderr;
        let said = String::from_utf8_lossy(&said).into_owned();
        let ends = said
            .lines()
            .filter_map(|line| line.split_once(": test.bce "));
        let labels = ends.filter_map(|(label, _)| label.split_once("] "));
        let order: Vec<_> = labels.map(|(_, label)| label.to_owned()).collect();
        (order, scene.digests())
    };
    let (order, digests) = seen("[0, 1, 2]");
    let (other, same) = seen("[2, 0, 1]");
    assert_eq!((order.len(), digests.len()), (6, 6));
    assert_ne!(other, order);
    assert_eq!(digests, same);
}

#[test]
fn a_finished_sweep_run_again_changes_nothing() {
    let scene = Scene::new();
    let first = scene.run(&["--workers", "2"], 0);
    assert!(String::from_utf8_lossy(&first.stdout).contains("report.html"));
    assert!(!holds_files(&scene.folder().join("checkpoints")));
    let files = scene.files();
    let began = Instant::now();
    let again = scene.run(&["--workers", "2"], 0);
    // The promise is 2 s (row 12); the rest is for a slow test machine.
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(again.stdout, first.stdout);
    let now = scene.files();
    let changed: Vec<_> = now
        .iter()
        .filter(|(path, file)| files.get(*path) != Some(*file))
        .map(|(path, _)| path)
        .collect();
    assert!(
        changed.is_empty() && now.len() == files.len(),
        "{changed:?}"
    );
}

#[test]
fn a_grown_grid_runs_only_the_new_points() {
    let scene = Scene::new();
    scene.run(&[], 0);
    let before = scene.digests();
    scene.write("[[], [14], [28]]", 3);
    let output = scene.run(&[], 0);
    let progress = String::from_utf8_lossy(&output.stderr);
    let trained: Vec<_> = progress
        .lines()
        .filter(|line| line.contains(" seed "))
        .collect();
    assert_eq!(trained.len(), 2, "{progress}");
    assert!(
        trained.iter().all(|line| line.contains("[28]")),
        "{progress}"
    );
    let after = scene.digests();
    assert_eq!(after.len(), 6);
    assert!(
        before
            .iter()
            .all(|(id, digest)| after.get(id) == Some(digest))
    );
}

#[test]
fn every_stop_signal_checkpoints_and_the_same_command_goes_on() {
    let oracle = Scene::slow();
    oracle.run(&[], 0);
    use rustix::process::Signal;
    for signal in [Signal::INT, Signal::TERM, Signal::USR1] {
        let scene = Scene::slow();
        let mut running = scene.start(&["--workers", "2"], 2);
        let workers = running.workers();
        running.signal(signal);
        let output = running.end();
        expect_code(&output, 75);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("run the same command again"), "{said}");
        assert!(!workers.into_iter().any(is_alive));
        assert!(holds_files(&scene.folder().join("checkpoints")));
        assert!(scene.failures().is_empty());
        let outcomes = scene.outcomes();
        assert_eq!(
            outcomes
                .iter()
                .filter(|o| **o == Outcome::Interrupted)
                .count(),
            2
        );
        scene.run(&["--workers", "2"], 0);
        assert_eq!(scene.digests(), oracle.digests());
    }
}

/// As `nohup` starts it, and as a shell does.
#[test]
fn a_hangup_stops_a_run_unless_it_was_to_be_ignored() {
    use rustix::process::Signal;
    for (with, stopped_by) in [
        ("--default-signal=HUP", Signal::HUP),
        ("--ignore-signal=HUP", Signal::TERM),
    ] {
        let scene = Scene::slow();
        let run = scene.command(&["--workers", "2"]);
        let mut command = Command::new("env");
        hand_over(command.arg(with), &run);
        let mut running = scene.catch(Running::new(&mut command), 2);
        running.signal(Signal::HUP);
        if stopped_by != Signal::HUP {
            let before = scene.committed();
            wait_until("another trial is done", || scene.committed() > before);
            assert!(running.is_alive());
            running.signal(stopped_by);
        }
        expect_code(&running.end(), 75);
        assert!(scene.failures().is_empty());
    }
}

/// A log on a full disk (`/dev/full`) stops nothing.
#[test]
fn a_run_whose_words_cannot_be_written_trains_all() {
    let oracle = Scene::new();
    oracle.run(&[], 0);
    let scene = Scene::new();
    let full = || {
        fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full")
    };
    let mut run = scene.command(&[]);
    // There is something to warn of: no compare.
    let status = run.stdout(full()).stderr(full()).status().expect("started");
    assert_eq!(status.code(), Some(0));
    assert_eq!(scene.digests(), oracle.digests());
    // Damage is told by another way.
    let trial = fs::read_dir(scene.folder().join("trials"))
        .expect("listed")
        .next();
    fs::write(trial.expect("a trial").expect("entry").path(), "damaged").expect("written");
    let status = scene.command(&[]).stdout(full()).stderr(full()).status();
    assert_eq!(status.expect("started").code(), Some(0));
    assert_eq!(scene.digests(), oracle.digests());
}

#[test]
fn a_second_ctrl_c_ends_everything_at_once_and_harms_nothing() {
    use rustix::process::Signal;
    let scene = Scene::slow();
    let mut running = scene.start(&["--workers", "2"], 2);
    let workers = running.workers();
    // Workers that are stopped by force cannot answer the first one.
    workers
        .iter()
        .for_each(|pid| scene::kill(*pid, Signal::STOP));
    wait_until("Ctrl-C ends it", || {
        running.signal(Signal::INT);
        !running.is_alive()
    });
    expect_code(&running.end(), 75);
    wait_until("no worker is left", || {
        !workers.iter().any(|pid| is_alive(*pid))
    });
    scene.run(&["--workers", "2"], 0);
    assert_eq!(scene.digests().len(), 4);
    assert!(scene.failures().is_empty());
}

/// The baseline, the arm with a skip, as wide a net without, and the same net with zeros: all paired with the baseline.
#[test]
fn controls_are_trained_and_compared_like_every_arm() {
    let scene = Scene::of(
        "name: tiny\n\
         base:\n  \
           data: { dataset: digits, train: 64, test: 16 }\n  \
           model: { widths: [4, 8], bottleneck: 4 }\n  \
           train: { epochs: 1, batch: 32 }\n\
         grid: { model.skip.at: [[], [14, 28]] }\n\
         controls: [matched_parameters, zero_skip]\n\
         seeds: 2\n\
         compare: { baseline: { model.skip.at: [] }, metric: test.bce }\n",
    );
    scene.run(&["--workers", "2"], 0);
    let record = scene.record();
    assert_eq!(record.axes, ["model.skip.at", "control"]);
    let rows: Vec<_> = record.trials.iter().step_by(2).collect();
    let kinds: Vec<_> = rows.iter().map(|row| row.axes[1].as_str()).collect();
    assert_eq!(
        kinds,
        [
            "\"none\"",
            "\"none\"",
            "\"matched_parameters\"",
            "\"zero_skip\""
        ]
    );
    assert!(rows[1..].iter().all(|row| row.axes[0] == "[14,28]"));
    // Parameters of 3×3 convolutions 1→4→8→4→8→4→1, and of joins of 8 more at 14×14 and 4 more at 28×28.
    let convolutions = [(1, 4), (4, 8), (8, 4), (4, 8), (8, 4), (4, 1)];
    let plain: u64 = convolutions.iter().map(|(i, o)| 9 * i * o + o).sum();
    let edited = plain + 9 * 8 * 4 + 9 * 4;
    let params: Vec<_> = rows.iter().map(|row| row.params).collect();
    assert_eq!([params[0], params[1], params[3]], [plain, edited, edited]);
    assert!(params[2] > plain, "{params:?}");
    let page = fs::read_to_string(scene.folder().join("report.md")).expect("a report");
    for kind in ["matched\\_parameters", "zero\\_skip"] {
        let lines = page.lines().filter(|line| line.starts_with('|'));
        // One row among the arms, one beside the arm that it controls.
        let rows = lines.filter(|line| line.contains(kind)).collect::<Vec<_>>();
        assert_eq!(rows.len(), 2, "{page}");
        assert!(!rows[0].contains("no baseline"), "{page}");
        let beside = format!("| skip.at [14, 28] | {kind} | ");
        assert!(rows[1].starts_with(&beside), "{page}");
    }
    let csv = fs::read_to_string(scene.folder().join("trials.csv")).expect("a table");
    assert_eq!(csv.matches(",zero_skip,").count(), 2, "{csv}");
    assert!(csv.lines().next().expect("a heading").contains(",control,"));
    let again = scene.run(&[], 0);
    assert!(!String::from_utf8_lossy(&again.stderr).contains(" seed "));
}
