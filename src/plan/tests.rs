use super::*;
use crate::config::Dataset;
use crate::error::Error;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::HashSet;

mod controls;
mod first;
mod judged;

/// MNIST as far as a plan needs it.
fn facts(config: &DataConfig) -> Result<DataFacts> {
    Ok(DataFacts {
        dataset: match config.dataset {
            Dataset::Auto => Dataset::Mnist,
            other => other,
        },
        image: [28, 28],
        train_available: 60_000,
        test_available: 10_000,
        classes: true,
        digest: "d".into(),
    })
}

fn sweep(yaml: &str) -> Sweep {
    Sweep::parse("x.yaml", &format!("name: x\n{yaml}")).expect("a good sweep")
}

fn plan(yaml: &str) -> Plan {
    Plan::build(&sweep(yaml), Plan::MAX_TRIALS, &facts).expect("a good plan")
}

fn refused(yaml: &str) -> String {
    match Plan::build(&sweep(yaml), Plan::MAX_TRIALS, &facts) {
        Err(Error::Sweep(text)) => text,
        Err(other) => panic!("expected a refusal of the sweep, found {other}"),
        Ok(plan) => panic!("expected a refusal, found {} trials", plan.len()),
    }
}

fn ids(plan: &Plan) -> HashSet<TrialId> {
    (0..plan.len()).map(|index| plan.id(index)).collect()
}

#[test]
fn the_last_axis_varies_fastest_then_come_zip_and_seeds() {
    let plan = plan(
        "grid: { model.depth: [1, 2] }\nzip: [{ train.lr: [0.1, 0.2], train.batch: [1, 2] }]\nseeds: [5, 3]",
    );
    assert_eq!(plan.axes(), ["model.depth", "train.lr", "train.batch"]);
    let seen: Vec<_> = (0..plan.len())
        .map(|index| plan.trial(index))
        .map(|trial| {
            (
                trial.point,
                trial.config.model.depth,
                trial.config.train.batch,
                trial.seed,
            )
        })
        .collect();
    let expected = [
        (0, 1, 1, 5),
        (0, 1, 1, 3),
        (1, 1, 2, 5),
        (1, 1, 2, 3),
        (2, 2, 1, 5),
        (2, 2, 1, 3),
        (3, 2, 2, 5),
        (3, 2, 2, 3),
    ];
    assert_eq!(seen, expected);
    assert_eq!(ids(&plan).len(), 8);
}

#[test]
fn points_that_differ_only_in_a_field_without_effect_collapse() {
    let plan =
        plan("grid: { model.skip.at: [[], [14]], model.skip.mode: [concat, add] }\nseeds: 2");
    assert_eq!((plan.points(), plan.len(), plan.collapsed()), (3, 6, 1));
    let reasons = plan.why("model.skip.at=[]").expect("a good question");
    assert!(
        reasons[0].ends_with("kept as arm 0, trials 0 to 1"),
        "{reasons:?}"
    );
    assert!(
        reasons[1].ends_with("collapsed into arm 0 because model.skip.mode has no effect there"),
        "{reasons:?}"
    );
    assert_eq!(plan.trial(0).axes, [serde_json::json!([]), Value::Null]);
}

#[test]
fn a_longer_grid_keeps_the_ids_of_the_shorter_one() {
    let short = ids(&plan("grid: { train.lr: [0.1, 0.2] }\nseeds: 2"));
    let long = ids(&plan(
        "grid: { model.depth: [1, 2], train.lr: [0.3, 0.2, 0.1] }\nseeds: 3",
    ));
    assert!(short.is_subset(&long));
    assert_eq!(long.len(), 18);
}

#[test]
fn a_larger_sample_keeps_the_points_of_the_smaller_one_and_none_is_excluded() {
    let grid = "grid: { train.epochs: { from: 1, to: 1000 }, train.batch: [1, 2] }\nexclude: [{ train.batch: 2 }]\n";
    let of =
        |n: usize, seed: usize| plan(&format!("{grid}sample: {{ random: {n}, seed: {seed} }}"));
    let (few, many) = (of(20, 1), of(50, 1));
    assert_eq!((few.points(), many.points()), (20, 50));
    assert!(ids(&few).is_subset(&ids(&many)));
    assert_ne!(ids(&few), ids(&of(20, 2)));
    let all = plan(
        "grid: { model.depth: [1, 2, 3] }\nexclude: [{ model.depth: 2 }]\nsample: { random: 9 }",
    );
    assert_eq!(all.points(), 2);
    assert!(all.why("model.depth=2").expect("question")[0].contains("excluded by the rule"));
    let none = few.why("train.batch=1").expect("question");
    assert!(
        none.iter().any(|fate| fate.contains("not in the sample")),
        "{none:?}"
    );
}

