//! The loop against real processes: shell scripts that speak the protocol in the place of workers.

use super::*;
use crate::error::ExitCode;
use crate::fanout::attempts::Counted;
use crate::fanout::coordinator::{Coordinator, End, Work};
use crate::fanout::gpu::seats::PerGpu;
use crate::fanout::message::Hello;
use crate::fanout::progress::{Progress, Scope};
use crate::fanout::queue::{Entry, Queue, Stage};
use crate::fanout::supply::Supply;
use crate::outcome::Outcome;
use crate::plan::TrialId;
use std::sync::atomic::Ordering;

const FINISH: &str =
    r#"echo '{"say":"finished","outcome":"completed","metrics":{},"seconds":0.1}'"#;
/// Far longer than anything here takes: reached only when the supervisor hangs.
const NEVER: Duration = Duration::from_secs(600);

struct Plan {
    points: usize,
}

impl Plan {
    fn id(index: usize) -> TrialId {
        TrialId([index as u8; 32])
    }
}

impl Trials for Plan {
    fn trial(&self, index: usize) -> Trial {
        Trial {
            id: Self::id(index),
            device: crate::plan::Device::Cpu,
            index,
            point: index % self.points,
            seed: 0,
            axes: Vec::new(),
            config: Default::default(),
            data_digest: String::new(),
            image: [28, 28],
            needs: Vec::new(),
            evaluations: Vec::new(),
        }
    }
    fn points(&self) -> usize {
        self.points
    }
}

impl Work for Plan {
    fn refresh(&self, _queue: &mut Queue) -> Result<()> {
        Ok(())
    }
    fn snapshot(&self, _queue: &Queue) -> Result<()> {
        Ok(())
    }
}

/// What a run of the loop left.
struct After {
    end: Result<End>,
    queue: Queue,
    folder: Folder,
    _results: tempfile::TempDir,
}

impl After {
    fn failures(&self, index: usize) -> u32 {
        let counted = Counted::read(&self.folder).expect("readable");
        counted.of(&Plan::id(index).to_string())
    }

    fn classes(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.attempts()).expect("listed");
        let mut classes: Vec<_> = files
            .map(|file| std::fs::read(file.expect("entry").path()).expect("readable"))
            .filter_map(|text| serde_json::from_slice(&text).ok())
            .map(|attempt: crate::fanout::attempts::Attempt| attempt.class)
            .collect();
        classes.sort();
        classes
    }
}

/// Runs trials with workers that greet and then do `script` for every line they are sent. `$TMP` is a folder
/// that they share.
fn run(script: &str, trials: usize, points: usize, hang_after: Duration) -> After {
    let stop = Signals::default();
    run_until(script, trials, points, hang_after, &stop)
}

fn run_until(
    script: &str,
    trials: usize,
    points: usize,
    hang_after: Duration,
    stop: &Signals,
) -> After {
    let hello = serde_json::to_string(&FromWorker::Hello(Hello::ours())).expect("JSON");
    let script = format!("read -r line; echo '{hello}'; while read -r line; do {script}\ndone");
    supervise_shell(&script, trials, points, hang_after, stop)
}

/// Runs trials with this shell script in the place of a worker.
fn supervise_shell(
    script: &str,
    trials: usize,
    points: usize,
    hang_after: Duration,
    stop: &Signals,
) -> After {
    supervise_on(None, script, trials, points, hang_after, stop)
}

/// As above, on GPUs.
fn supervise_on(
    gpus: Option<Gpus>,
    script: &str,
    trials: usize,
    points: usize,
    hang_after: Duration,
    stop: &Signals,
) -> After {
    let results = tempfile::tempdir().expect("a folder");
    let folder = Folder::create(results.path(), "x").expect("made");
    let script = format!("TMP='{}'; {script}", results.path().display());
    let site = Site {
        rank: 0,
        folder: &folder,
        launch: Launch {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            name: "sh",
        },
        workers: 2,
        gpus,
        hang_after,
        checkpoint_every: Duration::from_secs(60),
        walltime: Walltime::default(),
        signals: stop,
    };
    let mut queue = Queue::new((0..trials).map(|index| Entry {
        stage: Stage::Trial,
        index,
        point: index % points,
        round: 0,
        cost: 1.0,
        failures: 0,
    }));
    let mut progress = Progress::lines(Scope::default(), Box::new(std::io::sink()));
    let work = Plan { points };
    let supply = Supply::Everything;
    let mut coordinator =
        Coordinator::new(&mut queue, supply, &work, &mut progress, stop, None, None);
    let calls = std::sync::mpsc::channel();
    supervise(&site, &work, &mut coordinator, calls).expect("workers are seen off");
    let end = coordinator.end();
    After {
        end,
        queue,
        folder,
        _results: results,
    }
}

