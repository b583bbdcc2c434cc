//! `ablate export` from outside: what TensorBoard's own reader and MLflow's client make of a record.

mod common;
#[path = "record/fixture.rs"]
#[allow(dead_code, reason = "made for the tests of the record")]
mod fixture;

use ablate::error::Result;
use ablate::export::{mlflow, tensorboard};
use ablate::outcome::Outcome;
use ablate::record::{
    Folder, PlannedEvaluations, PlannedTrial, SweepHeader, SweepRecord, TrialRecord, commit, merge,
};
use common::{python_with, skip};
use fixture::{folder, header, id, plan, trial};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output};

/// 2026-01-01T00:00:00Z, as `date -d 2026-01-01Z +%s` says.
const NEW_YEAR: f64 = 1_767_225_600.0;

/// A sweep of two trials that are done (the second diverged), one that waits, and an evaluation of the first.
fn sweep() -> (tempfile::TempDir, Folder) {
    let mut header = header();
    header.evaluations = PlannedEvaluations {
        axes: ["train.lr", "model.skip.at", "generate.steps"]
            .map(String::from)
            .into(),
        planned: vec![PlannedTrial {
            axes: ["0.001", "[0]", "50"].map(String::from).into(),
            id: id(9),
            ..plan(1).remove(0)
        }],
    };
    let mut diverged = trial(1);
    diverged.result.outcome = Outcome::Diverged;
    diverged.result.message = "train_loss became NaN in epoch 2".into();
    diverged.result.metrics.clear();
    let mut evaluation = trial(9);
    evaluation.result.epochs = Default::default();
    evaluation.result.samples.clear();
    made(&header, &[trial(0), diverged, evaluation], &plan(3))
}

fn made(
    header: &SweepHeader,
    trials: &[TrialRecord],
    plan: &[PlannedTrial],
) -> (tempfile::TempDir, Folder) {
    let (place, folder) = folder();
    for trial in trials {
        commit(&folder, trial).expect("commit");
    }
    merge(&folder, header, plan).expect("merge");
    (place, folder)
}

fn export(folder: &Folder, out: &Path) -> Result<usize> {
    tensorboard::write(&SweepRecord::open(&folder.sweep_h5())?, out, &|_| {})
}

/// Runs by folder as TensorBoard reads them; none where there is no TensorBoard.
fn read(out: &Path) -> Option<BTreeMap<String, Value>> {
    let Some(python) = python_with("tensorboard, numpy, PIL") else {
        skip(
            "reading event files with TensorBoard",
            "no Python with tensorboard (set ABLATE_TEST_PYTHON or run make test)",
        );
        return None;
    };
    let output = Command::new(python)
        .arg(root().join("tests/python/read_tensorboard.py"))
        .arg(out)
        .output()
        .expect("python");
    assert!(output.status.success(), "{}", errors(&output));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below a folder, relative, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for path in fixture::files(&next) {
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let relative = path.strip_prefix(folder).expect("below").to_owned();
                    found.insert(relative, fs::read(&path).expect("read"));
                }
            }
        }
    }
    found
}

