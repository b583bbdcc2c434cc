//! What a plan says about its points, what it refuses and what it costs.

use super::*;

#[test]
fn why_explains_every_fate() {
    let plan = plan(
        "grid: { model.depth: [1, 2, 3], train.lr: [0.1, 0.2] }\nexclude: [{ model.depth: 3 }]\ninclude: [{ model.bottleneck: none }, { train.lr: 0.1 }]",
    );
    let why = |question| plan.why(question).expect("a good question").join("|");
    assert!(why("model.depth=2,train.lr=2e-1").contains("kept as arm 3"));
    assert!(why("model.depth=3,train.lr=0.1").contains("excluded by the rule on line 3"));
    assert!(why("model.bottleneck=none").contains("kept as arm 4"));
    assert!(
        why("train.lr=0.1,model.depth=1")
            .contains("collapsed into arm 0 because it is written a second time")
    );
    assert!(why("model.depth=4").contains("not in the grid"));
    assert!(why("train.epochs=7").contains("train.epochs is 20 at every point"));
    assert_eq!(plan.excluded(), 2);
    assert_eq!(
        plan.trial(4).axes,
        [serde_json::json!(1), 0.001.into(), "none".into()]
    );
    for bad in [
        "",
        "model.depth",
        "modle.depth=1",
        "model.depth=x",
        "model.depth=[",
        "=,=",
        "model.depth=!t 1",
    ] {
        assert!(matches!(plan.why(bad), Err(Error::Usage { .. })), "{bad}");
    }
}

#[test]
fn more_images_than_there_are_is_an_error_at_the_field() {
    let text = refused("base: { data: { train: 60000, valid: 1 } }");
    assert!(
        text.starts_with("x.yaml:2:24: data.train: 60000 training and 1 validation images"),
        "{text}"
    );
    let text = refused("grid: { data.test: [10, 10001] }");
    assert!(
        text.starts_with("x.yaml:2:25: data.test: 10001 test images"),
        "{text}"
    );
    assert!(
        refused("base: { data: { train: 18446744073709551615, valid: 5 } }").contains("data.train")
    );
}

#[test]
fn more_images_than_a_real_data_set_has_is_an_error_at_the_field_too() {
    let sweep = sweep("base: { data: { dataset: digits, train: 20000000 } }");
    match Plan::build(&sweep, Plan::MAX_TRIALS, &crate::data::facts) {
        Err(Error::Sweep(text)) => assert!(
            text.starts_with("x.yaml:2:41: data.train: 20000000 training"),
            "{text}"
        ),
        other => panic!("expected a refusal of the sweep, found {:?}", other.err()),
    }
}

#[test]
fn ssim_is_refused_where_the_images_are_smaller_than_its_window() {
    let build = |side| {
        let sized = |config: &DataConfig| {
            let image = [side, 28];
            facts(config).map(|facts| DataFacts { image, ..facts })
        };
        let yaml = "grid: { train.batch: [1, 2] }\ncompare: { baseline: { train.batch: 1 }, metric: test.ssim }";
        Plan::build(&sweep(yaml), Plan::MAX_TRIALS, &sized)
    };
    let text = build(8).err().expect("a refusal").to_string();
    assert!(
        text.starts_with(
            "x.yaml:3:50: compare.metric: test.ssim needs 11×11 pixels, the images have 8×28;"
        ),
        "{text}"
    );
    assert_eq!(text.matches("test.ssim needs").count(), 1, "said once");
    assert!(build(12).is_ok());
}

const BOTH_TASKS: &str =
    "zip: [{ task: [denoise, classify], model.arch: [autoencoder, resnet] }]\n";

#[test]
fn fields_of_the_other_network_are_not_part_of_a_trial() {
    let both = plan(&format!(
        "{BOTH_TASKS}grid: {{ model.blocks: [1, 2], model.widths: [[4], [8]], model.residual: [none, add] }}"
    ));
    // Autoencoders differ in widths (their depth of 1 has no residual), resnets in blocks and residual.
    assert_eq!((both.points(), both.collapsed()), (2 + 4, 16 - 6));
}

#[test]
fn a_metric_that_some_task_of_the_sweep_lacks_is_refused() {
    let compared = |metric: &str| {
        let yaml =
            format!("{BOTH_TASKS}compare: {{ baseline: {{ task: denoise }}, metric: {metric} }}");
        Plan::build(&sweep(&yaml), Plan::MAX_TRIALS, &facts)
    };
    for (metric, lacking) in [("test.accuracy", "denoise"), ("test.bce", "classify")] {
        let text = compared(metric).err().expect("a refusal").to_string();
        let problem = format!("compare.metric: the task {lacking} has no metric {metric}");
        assert!(text.contains(&problem), "{text}");
    }
    assert!(compared("params").is_ok());
}

