//! `ablate status` and `ablate logs` from outside.

mod common;
mod scene;

use ablate::fanout::claims::{Claims, LEASE, plan_digest};
use ablate::fanout::status::{About, Now, Reporter, Running, State};
use ablate::record::Folder;
use scene::{Scene, expect_code, is_alive, wait_until};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// `ablate` with these arguments; Slurm is looked for only in `bin`.
fn ablate(arguments: &[&str], bin: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
    command
        .args(arguments)
        .env("PATH", bin)
        .output()
        .expect("started")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

struct Place {
    scene: Scene,
    bin: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            scene: Scene::new(),
            bin: tempfile::tempdir().expect("a folder"),
        }
    }

    fn results(&self) -> PathBuf {
        self.scene.folder().parent().expect("results").to_owned()
    }

    fn yaml(&self) -> PathBuf {
        self.results().parent().expect("root").join("tiny.yaml")
    }

    fn status(&self, arguments: &[&str], code: i32) -> String {
        let folder = self.scene.folder();
        let path = folder.to_str().expect("a path");
        let output = ablate(&[&["status", path], arguments].concat(), self.bin.path());
        expect_code(&output, code);
        stdout(&output)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.status(&["--json"], 0)).expect("JSON")
    }

    fn logs(&self, arguments: &[&str]) -> Output {
        let results = self.results();
        let results = ["--results", results.to_str().expect("a path")];
        ablate(&[&["logs"], arguments, &results].concat(), self.bin.path())
    }

    /// The ids of the trials, by position.
    fn ids(&self) -> Vec<String> {
        let yaml = self.yaml();
        let output = ablate(
            &["plan", yaml.to_str().expect("a path"), "--json"],
            self.bin.path(),
        );
        let plan: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        let arms = plan["arms"].as_array().expect("arms").iter();
        let ids = arms.flat_map(|arm| arm["ids"].as_array().expect("ids"));
        ids.map(|id| id.as_str().expect("an id").to_owned())
            .collect()
    }

    /// As a run that was stopped before it did anything.
    fn freeze(&self) -> Folder {
        let folder = Folder::create(&self.results(), "tiny").expect("made");
        fs::copy(self.yaml(), folder.sweep_yaml()).expect("frozen");
        folder
    }

    fn squeue(&self, script: &str) {
        let path = self.bin.path().join("squeue");
        common::program(&path, format!("#!/bin/sh\n{script}\n"));
    }
}

/// Three attempts of a trial that count.
fn give_up(folder: &Folder, id: &str) {
    for number in 1..=3 {
        let text = format!(
            r#"{{"id":"{id}","class":"panic","message":"at number {number}\u001b[2J","log":"/elsewhere/worker-1.log","host":"exp-1","pid":7,"time":"2026-01-01T00:00:00Z"}}"#
        );
        fs::write(folder.attempts().join(format!("{id}.{number}.json")), text).expect("written");
    }
}

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
fn living_runners_and_slurms_queue_are_shown_side_by_side() {
    let place = Place::new();
    let folder = place.freeze();
    let ids = place.ids();
    let plan = plan_digest(&ids);
    let claims = Claims::join(&folder, &plan, LEASE).expect("joined");
    let about = About {
        slurm_job_id: Some("12".into()),
        ..About::this(claims.runner(), &plan, 2, 3, ids.len())
    };
    let running = |index: usize| Running {
        index,
        id: ids[index].clone(),
        label: "x".into(),
        rank: 1,
        part: 0.25,
        ..Running::default()
    };
    let now = Now {
        running: vec![running(1), running(2)],
        state: State::Running,
        ..Now::default()
    };
    Reporter::new(&folder, about).expect("made").write(now);
    let submitted = folder.submitted().join("1");
    fs::create_dir_all(&submitted).expect("made");
    fs::write(
        submitted.join("jobs.json"),
        r#"{"jobs":[{"id":"12"},{"id":"13"}]}"#,
    )
    .expect("written");

    // Without Slurm first.
    let text = place.status(&[], 0);
    assert!(
        text.contains("0 of 4 trials done, 2 running, 2 waiting"),
        "{text}"
    );
    assert!(text.contains(&format!("{} 25 %", &ids[1][..8])), "{text}");

    place.squeue(
        r#"[ "$*" = '-h -j 12,13 -o %i %T %M %L %R' ] || exit 9
echo '12 RUNNING 1:00 59:00 exp-1'
echo '13 NEWSTATE 0:00 1:00:00 (Some reason)'
echo 'slurm_load_jobs error: Invalid job id specified' >&2
exit 1"#,
    );
    let text = place.status(&[], 0);
    assert!(text.contains("12: RUNNING, 59:00 left"), "{text}");
    assert!(
        text.contains("Slurm job 13: NEWSTATE (Some reason)"),
        "{text}"
    );
    let json = place.json();
    assert_eq!(json["runners"][0]["presence"], "alive");
    assert_eq!(json["slurm"][1]["state"], "NEWSTATE");

    drop(claims);
    let json = place.json();
    assert_eq!(json["runners"][0]["presence"], "left");
    assert_eq!(json["trials"]["running"], 0);
}

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

