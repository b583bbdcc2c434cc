//! Small sweeps, exported and read back.

use crate::common::{python_with, skip};
use crate::fixture::{self, folder, header, id, plan, trial};
use ablate::error::Result;
use ablate::export::tensorboard;
use ablate::outcome::Outcome;
use ablate::record::{
    Folder, PlannedEvaluations, PlannedTrial, SweepHeader, SweepRecord, TrialRecord, commit, merge,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// 2026-01-01T00:00:00Z, as `date -d 2026-01-01Z +%s` says.
pub const NEW_YEAR: f64 = 1_767_225_600.0;

/// A sweep of two trials that are done (the second diverged), one that waits, and an evaluation of the first.
pub fn sweep() -> (tempfile::TempDir, Folder) {
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

/// A sweep with these trials done.
pub fn made(
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

/// Exports to TensorBoard.
pub fn export(folder: &Folder, out: &Path) -> Result<usize> {
    tensorboard::write(&SweepRecord::open(&folder.sweep_h5())?, out, &|_| {})
}

/// Runs by folder as TensorBoard reads them; none where there is no TensorBoard.
pub fn read(out: &Path) -> Option<BTreeMap<String, Value>> {
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

/// Where the tests' scripts are.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a process wrote to standard error.
pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below a folder, relative, with its bytes.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
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
