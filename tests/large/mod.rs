//! A large sweep on disk, made up: five factors, eight seeds, curves and pictures.

use ablate::outcome::{Outcome, Samples, Table, TrialResult};
use ablate::record::digest::Sum;
use ablate::record::{
    CompareRecord, Folder, PlannedEvaluations, PlannedTrial, SweepHeader, TrialRecord, commit,
    merge, shard,
};
use std::collections::BTreeMap;
use std::path::Path;

const AXES: [(&str, &[&str]); 5] = [
    ("model.skip.at", &["[]", "[7]", "[14]", "[28]", "[14,28]"]),
    ("model.depth", &["1", "2", "3", "4", "5"]),
    ("model.bottleneck", &["4", "8", "16", "32", "64"]),
    ("train.lr", &["0.0001", "0.001", "0.01"]),
    (
        "noise.kind",
        &[
            "\"salt_pepper\"",
            "\"uniform_walk\"",
            "\"gaussian\"",
            "\"none\"",
        ],
    ),
];

const SEEDS: usize = 8;

/// Commits and merges so many trials; the record is `<place>/large/sweep.h5`.
pub fn make(place: &Path, trials: usize) -> Folder {
    let folder = Folder::create(place, "large").expect("results folder");
    let mut plan = Vec::with_capacity(trials);
    for index in 0..trials {
        let record = trial(index);
        plan.push(PlannedTrial {
            id: record.id.clone(),
            index,
            seed: record.seed,
            axes: axes(index / SEEDS).0,
            otherwise: Outcome::Pending,
        });
        commit(&folder, &record).expect("committed");
        if index % 256 == 255 {
            shard(&folder).expect("packed");
        }
    }
    let header = SweepHeader {
        name: "large".into(),
        question: "Does a report of a large sweep still open?".into(),
        yaml: "name: large\n".into(),
        axes: AXES.map(|(path, _)| path.to_owned()).to_vec(),
        compare: Some(CompareRecord {
            baseline: [("model.skip.at".to_owned(), "[]".to_owned())].into(),
            metric: "test.bce".into(),
            expect: "lower".into(),
            margin: 0.0,
        }),
        evaluations: PlannedEvaluations::default(),
    };
    merge(&folder, &header, &plan).expect("merged");
    folder
}

/// The axis values of a point and the level of every axis.
fn axes(point: usize) -> (Vec<String>, Vec<usize>) {
    let mut rest = point;
    let of_axis = |(_, levels): &(&str, &[&str])| {
        let level = rest % levels.len();
        rest /= levels.len();
        (levels[level].to_owned(), level)
    };
    AXES.iter().map(of_axis).unzip()
}

fn trial(index: usize) -> TrialRecord {
    let (values, levels) = axes(index / SEEDS);
    let seed = index % SEEDS;
    let worth: f64 = levels
        .iter()
        .enumerate()
        .map(|(axis, level)| 0.003 * (axis + 1) as f64 * *level as f64)
        .sum();
    let chance = ((index * 7919 + seed * 104_729) % 1009) as f64 / 1009.0;
    let last = 0.3 - worth + 0.004 * chance + 0.002 * seed as f64;
    let mut epochs = Table::default();
    for epoch in 1..=20_u32 {
        let loss = last + 0.3 / f64::from(epoch);
        epochs.push(&[
            ("epoch", f64::from(epoch)),
            ("train_loss", loss - 0.01),
            ("test.bce", if epoch == 20 { last } else { loss }),
            ("test.psnr", 20.0 - 10.0 * loss),
            ("seconds", 0.4),
        ]);
    }
    let mut id = Sum::new("large sweep");
    id.integer(index as u64);
    let fields = AXES
        .iter()
        .zip(&values)
        .map(|((path, _), value)| format!("\"{path}\":{value}"));
    TrialRecord {
        id: id.hex(),
        seed: seed as u64,
        config: format!("{{{}}}", fields.collect::<Vec<_>>().join(",")),
        data_digest: "d".repeat(64),
        result: TrialResult {
            outcome: Outcome::Completed,
            message: String::new(),
            epochs,
            samples: vec![Samples {
                name: "output".into(),
                epochs: vec![5, 10, 20],
                shape: [8, 28, 28],
                pixels: (0..3 * 8 * 784)
                    .map(|pixel| ((pixel * (index + 1)) % 251) as u8)
                    .collect(),
            }],
            metrics: BTreeMap::from([
                ("test.bce".into(), last),
                ("test.psnr".into(), 20.0 - 10.0 * last),
            ]),
            parameters_digest: "p".repeat(64),
            weights: BTreeMap::new(),
            params: 10_000 + 1000 * levels.iter().sum::<usize>() as u64,
            macs: 1_000_000 + 50_000 * levels[1] as u64,
            wall_seconds: 5.0 + chance,
            dispatch: "avx2".into(),
        },
        environment: BTreeMap::from([
            ("device".into(), "cpu".into()),
            ("host".into(), "exp-1-01".into()),
        ]),
        attempt: 1,
        started: "2026-01-01T00:00:00Z".into(),
        ended: "2026-01-01T00:00:05Z".into(),
    }
}