/// Oracle: the fixture's numbers. The trial took 1.5 s and ended at midnight; its three epochs took 0.5 s each.
#[test]
fn tensorboard_reads_curves_final_numbers_and_their_times() {
    let (_place, folder) = sweep();
    let out = folder.root().join("tensorboard");
    assert_eq!(export(&folder, &out).expect("export"), 3);
    let Some(runs) = read(&out) else { return };
    let names: Vec<&str> = runs.keys().map(String::as_str).collect();
    let first = "lr-0.001-skip.at-[0]/seed-0";
    let second = "lr-0.001-skip.at-[1]/seed-1";
    let evaluation = "evaluations/lr-0.001-skip.at-[0]-steps-50/seed-0";
    assert_eq!(names, [".", evaluation, first, second]);

    let third = f64::from(1.0_f32 / 3.0);
    let at = |seconds: f64| NEW_YEAR + seconds;
    let scalars = &runs[first]["scalars"];
    assert_eq!(
        scalars["epochs/train_loss"],
        json!([[1, 1.0, at(-1.0)], [2, 0.5, at(-0.5)], [3, third, at(0.0)]])
    );
    assert_eq!(
        scalars["epochs/test.bce"],
        json!([[3, 0.25, at(0.0)]]),
        "missing values are left out"
    );
    assert!(scalars.get("epochs/epoch").is_none());
    assert_eq!(scalars["metrics/test.bce"], json!([[3, 0.25, at(0.0)]]));
    assert_eq!(scalars["metrics/params"], json!([[3, 18.0, at(0.0)]]));
    assert_eq!(scalars["metrics/macs"], json!([[3, 1000.0, at(0.0)]]));
    assert_eq!(scalars["metrics/wall_seconds"], json!([[3, 1.5, at(0.0)]]));
    assert!(runs[second]["scalars"].get("metrics/test.bce").is_none());
    assert_eq!(runs[evaluation]["scalars"]["metrics/test.bce"][0][1], 9.25);
}

#[test]
fn tensorboard_reads_the_pictures_pixel_by_pixel() {
    let (_place, folder) = sweep();
    let out = folder.root().join("tensorboard");
    export(&folder, &out).expect("export");
    let Some(runs) = read(&out) else { return };
    let images = &runs["lr-0.001-skip.at-[0]/seed-0"]["images"];
    assert_eq!(images["samples/input"][0][0], 0);
    let outputs = images["samples/output"].as_array().expect("events");
    let samples = &trial(0).result.samples[1];
    assert_eq!(outputs.len(), 2);
    for (index, event) in outputs.iter().enumerate() {
        assert_eq!(event[0], samples.epochs[index]);
        assert_eq!(event[2], json!([58, 28]));
        for (y, x) in [(0, 0), (27, 27), (3, 5)] {
            let pixel = |picture: usize| samples.pixels[((index * 2 + picture) * 28 + y) * 28 + x];
            assert_eq!(event[3][y][x], json!([pixel(0), 255]));
            assert_eq!(event[3][y][x + 30], json!([pixel(1), 255]));
        }
        assert_eq!(event[3][9][28], json!([0, 0]), "the gap is transparent");
    }
}

#[test]
fn the_hparams_plugin_reads_axes_seeds_metrics_and_how_runs_ended() {
    let (_place, folder) = sweep();
    let out = folder.root().join("tensorboard");
    export(&folder, &out).expect("export");
    let Some(runs) = read(&out) else { return };
    let experiment = &runs["."]["hparams"]["_hparams_/experiment"];
    assert_eq!(experiment["name"], "made-up");
    let text = |name: &str, domain: Value| json!({"name": name, "type": "DATA_TYPE_STRING", "domainDiscrete": domain});
    let number = |name: &str, domain: Value| json!({"name": name, "type": "DATA_TYPE_FLOAT64", "domainDiscrete": domain});
    assert_eq!(
        experiment["hparamInfos"],
        json!([
            number("train.lr", json!([0.001])),
            text("model.skip.at", json!(["[0]", "[1]"])),
            number("generate.steps", json!([50.0])),
            number("seed", json!([0.0, 1.0])),
        ])
    );
    let metric =
        |name: &str| json!({"name": {"tag": format!("metrics/{name}")}, "displayName": name});
    assert_eq!(
        experiment["metricInfos"],
        json!(["test.bce", "macs", "params", "wall_seconds"].map(metric))
    );
    let start = |run: &str| runs[run]["hparams"]["_hparams_/session_start_info"].clone();
    let end = |run: &str| runs[run]["hparams"]["_hparams_/session_end_info"]["status"].clone();
    let (first, second) = ("lr-0.001-skip.at-[0]/seed-0", "lr-0.001-skip.at-[1]/seed-1");
    assert_eq!(
        start(first),
        json!({"hparams": {"train.lr": 0.001, "model.skip.at": "[0]", "seed": 0.0}, "startTimeSecs": NEW_YEAR - 1.5})
    );
    let evaluation = start("evaluations/lr-0.001-skip.at-[0]-steps-50/seed-0");
    assert_eq!(evaluation["hparams"]["generate.steps"], 50.0);
    assert_eq!(
        (end(first), end(second)),
        ("STATUS_SUCCESS".into(), "STATUS_FAILURE".into())
    );

    assert_eq!(runs[first]["texts"]["config"], "    train.lr: 0.001\n");
    assert_eq!(
        runs[first]["texts"]["environment"],
        "    device: cpu\n    host: höst\n"
    );
    assert_eq!(
        runs[second]["texts"]["message"],
        "    train_loss became NaN in epoch 2\n"
    );
    assert_eq!(runs["."]["texts"]["question"], "    Does it last?\n");
    assert_eq!(runs["."]["texts"]["sweep"], "    name: made-up\n");
}