#[test]
fn images_without_classes_are_refused_for_a_task_that_needs_them() {
    let build = |yaml: &str, classes| {
        let known = |config: &DataConfig| facts(config).map(|facts| DataFacts { classes, ..facts });
        Plan::build(&sweep(yaml), Plan::MAX_TRIALS, &known)
    };
    let yaml = "base: { task: classify, model: { arch: resnet }, data: { dataset: mnist } }";
    assert!(build(yaml, true).is_ok());
    let text = build(yaml, false).err().expect("a refusal").to_string();
    assert!(
        text.contains("x.yaml:2:67: data.dataset: the task classify needs"),
        "{text}"
    );
    assert!(text.contains("ablate data fetch mnist"), "{text}");
    assert!(build("base: { data: { dataset: mnist } }", false).is_ok());
}

#[test]
fn the_baseline_may_be_named_by_a_point_that_collapsed() {
    let yaml = "grid: { model.skip.at: [[], [14]], model.skip.mode: [concat, add] }\nseeds: 8\ncompare: { metric: test.bce, baseline: ";
    let named = plan(&format!(
        "{yaml}{{ model.skip.at: [], model.skip.mode: add }} }}"
    ));
    assert_eq!(
        [0, 1, 2].map(|arm| named.is_baseline(arm)),
        [true, false, false]
    );
    assert_eq!(named.comparisons(), 2);
    assert!(refused(&format!("{yaml}{{ model.depth: 2 }} }}")).contains("model.depth among 1"));
}

#[test]
fn warnings_say_what_the_question_lacks() {
    let compared = |seeds: &str, levels: &str| {
        plan(&format!(
            "base: {{ noise.sigma: 0.1 }}\ngrid: {{ model.depth: [{levels}] }}\nexclude: [{{ model.depth: 9 }}]\nseeds: {seeds}\ncompare: {{ baseline: {{ model.depth: 1 }}, metric: test.bce }}"
        ))
        .warnings()
        .join("\n")
    };
    let text = compared("6", "1, 2, 3, 4");
    assert!(
        text.contains("6 seeds can never show p < 0.05 for 3 comparisons (Holm)")
            && text.contains("7 seeds"),
        "{text}"
    );
    assert!(
        text.contains("the exclude rule on line 4 drops no point"),
        "{text}"
    );
    assert!(text.contains("base sets noise.sigma on line 2"), "{text}");
    assert!(!compared("7", "1, 2, 3, 4").contains("seeds"));
    assert!(compared("1", "1, 2").contains("one seed"));
    assert!(compared("8", "1").contains("nothing is compared"));
}

#[test]
fn json_has_the_documented_keys_and_all_arms() {
    let plan = plan("grid: { model.depth: [1, 2] }\nseeds: 2");
    let value = serde_json::to_value(plan.summary(2)).expect("JSON");
    let keys: HashSet<&str> = value
        .as_object()
        .expect("object")
        .keys()
        .map(String::as_str)
        .collect();
    let documented = [
        "format",
        "name",
        "question",
        "trials",
        "points",
        "seeds",
        "axes",
        "excluded",
        "collapsed_points",
        "collapsed",
        "uncontrolled_arms",
        "uncontrolled",
        "comparisons",
        "estimate",
        "warnings",
        "device",
        "arms",
    ];
    assert_eq!(keys, documented.into_iter().collect());
    assert_eq!(value["arms"][1]["ids"][1], plan.id(3).to_string());
    assert_eq!(value["arms"][1]["axes"]["model.depth"], 2);
}

#[test]
fn the_limit_counts_trials_and_is_inclusive() {
    let sweep = sweep("grid: { model.depth: [1, 2, 3] }\nseeds: 4");
    assert_eq!(
        Plan::build(&sweep, 12, &facts).expect("12 trials").len(),
        12
    );
    assert!(Plan::build(&sweep, 11, &facts).is_err());
}

/// What a sweep of many trials may cost; the same counts hold for a release build with 10^6 (benches/plan_a_million.sh).
#[test]
fn a_hundred_thousand_trials_are_planned_and_a_trillion_are_refused_at_once() {
    let start = std::time::Instant::now();
    let yaml = "grid: { train.epochs: { from: 1, to: 1000 }, train.batch: { from: 1, to: 100 } }";
    let plan = plan(yaml);
    assert_eq!(ids(&plan).len(), 100_000);
    let huge = "grid: { train.epochs: { from: 1, to: 10000 }, train.batch: { from: 1, to: 10000 }, data.train: { from: 1, to: 10000 } }";
    for max_trials in [100_000, usize::MAX] {
        let refusal = Plan::build(&sweep(huge), max_trials, &facts).err();
        let text = refusal.expect("too many trials").to_string();
        assert!(text.contains("(10,000,000 at most)"), "{text}");
    }
    // A hang guard of ten times the expected, not a timing.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}