#[test]
fn auto_is_resolved_and_is_the_same_trial_as_the_dataset_it_stands_for() {
    let auto = plan("base: { data: { dataset: auto } }");
    assert_eq!(ids(&auto), ids(&plan("base: { data: { dataset: mnist } }")));
    assert_eq!(auto.trial(0).config.data.dataset, Dataset::Mnist);
    let both = plan("grid: { data.dataset: [auto, mnist, digits] }");
    assert_eq!((both.points(), both.collapsed()), (2, 1));
    let why = both.why("data.dataset=mnist").expect("question");
    assert!(why[0].contains("stands for the same value"), "{why:?}");
}

#[test]
fn facts_are_asked_once_for_every_data_config() {
    let asked = RefCell::new(Vec::new());
    let count = |config: &DataConfig| {
        asked.borrow_mut().push(config.train);
        facts(config)
    };
    let sweep = sweep("grid: { model.depth: [1, 2, 3], data.train: [10, 20] }");
    Plan::build(&sweep, 100, &count).expect("plan");
    assert_eq!(*asked.borrow(), [10, 20]);
}

#[test]
fn a_trial_reads_back_from_its_message_and_a_changed_one_is_refused() {
    let plan = plan(
        "base: { model.bottleneck: none, train.lr: 0.1 }\ngrid: { model.skip.at: [[], [14]] }\nseeds: [18446744073709551615]",
    );
    let trial = plan.trial(1);
    let line = trial.to_json();
    assert!(!line.contains('\n'));
    let back = Trial::from_json(&line).expect("its own message");
    assert_eq!(
        (back.id, back.index, back.point, back.seed),
        (trial.id, 1, 1, u64::MAX)
    );
    assert_eq!(
        (&back.axes, &back.config, back.image),
        (&trial.axes, &trial.config, [28, 28])
    );
    for (from, to) in [
        ("0.1", "0.2"),
        ("18446744073709551615", "1"),
        ("\"d\"", "\"e\""),
        ("train.lr", "train.x"),
    ] {
        assert!(Trial::from_json(&line.replace(from, to)).is_err(), "{from}");
    }
    for bad in ["", "{}", "[]", "{\"id\":1}"] {
        assert!(Trial::from_json(bad).is_err(), "{bad}");
    }
}

#[test]
fn every_sweep_in_jobs_is_planned() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let mut planned = 0;
    for entry in std::fs::read_dir(folder).expect("jobs/") {
        let path = entry.expect("entry").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let sweep = Sweep::load(&path).unwrap_or_else(|error| panic!("{error}"));
            let plan = Plan::build(&sweep, Plan::MAX_TRIALS, &facts)
                .unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(
                Some(sweep.name.as_str()),
                path.file_stem().and_then(|stem| stem.to_str())
            );
            assert!(!plan.is_empty());
            planned += 1;
        }
    }
    assert!(planned >= 2);
}

proptest! {
    #[test]
    fn points_of_a_grid_are_all_there_in_mixed_radix_order(a in 1usize..6, b in 1usize..6, c in 1usize..6) {
        let yaml = format!("grid: {{ train.epochs: {{ from: 1, to: {a} }}, train.batch: {{ from: 1, to: {b} }}, data.train: {{ from: 1, to: {c} }} }}");
        let plan = plan(&yaml);
        prop_assert_eq!(plan.points(), a * b * c);
        for index in 0..plan.len() {
            let config = plan.trial(index).config;
            let number = ((config.train.epochs - 1) * b + config.train.batch - 1) * c + config.data.train - 1;
            prop_assert_eq!(number, index);
        }
    }
}

/// Also those that need MNIST, which is not there in every test.
#[test]
fn every_sweep_in_jobs_can_be_planned() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("jobs/") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let sweep = Sweep::load(&path).expect("a good sweep");
        assert_eq!(sweep.name, name, "a sweep is named as its file");
        let plan = Plan::build(&sweep, Plan::MAX_TRIALS, &facts).expect("a good plan");
        assert!(!plan.is_empty() && !sweep.question.is_empty(), "{name}");
        count += 1;
    }
    assert!(count >= 4);
}
