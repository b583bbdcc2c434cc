//! Small made-up trials.

use ablate::outcome::{Outcome, Samples, Table, TrialResult, Weight};
use ablate::record::{
    Folder, PlannedEvaluations, PlannedTrial, SweepHeader, TrialRecord, digest::Sum,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The id of made-up trial `number`.
pub fn id(number: u64) -> String {
    let mut sum = Sum::new("made-up trial");
    sum.integer(number);
    sum.hex()
}

/// A whole trial: three epochs with a missing cell, pictures, weights.
pub fn trial(number: u64) -> TrialRecord {
    let mut epochs = Table::default();
    for epoch in 1..=3_u32 {
        let loss = 1.0 / f64::from(epoch) + number as f64;
        epochs.push(&[
            ("epoch", f64::from(epoch)),
            ("train_loss", loss),
            ("seconds", 0.5),
        ]);
    }
    epochs.insert("test.bce", vec![f64::NAN, f64::NAN, 0.25]);
    let picture = |name: &str, times: Vec<u32>| Samples {
        pixels: (0..times.len() * 2 * 28 * 28)
            .map(|i| (i % 251) as u8)
            .collect(),
        name: name.into(),
        epochs: times,
        shape: [2, 28, 28],
    };
    TrialRecord {
        id: id(number),
        seed: number,
        config: r#"{"train.lr":0.001}"#.into(),
        data_digest: "d".repeat(64),
        result: TrialResult {
            outcome: Outcome::Completed,
            message: String::new(),
            epochs,
            samples: vec![picture("input", vec![0]), picture("output", vec![1, 3])],
            metrics: BTreeMap::from([("test.bce".into(), 0.25 + number as f64)]),
            parameters_digest: "p".repeat(64),
            weights: BTreeMap::from([(
                "encoder.0.weight".into(),
                Weight {
                    shape: vec![3, 3, 1, 2],
                    values: (0..18).map(|i| i as f32 * 0.5).collect(),
                },
            )]),
            params: 18,
            macs: 1000,
            wall_seconds: 1.5,
            dispatch: "avx2".into(),
        },
        environment: BTreeMap::from([
            ("device".into(), "cpu".into()),
            ("host".into(), "höst".into()),
        ]),
        attempt: 1,
        started: "2026-01-01T00:00:00Z".into(),
        ended: format!("2026-01-01T00:00:{:02}Z", number % 60),
    }
}

/// A folder for results that vanishes with the first value.
pub fn folder() -> (tempfile::TempDir, Folder) {
    // In memory where there is such a place: thousands of fsyncs take minutes on a slow disk.
    let memory = Path::new("/dev/shm");
    let place = match tempfile::tempdir_in(memory) {
        Ok(place) => place,
        Err(_) => tempfile::tempdir().expect("temporary folder"),
    };
    let folder = Folder::create(place.path(), "made-up").expect("results folder");
    (place, folder)
}

/// A header with two axes.
pub fn header() -> SweepHeader {
    SweepHeader {
        name: "made-up".into(),
        question: "Does it last?".into(),
        yaml: "name: made-up\n".into(),
        axes: vec!["train.lr".into(), "model.skip.at".into()],
        compare: None,
        evaluations: PlannedEvaluations::default(),
    }
}

/// The plan of trials `0..count`.
pub fn plan(count: u64) -> Vec<PlannedTrial> {
    let planned = |number: u64| PlannedTrial {
        id: id(number),
        index: number as usize,
        seed: number,
        axes: vec!["0.001".into(), format!("[{number}]")],
        otherwise: Outcome::Pending,
    };
    (0..count).map(planned).collect()
}

/// Names of the files in a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    files
}
