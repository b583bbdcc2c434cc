//! The script for MLflow, run with real h5py.

use crate::common::{python_with, skip};
use crate::fixture::{header, id, plan, trial};
use crate::made::{NEW_YEAR, errors, made, root, sweep};
use ablate::export::mlflow;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the script with a fake of MLflow, which leaves `told.json` in `place`.
fn run(python: &Path, place: &Path, record: &Path) -> Output {
    let script = place.join(mlflow::NAME);
    mlflow::write(&script).expect("written");
    Command::new(python)
        .arg(&script)
        .arg(record)
        .args(["--uri", "sqlite:///x.db"])
        .env("PYTHONPATH", root().join("tests/python/fake_mlflow"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("FAKE_MLFLOW", place.join("told.json"))
        .env("FAKE_MLFLOW_HAS", format!("{},{}", id(0), id(1)))
        .output()
        .expect("python")
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
    let told = place.path().join("told.json");
    let output = run(&python, place.path(), &folder.sweep_h5());
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

/// Oracle: the seal's CRC-32, by Python's zlib. HDF5 itself would read such a file.
#[test]
fn the_script_for_mlflow_refuses_a_damaged_record() {
    let Some(python) = python_with("h5py, numpy") else {
        return skip("the script for MLflow", "no Python with h5py");
    };
    let (place, folder) = sweep();
    let file = folder.sweep_h5();
    let whole = fs::read(&file).expect("read");
    let mut bit = whole.clone();
    let last = bit.len() - 1;
    bit[last] ^= 1;
    let longer = [&whole[..], b"x"].concat();
    let foreign = [&b"something else\n"[..], &whole[15..]].concat();
    for (bytes, reason) in [
        (bit, "is damaged"),
        (longer, "is damaged"),
        (foreign, "is no sweep.h5"),
    ] {
        fs::write(&file, bytes).expect("written");
        let output = run(&python, place.path(), &file);
        let said = errors(&output);
        assert!(!output.status.success() && said.contains(reason), "{said}");
        assert!(!said.contains("Traceback"), "{said}");
        assert!(!place.path().join("told.json").exists(), "before MLflow");
    }
}

/// Oracle: results/README.md: what a trial cost is 0 where it is not known.
#[test]
fn the_script_for_mlflow_logs_no_unknown_costs() {
    let Some(python) = python_with("h5py, numpy") else {
        return skip("the script for MLflow", "no Python with h5py");
    };
    let mut unknown = trial(5);
    (unknown.result.params, unknown.result.macs) = (0, 0);
    let mut planned = plan(1);
    planned[0].id = id(5);
    let (place, folder) = made(&header(), &[unknown], &planned);
    let output = run(&python, place.path(), &folder.sweep_h5());
    assert!(output.status.success(), "{}", errors(&output));
    let told = fs::read(place.path().join("told.json")).expect("told");
    let told: Value = serde_json::from_slice(&told).expect("JSON");
    let metrics = told["runs"]["0"]["metrics"].as_array().expect("metrics");
    let names: Vec<&Value> = metrics.iter().map(|metric| &metric[0]).collect();
    assert!(names.contains(&&json!("metrics/wall_seconds")), "{names:?}");
    for cost in ["metrics/params", "metrics/macs"] {
        assert!(!names.contains(&&json!(cost)), "{names:?}");
    }
}