#[test]
fn the_same_record_gives_the_same_bytes_and_takes_the_place_of_what_was_there() {
    let (_place, folder) = sweep();
    let [one, other] = ["one", "other"].map(|name| folder.root().join(name));
    export(&folder, &one).expect("export");
    let first = files(&one);
    export(&folder, &other).expect("export");
    assert!(first == files(&other));
    // A trial that the plan lost takes its run with it.
    merge(&folder, &header(), &plan(1)).expect("merge");
    assert_eq!(export(&folder, &one).expect("export"), 1);
    let names = |files: BTreeMap<PathBuf, Vec<u8>>| files.into_keys().collect::<Vec<_>>();
    assert_eq!(
        names(files(&one)),
        [
            "ablate-export.json",
            "events.out.tfevents.ablate",
            "lr-0.001-skip.at-[0]/seed-0/events.out.tfevents.ablate"
        ]
        .map(PathBuf::from)
    );
    let temporary = fixture::files(folder.root())
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "tmp"));
    assert_eq!(temporary.count(), 0);
}

#[test]
fn what_no_export_made_is_not_touched() {
    let (_place, folder) = sweep();
    let out = folder.root().join("tensorboard");
    let refused = |reason: &str| {
        let before = files(folder.root());
        let error = export(&folder, &out).expect_err("refused").to_string();
        assert!(error.contains(reason) && error.contains("--out"), "{error}");
        assert!(files(folder.root()) == before);
    };
    fs::write(&out, "a file").expect("written");
    refused("is a file");
    fs::remove_file(&out).expect("removed");
    fs::create_dir(&out).expect("made");
    fs::write(out.join("events.out.tfevents.1.host"), "mine").expect("written");
    refused("no export of ablate");
    fs::remove_file(out.join("events.out.tfevents.1.host")).expect("removed");
    export(&folder, &out).expect("an empty folder is nobody's");
    fs::create_dir(out.join("pytorch")).expect("made");
    fs::write(out.join("pytorch/events.out.tfevents.1.host"), "mine").expect("written");
    refused("pytorch/events.out.tfevents.1.host");
    fs::remove_dir_all(out.join("pytorch")).expect("removed");
    let mut other = header();
    other.name = "other".into();
    merge(&folder, &other, &plan(1)).expect("merge");
    refused("another sweep, \"made-up\"");
}