/// The training loss of the first trial in training: its id, and the curve.
fn live_curve(status: &Value) -> Option<(String, Vec<(u64, f64)>)> {
    let trial = &status["running"][0];
    let points = trial["curves"]["train_loss"].as_array()?;
    let point = |point: &Value| Some((point[0].as_u64()?, point[1].as_f64()?));
    let points: Option<Vec<_>> = points.iter().map(point).collect();
    Some((trial["id"].as_str()?.to_owned(), points?))
}

#[test]
fn a_curve_grows_while_its_trial_trains_and_looking_changes_nothing() {
    let place = Place::new();
    // Nobody sees the end of these.
    place.scene.write("[[], [14]]", 100_000);
    let mut run = place.scene.start(&["--workers", "1"], 1);
    let mut seen = None;
    wait_until("the curve grows", || {
        assert!(run.is_alive(), "the run ended before it was seen");
        let json = place.json();
        let Some((id, curve)) = live_curve(&json) else {
            return false;
        };
        assert!(curve.len() <= 60 && curve.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(curve[0].0, 1);
        let trial = &json["running"][0];
        let last = curve.last().map(|(epoch, _)| *epoch);
        assert_eq!(
            (trial["epoch"].as_u64(), &trial["epochs"]),
            (last, &100_000.into())
        );
        let (known, before) = seen.get_or_insert((id.clone(), last));
        assert_eq!(*known, id);
        last > *before
    });
    let text = place.status(&[], 0);
    assert!(text.contains("test.bce by epoch, mean of seeds"), "{text}");
    assert!(text.contains(" of 100000: 0."), "{text}");
    let workers = run.workers();
    drop(run);
    wait_until("its workers are gone", || {
        !workers.iter().any(|worker| is_alive(*worker))
    });

    let before = place.scene.files();
    let text = place.status(&[], 0);
    assert!(
        text.contains("no runner is alive: it will not finish by itself\n"),
        "{text}"
    );
    assert!(before == place.scene.files(), "looking writes nothing");
}

#[test]
fn the_end_is_projected_from_what_was_measured_and_who_works() {
    let place = Place::new();
    place.scene.run(&[], 0);
    assert_eq!(place.json()["projection"], json!({"state": "finished"}));
    // One arm more: two trials, of which nothing is measured but what others took.
    place.scene.write("[[], [14], [28]]", 3);
    let folder = place.freeze();
    let projection = place.json()["projection"].clone();
    assert_eq!(projection["state"], "nobody");
    let of_one = projection["worker_seconds"].as_f64().expect("seconds");
    assert!(of_one > 0.0);

    let ids = place.ids();
    let plan = plan_digest(&ids);
    let claims = Claims::join(&folder, &plan, LEASE).expect("joined");
    let about = About::this(claims.runner(), &plan, 1, 2, ids.len());
    Reporter::new(&folder, about)
        .expect("made")
        .write(Now::default());
    let projection = place.json()["projection"].clone();
    assert_eq!(projection["state"], "projected");
    assert_eq!(projection["workers"], 2);
    let at = projection["at"].as_str().expect("a time");
    assert!(
        at.len() == "2026-01-01T00:00:00Z".len() && at.ends_with('Z'),
        "{at}"
    );
    // Both trials have equal costs, so two workers take half the time.
    let seconds = projection["seconds"].as_f64().expect("seconds");
    assert!((seconds - of_one / 2.0).abs() < 1e-6, "{seconds} {of_one}");
    let text = place.status(&[], 0);
    assert!(
        text.contains(" left, at ") && text.contains("(2 workers)"),
        "{text}"
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

#[test]
fn what_a_damaged_or_hostile_status_says_harms_nobody() {
    let place = Place::new();
    let folder = place.freeze();
    let ids = place.ids();
    let plan = plan_digest(&ids);
    let claims = Claims::join(&folder, &plan, LEASE).expect("joined");
    let about = About::this(claims.runner(), &plan, usize::MAX, usize::MAX, 0);
    let curve = |values: [f64; 2]| vec![(1, values[0]), (u64::MAX, values[1])];
    let running = |index: usize, values| Running {
        index,
        id: ids[index % ids.len()].clone(),
        label: "\u{1b}]0;owned\u{7}".into(),
        part: 1e300,
        from: -1.0,
        seconds: f64::MAX,
        epoch: u64::MAX,
        epochs: u64::MAX,
        curves: [("train_loss".to_owned(), curve(values))].into(),
        ..Running::default()
    };
    let now = Now {
        running: vec![
            running(0, [f64::MAX, f64::MIN]),
            running(1, [f64::MIN_POSITIVE, f64::MAX]),
            running(2, [0.0, -0.0]),
            running(usize::MAX, [1.0, 2.0]),
        ],
        ..Now::default()
    };
    Reporter::new(&folder, about).expect("made").write(now);
    for (name, bytes) in [
        ("a.1.00000000.json", &b"{\"format\":1}"[..]),
        ("b.1.00000000.json", &[0xff, 0x00, 0x1b][..]),
        ("c.1.00000000.json", b"[[[[[[[[[[[[[[[["),
    ] {
        fs::write(folder.status().join(name), bytes).expect("written");
    }
    let text = place.status(&[], 0);
    assert!(
        text.contains("0 of 4 trials done, 3 running, 1 waiting"),
        "{text}"
    );
    let acts = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(acts), "{text:?}");
    let json = place.json();
    assert_eq!(json["running"].as_array().map(Vec::len), Some(3));
    assert_eq!(json["running"][0]["part"], 1.0);
}
