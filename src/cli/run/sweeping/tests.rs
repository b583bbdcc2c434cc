//! A plan, made-up results of its trials, and what the report says of them.

use super::*;
use crate::config::{DataConfig, DataFacts, Dataset};
use crate::outcome::{Table, TrialResult};
use crate::record::{SweepRecord, TrialRecord, commit};
use crate::report::Findings;
use std::collections::BTreeMap;
use std::path::Path;

fn facts(_: &DataConfig) -> Result<DataFacts> {
    Ok(DataFacts {
        dataset: Dataset::Mnist,
        image: [28, 28],
        train_available: 60_000,
        test_available: 10_000,
        classes: true,
        digest: "d".into(),
    })
}

/// A trial that is done: the metric is its seed, plus one where there is a skip.
fn made_up(trial: &Trial) -> TrialRecord {
    let skips = !trial.config.model.skip.at.is_empty();
    let metric = trial.seed as f64 + f64::from(u8::from(skips));
    TrialRecord {
        id: trial.id.to_string(),
        seed: trial.seed,
        config: trial.config.resolved(),
        data_digest: trial.data_digest.clone(),
        result: TrialResult {
            outcome: Outcome::Completed,
            message: String::new(),
            epochs: Table::default(),
            samples: Vec::new(),
            metrics: BTreeMap::from([("test.bce".into(), metric)]),
            parameters_digest: String::new(),
            weights: BTreeMap::new(),
            params: 1,
            macs: 1,
            wall_seconds: 1.0,
            dispatch: String::new(),
        },
        environment: BTreeMap::new(),
        attempt: 1,
        started: String::new(),
        ended: String::new(),
    }
}

/// Plans the sweep, commits every trial, merges, and reads what a report is made from.
fn recorded(yaml: &str, results: &Path) -> SweepRecord {
    let sweep = Sweep::parse("x.yaml", &format!("name: x\n{yaml}")).expect("a good sweep");
    let plan = Plan::build(&sweep, Plan::MAX_TRIALS, &facts).expect("a good plan");
    let folder = Folder::create(results, "x").expect("a folder");
    for index in 0..plan.len() {
        commit(&folder, &made_up(&plan.trial(index))).expect("committed");
    }
    let sweeping = Sweeping::new(&sweep, &plan, &folder).expect("readable");
    let queue = sweeping.queue().expect("readable");
    sweeping.snapshot(&queue).expect("merged");
    SweepRecord::open(&folder.sweep_h5()).expect("whole")
}

/// How many arms the report compares with their baselines.
fn compared(yaml: &str) -> usize {
    let results = tempfile::tempdir().expect("a folder");
    let record = recorded(yaml, results.path());
    let config = |id: &str| {
        let detail = record.details().ok()?.read(id).ok()?;
        serde_json::from_str(&detail.config).ok()
    };
    let findings = Findings::of(&record, &config);
    findings.comparisons.compared().count()
}

#[test]
fn a_baseline_with_a_value_that_has_no_effect_there_is_the_reports_baseline_too() {
    let yaml = "grid: { model.skip.at: [[], [14]], model.skip.mode: [concat, add] }\nseeds: 2\n\
        compare: { metric: test.bce, baseline: { model.skip.at: [], model.skip.mode: concat } }";
    assert_eq!(compared(yaml), 2);
}

#[test]
fn a_baseline_condition_that_every_point_meets_does_not_hide_the_baseline() {
    let yaml = "base: { train: { lr: 1e-3 } }\ngrid: { model.skip.at: [[], [14]] }\nseeds: 2\n\
        compare: { metric: test.bce, baseline: { model.skip.at: [], train.lr: 1e-3 } }";
    assert_eq!(compared(yaml), 1);
}

#[test]
fn networks_that_are_trained_first_are_counted() {
    let results = tempfile::tempdir().expect("a folder");
    let yaml = "name: x\nbase: { task: diffuse, model: { arch: unet, widths: [8] }, data: { train: 2048 } }\nseeds: 2";
    let sweep = Sweep::parse("x.yaml", yaml).expect("a good sweep");
    let plan = Plan::build(&sweep, Plan::MAX_TRIALS, &facts).expect("a good plan");
    assert_eq!((plan.len(), plan.artefacts().len()), (2, 1));
    let folder = Folder::create(results.path(), "x").expect("a folder");
    for done in 0..=plan.units() {
        if let Some(before) = done.checked_sub(1) {
            commit(&folder, &made_up(&plan.trial(before))).expect("committed");
        }
        let sweeping = Sweeping::new(&sweep, &plan, &folder).expect("readable");
        let queue = sweeping.queue().expect("readable");
        let scope = sweeping.scope(&queue);
        assert_eq!((scope.done, scope.trials), (done, 3));
        let text = sweeping.announcement(&queue, 1);
        let counts = format!(
            "2 trials and a network that they need trained first, {done} done, {} to do",
            3 - done
        );
        assert!(text.contains(&counts), "{text}");
    }
}