#[test]
fn hostile_names_stay_below_the_folder_and_are_told_apart() {
    let texts = [
        "\"../../../outside\"",
        "\"..\\\\..\\\\outside\"",
        "\"/outside\"",
        "\"\\u001b[2J\\u202eoutside\"",
        "\"<script>alert(1)</script>\"",
        "\"[x](javascript:alert(1))\"",
        "\"a/b\"",
        "\"a:b\"",
        "\"A b\"",
    ];
    let header = SweepHeader {
        axes: vec!["..x<b>".into()],
        ..header()
    };
    let trials: Vec<TrialRecord> = (0..texts.len() as u64)
        .map(|number| {
            let mut trial = trial(number);
            trial.config = format!("{{\"..x<b>\":{}}}", texts[number as usize]);
            trial
        })
        .collect();
    let plan: Vec<PlannedTrial> = plan(texts.len() as u64)
        .into_iter()
        .map(|trial| PlannedTrial {
            axes: vec![texts[trial.index].into()],
            seed: 0,
            ..trial
        })
        .collect();
    let (_place, folder) = made(&header, &trials, &plan);
    let before = files(folder.root());
    let out = folder.root().join("tensorboard");
    export(&folder, &out).expect("export");
    let inside = files(&out);
    for path in inside.keys() {
        let text = path.to_str().expect("UTF-8");
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._+=[]-/".contains(c);
        let inert = |part| matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b"."));
        assert!(
            text.chars().all(allowed) && path.components().all(inert),
            "{text}"
        );
    }
    assert_eq!(inside.len(), texts.len() + 2, "one run a trial");
    assert_eq!(files(folder.root()).len(), before.len() + inside.len());
    let Some(runs) = read(&out) else { return };
    for (name, run) in &runs {
        let texts = run["texts"].as_object().expect("texts").values();
        for line in texts.flat_map(|text| text.as_str().expect("text").lines()) {
            assert!(
                line.starts_with("    ") && !line.contains(['\u{1b}', '\u{202e}']),
                "{name}: {line:?}"
            );
        }
    }
    // An escape that JSON wrote out (`\\u001b` with two strokes here) is text; one stroke would be the mark itself.
    let shown = json!(runs).to_string().replace("\\\\u", "");
    assert!(shown.contains("<script>"), "shown as text");
    assert!(!shown.contains("\\u001b") && !shown.contains('\u{202e}'));
}

/// A foreign record may say anything; TensorBoard must still read every event.
#[test]
fn numbers_that_cannot_be_are_no_times() {
    let mut odd = trial(0);
    odd.ended = "yesterday".into();
    odd.result.wall_seconds = f64::INFINITY;
    odd.result
        .epochs
        .insert("epoch", vec![f64::NAN, 1e300, -3.0]);
    odd.result
        .epochs
        .insert("seconds", vec![f64::NAN, f64::INFINITY, -1.0]);
    odd.result
        .epochs
        .insert("train_loss", vec![f64::INFINITY, 1e300, 2.0]);
    let (_place, folder) = made(&header(), &[odd], &plan(1));
    let out = folder.root().join("tensorboard");
    export(&folder, &out).expect("export");
    let Some(runs) = read(&out) else { return };
    let losses = &runs["lr-0.001-skip.at-[0]/seed-0"]["scalars"]["epochs/train_loss"];
    let losses = losses.as_array().expect("events");
    assert_eq!(losses[2], json!([-3, 2.0, 0.0]));
    assert_eq!(losses[0], json!([0, "inf", 0.0]));
}

fn ablate(arguments: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
    command
        .arg("export")
        .args(arguments)
        .output()
        .expect("ablate")
}

#[test]
fn the_command_says_what_to_do_next() {
    let (_place, folder) = sweep();
    let to = |tool| ablate(&[folder.root(), Path::new("--to"), Path::new(tool)]);
    let output = to("tensorboard");
    assert!(output.status.success(), "{}", errors(&output));
    let out = folder.root().join("tensorboard");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        text,
        format!("3 runs: tensorboard --logdir {}\n", out.display())
    );
    assert!(out.join("evaluations").is_dir());

    let output = to("mlflow");
    assert!(output.status.success(), "{}", errors(&output));
    let script = folder.root().join(mlflow::NAME);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains(&format!(
            "python {} {}",
            script.display(),
            folder.sweep_h5().display()
        )),
        "{text}"
    );
    assert!(to("mlflow").status.success(), "our own script is replaced");
    fs::write(&script, "print('mine')").expect("written");
    let output = to("mlflow");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&script).expect("read"), "print('mine')");
    let output = ablate(&[
        Path::new("/nowhere"),
        Path::new("--to"),
        Path::new("mlflow"),
    ]);
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
}

