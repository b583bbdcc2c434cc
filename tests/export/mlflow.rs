//! The script for MLflow, run with real h5py.

use crate::common::{python_with, skip};
use crate::fixture::{id, trial};
use crate::made::{NEW_YEAR, errors, root, sweep};
use ablate::export::mlflow;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

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
