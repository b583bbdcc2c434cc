//! A plan, made-up results of its trials, and what the report says of them.

use super::*;
use crate::config::{DataConfig, DataFacts, Dataset};
use crate::outcome::{Table, TrialResult};
use crate::record::{SweepRecord, TrialRecord, commit};
use crate::report::Findings;
use crate::report::controls::Beside;
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
    let cost = model::cost(&trial.config.model, trial.image);
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
            params: cost.params,
            macs: cost.macs,
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

/// What the report finds in a record.
fn findings(record: &SweepRecord) -> Findings<'_> {
    let config = |id: &str| {
        let detail = record.details().ok()?.read(id).ok()?;
        serde_json::from_str(&detail.config).ok()
    };
    Findings::of(record, &config)
}

/// How many arms the report compares with their baselines.
fn compared(yaml: &str) -> usize {
    let results = tempfile::tempdir().expect("a folder");
    let record = recorded(yaml, results.path());
    findings(&record).comparisons.compared().count()
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
        let scope = sweeping.scope();
        assert_eq!((scope.done, scope.trials), (done, 3));
        let text = sweeping.announcement(&queue, 1);
        let counts = format!(
            "2 trials and a network that they need trained first, {done} done, {} to do",
            3 - done
        );
        assert!(text.contains(&counts), "{text}");
    }
}

/// Made-up results: the metric is one above the seed where there is a skip, zeros or not, and the seed elsewhere.
#[test]
fn controls_are_compared_with_the_baseline_and_judged_by_nobody() {
    let yaml = "grid: { model.skip.at: [[], [14]], train.lr: [0.1, 0.2] }\nseeds: 8\n\
        compare: { metric: test.bce, expect: higher, baseline: { model.skip.at: [] } }\n\
        controls: [matched_parameters, zero_skip]";
    let results = tempfile::tempdir().expect("a folder");
    let record = recorded(yaml, results.path());
    let found = findings(&record);
    let arms = &found.comparisons.arms;
    let mean = |arm: &crate::report::compare::Arm| match &arm.role {
        crate::report::compare::Role::Compared(comparison) => {
            let baseline = &arms[comparison.baseline].label;
            Some((baseline.as_str(), comparison.paired.summary.mean?))
        }
        _ => None,
    };
    let seen: Vec<_> = arms
        .iter()
        .map(|arm| (arm.label.as_str(), mean(arm), arm.controls))
        .collect();
    let (first, second) = ("skip.at [] · lr 0.1", "skip.at [] · lr 0.2");
    assert_eq!(
        seen,
        [
            (first, None, None),
            (second, None, None),
            ("skip.at [14] · lr 0.1", Some((first, 1.0)), None),
            ("skip.at [14] · lr 0.2", Some((second, 1.0)), None),
            (
                "skip.at [14] · lr 0.1 · control matched_parameters",
                Some((first, 0.0)),
                Some(2)
            ),
            (
                "skip.at [14] · lr 0.1 · control zero_skip",
                Some((first, 1.0)),
                Some(2)
            ),
            (
                "skip.at [14] · lr 0.2 · control matched_parameters",
                Some((second, 0.0)),
                Some(3)
            ),
            (
                "skip.at [14] · lr 0.2 · control zero_skip",
                Some((second, 1.0)),
                Some(3)
            ),
        ]
    );
    let rows: Vec<_> = found
        .rows
        .rows
        .iter()
        .map(|row| row.verdict.as_str())
        .collect();
    assert_eq!(rows, ["", "", "confirmed", "confirmed", "", "", "", ""]);
    let answer = &found.answer;
    assert_eq!(answer.headline, "Confirmed");
    assert!(
        answer.sentence.contains("in 2 comparisons: confirmed in 2"),
        "{}",
        answer.sentence
    );
    // Positions of arm and control, and how far they are apart.
    let beside = |it: &Beside| (it.arm, it.control, it.difference.summary.mean);
    let expected = [
        (2, 4, Some(1.0)),
        (2, 5, Some(0.0)),
        (3, 6, Some(1.0)),
        (3, 7, Some(0.0)),
    ];
    assert_eq!(
        found.beside.iter().map(beside).collect::<Vec<_>>(),
        expected
    );
}

/// With skips at 14 and at both maps the lecture's network has 259,601 and 260,177 parameters (science.md R5): one wider net is
/// the control of both.
#[test]
fn a_control_that_two_arms_share_is_shown_beside_both() {
    let yaml = "grid: { model.skip.at: [[], [14], [14, 28]] }\nseeds: 2\n\
        compare: { metric: test.bce, baseline: { model.skip.at: [] } }\ncontrols: [matched_parameters]";
    let results = tempfile::tempdir().expect("a folder");
    let record = recorded(yaml, results.path());
    let found = findings(&record);
    assert_eq!(found.comparisons.arms.len(), 4);
    let beside = |it: &Beside| (it.arm, it.control, it.difference.summary.mean);
    assert_eq!(
        found.beside.iter().map(beside).collect::<Vec<_>>(),
        [(1, 3, Some(1.0)), (2, 3, Some(1.0))]
    );
}