/// A disk of 16 kB with an older export on it, in a mount namespace of its own.
#[test]
fn a_full_disk_is_an_error_and_the_older_export_stays() {
    const SCRIPT: &str = r#"
        set -eu
        mount -t tmpfs -o size=16k none "$1"
        mkdir "$1/tb"
        echo '{"sweep":"made-up"}' > "$1/tb/ablate-export.json"
        code=0
        "$2" export "$3" --to tensorboard --out "$1/tb" >&2 || code=$?
        echo "$code" $(find "$1" -mindepth 1 | wc -l)
    "#;
    let (place, folder) = sweep();
    let disk = place.path().join("disk");
    fs::create_dir(&disk).expect("made");
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            SCRIPT,
            "sh",
        ])
        .args([
            &disk,
            Path::new(env!("CARGO_BIN_EXE_ablate")),
            folder.root(),
        ])
        .output()
        .expect("unshare is part of util-linux");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if out.is_empty() {
        return skip(
            "a full disk",
            &format!("a mount namespace: {}", errors(&output)),
        );
    }
    assert_eq!(out, "4 2\n", "{}", errors(&output));
    assert!(
        errors(&output).contains("free space"),
        "{}",
        errors(&output)
    );
}

/// Oracle: the fixture's numbers. The client is a fake with the signatures of MLflow's; it has trial 0 whole and trial 1 half.
#[test]
fn the_script_for_mlflow_logs_what_is_not_there_yet() {
    let Some(python) = python_with("h5py, numpy") else {
        return skip(
            "the script for MLflow",
            "no Python with h5py (set ABLATE_TEST_PYTHON or run make test)",
        );
    };
    let (place, folder) = sweep();
    let script = place.path().join(mlflow::NAME);
    mlflow::write(&script).expect("written");
    let told = place.path().join("told.json");
    let output = Command::new(python)
        .arg(&script)
        .arg(folder.sweep_h5())
        .args(["--uri", "sqlite:///x.db"])
        .env("PYTHONPATH", root().join("tests/python/fake_mlflow"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("FAKE_MLFLOW", &told)
        .env("FAKE_MLFLOW_HAS", format!("{},{}", id(0), id(1)))
        .output()
        .expect("python");
    assert!(output.status.success(), "{}", errors(&output));
    let told: Value = serde_json::from_slice(&fs::read(told).expect("told")).expect("JSON");
    assert_eq!(told["experiments"], json!(["made-up"]));
    assert_eq!(
        (&told["uri"], &told["deleted"]),
        (&json!("sqlite:///x.db"), &json!("old-1"))
    );
    let runs = told["runs"].as_object().expect("runs");
    let names: Vec<&Value> = runs.values().map(|run| &run["name"]).collect();
    assert_eq!(
        names,
        [
            "train.lr 0.001 · model.skip.at [1] · seed 1",
            "train.lr 0.001 · model.skip.at [0] · generate.steps 50 · seed 0"
        ]
    );
    let run = &runs["0"];
    assert_eq!(run["tags"]["ablate.id"], id(1));
    assert_eq!(
        (&run["tags"]["host"], &run["status"]),
        (&json!("höst"), &json!("FAILED"))
    );
    assert_eq!(run["params"], json!({"train.lr": "0.001", "seed": "1"}));
    let ended = (NEW_YEAR as u64 + 1) * 1000;
    assert_eq!(
        (&run["start"], &run["end"]),
        (&json!(ended - 1500), &json!(ended))
    );
    let metrics = run["metrics"].as_array().expect("metrics");
    assert!(metrics.contains(&json!(["epochs/train_loss", 1.5, ended - 500, 2])));
    assert!(metrics.contains(&json!(["metrics/params", 18.0, ended, 3])));
    assert!(metrics.iter().all(|metric| metric[1].is_number()), "no NaN");
    let samples = &trial(1).result.samples[1];
    let ink: u64 = samples.pixels[..2 * 784]
        .iter()
        .map(|pixel| u64::from(*pixel))
        .sum();
    assert_eq!(run["images"][1], json!(["output", 1, [28, 56], ink]));
    assert_eq!(runs["1"]["images"], json!([]));
}