#[test]
fn every_trial_is_trained_and_quiet_workers_leave_no_files() {
    let after = run(FINISH, 20, 20, NEVER);
    assert!(matches!(after.end, Ok(End::Drained)));
    assert_eq!(after.queue.finished(), 20);
    let left = |path| std::fs::read_dir(path).expect("listed").count();
    assert_eq!(left(after.folder.logs()) + left(after.folder.attempts()), 0);
}

#[test]
fn a_killed_worker_costs_one_attempt_and_the_trial_is_tried_again() {
    let script = format!(r#"if mkdir "$TMP/once" 2>/dev/null; then kill -KILL $$; fi; {FINISH}"#);
    let after = run(&script, 6, 6, NEVER);
    assert!(matches!(after.end, Ok(End::Drained)));
    assert_eq!(after.queue.finished(), 6);
    assert_eq!(after.classes(), ["SIGKILL"]);
}

#[test]
fn a_trial_that_always_crashes_is_given_up_after_three_attempts() {
    let after = run("echo 'last words' >&2; exit 0", 1, 1, NEVER);
    assert!(matches!(after.end, Ok(End::Drained)));
    assert_eq!((after.queue.quarantined(), after.failures(0)), (1, 3));
    assert_eq!(after.classes(), ["exit code 0 without a result"; 3]);
}

#[test]
fn a_machine_that_fails_every_trial_ends_the_run_and_blames_none() {
    let after = run("echo 'no such device' >&2; exit 9", 12, 12, NEVER);
    let error = after.end.as_ref().expect_err("the run ends").to_string();
    assert!(error.contains("no such device"), "{error}");
    assert_eq!(after.queue.quarantined(), 0);
    assert!((0..12).all(|index| after.failures(index) == 0));
    assert!(after.classes().len() >= 3, "the attempts stay on disk");
}

#[test]
fn a_silent_worker_is_killed_and_called_a_hang() {
    let script = format!(r#"if mkdir "$TMP/once" 2>/dev/null; then kill -STOP $$; fi; {FINISH}"#);
    let after = run(&script, 3, 3, Duration::from_secs(2));
    assert_eq!(after.queue.finished(), 3);
    assert_eq!(after.classes(), ["hang"]);
}

#[test]
fn a_worker_that_talks_nonsense_costs_one_attempt() {
    let script = format!(r#"if mkdir "$TMP/once" 2>/dev/null; then echo 'what?'; fi; {FINISH}"#);
    let after = run(&script, 3, 3, NEVER);
    assert_eq!(after.queue.finished(), 3);
    assert_eq!(after.classes(), ["not a message: what?"]);
}

#[test]
fn a_full_disk_ends_the_run_with_its_own_exit_code_and_blames_none() {
    let failed = r#"echo '{"say":"failed","blame":"run","message":"disk full","code":4}'"#;
    let after = run(failed, 4, 4, NEVER);
    let error = after.end.as_ref().expect_err("the run ends");
    assert_eq!(
        (error.to_string().as_str(), error.exit_code()),
        ("disk full", ExitCode::Io)
    );
    assert_eq!(after.classes(), [""; 0]);
}

#[test]
fn workers_that_cannot_start_end_the_run_with_their_last_words() {
    let stop = Signals::default();
    let after = supervise_shell(
        "echo 'cannot load libfoo' >&2; exit 127",
        4,
        4,
        NEVER,
        &stop,
    );
    let error = after.end.as_ref().expect_err("the run ends").to_string();
    assert!(error.contains("cannot load libfoo"), "{error}");
    assert_eq!(after.classes(), [""; 0]);
}

#[test]
fn a_stop_leaves_every_trial_unblamed_and_no_worker_behind() {
    let stop = Signals::default();
    let shared = tempfile::tempdir().expect("a folder");
    let pids = shared.path().join("pids");
    let script = format!(
        r#"case "$line" in
        *stop*) echo '{{"say":"stopped","step":7}}'; exit 0 ;;
        *) echo $$ >> '{}' ;;
        esac"#,
        pids.display()
    );
    let begun = || std::fs::read_to_string(&pids).unwrap_or_default();
    let after = std::thread::scope(|scope| {
        let runner = scope.spawn(|| run_until(&script, 5, 5, NEVER, &stop));
        while begun().lines().count() < 2 && !runner.is_finished() {
            std::thread::sleep(Duration::from_millis(10));
        }
        stop.stop.store(true, Ordering::Relaxed);
        runner.join().expect("no panic")
    });
    assert!(matches!(after.end, Ok(End::Stopped)));
    assert_eq!(after.queue.waiting(), 5);
    assert_eq!(after.classes(), [""; 0]);
    let interrupted = (0..5).filter(|i| after.queue.outcome(*i) == Some(Outcome::Interrupted));
    assert_eq!(interrupted.count(), 2);
    let alive = |pid: &str| std::path::Path::new("/proc").join(pid).exists();
    assert!(!begun().lines().any(alive));
}

/// A script's arguments are what a worker's would be: the number of its GPU is one of them.
fn on_gpus(per_gpu: PerGpu, script: &str, trials: usize) -> After {
    let gpus = Gpus {
        visible: vec![None, None, None],
        own: vec![0, 2],
        per_gpu,
        sampled_every: Duration::from_millis(20),
    };
    let hello = serde_json::to_string(&FromWorker::Hello(Hello::ours())).expect("JSON");
    let script = format!(
        "echo \"$0 $1\" >>\"$TMP/gpus\"; read -r line; echo '{hello}'; while read -r line; do {script}\ndone"
    );
    supervise_on(
        Some(gpus),
        &script,
        trials,
        trials,
        NEVER,
        &Signals::default(),
    )
}

impl After {
    fn gpus(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self._results.path().join("gpus")).expect("written");
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

#[test]
fn each_worker_is_told_its_gpu() {
    let slowly = format!("sleep 0.3; {FINISH}");
    let after = on_gpus(PerGpu::Fixed(1), &slowly, 4);
    assert_eq!(after.queue.finished(), 4);
    assert_eq!(after.gpus(), ["--gpu 0", "--gpu 2"]);
}

/// Here nvidia-smi tells nothing of their memory, so one worker each is what it stays at.
#[test]
fn a_measured_number_of_workers_begins_with_one_a_gpu() {
    let steps = format!(
        r#"for s in 1 2 3 4; do echo "{{\"say\":\"step\",\"step\":$s,\"steps\":4}}"; sleep 0.05; done; {FINISH}"#
    );
    let after = on_gpus(PerGpu::Measured { most: 4 }, &steps, 8);
    assert_eq!(after.queue.finished(), 8);
    assert_eq!(after.gpus(), ["--gpu 0", "--gpu 2"]);
}

#[test]
fn after_an_error_that_stays_with_its_process_a_worker_is_replaced() {
    let fatal = r#"echo '{"say":"failed","blame":"trial","message":"CUDA_ERROR_ILLEGAL_ADDRESS","code":70,"then":"leaves"}'; exit 0"#;
    let script =
        format!(r#"if mkdir "$TMP/once" 2>/dev/null; then {fatal}; fi; sleep 0.5; {FINISH}"#);
    let after = on_gpus(PerGpu::Fixed(1), &script, 6);
    assert_eq!(
        (after.queue.finished(), after.classes()),
        (6, vec!["error".to_owned()])
    );
    assert_eq!(
        after.gpus().len(),
        3,
        "two at first, and one in the place of the first"
    );
}

#[test]
fn what_a_gpu_has_no_room_for_has_its_class_and_costs_the_worker_nothing() {
    let full = r#"echo '{"say":"failed","blame":"trial","message":"conv2d: the GPU has no room for 99 bytes more","code":70}'"#;
    let script = format!(r#"if mkdir "$TMP/once" 2>/dev/null; then {full}; else {FINISH}; fi"#);
    let after = on_gpus(PerGpu::Fixed(1), &script, 3);
    assert_eq!(after.classes(), ["out of memory on the GPU"]);
    assert_eq!((after.queue.finished(), after.gpus().len()), (3, 2));
}
