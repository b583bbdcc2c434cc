//! Arms that are made from other arms.

use super::*;
use serde_json::json;

const LECTURE: &str = "base: { data: { dataset: mnist } }\ngrid: { model.skip.at: [[], [28], [14, 28]] }\nseeds: 2\ncompare: { baseline: { model.skip.at: [] }, metric: test.bce }\n";

fn lecture(rest: &str) -> Plan {
    plan(&format!("{LECTURE}{rest}"))
}

#[test]
fn controls_stand_behind_the_arms_that_they_control() {
    let plain = lecture("");
    let plan = lecture("controls: [zero_skip, matched_parameters]");
    assert_eq!(plan.axes(), ["model.skip.at", "control"]);
    let axes: Vec<_> = (0..plan.points())
        .map(|point| plan.trial(2 * point).axes)
        .collect();
    assert_eq!(
        axes,
        [
            [json!([]), json!("none")],
            [json!([28]), json!("none")],
            [json!([14, 28]), json!("none")],
            [json!([28]), json!("zero_skip")],
            [json!([14, 28]), json!("zero_skip")],
            [json!([14, 28]), json!("matched_parameters")],
        ]
    );
    assert!((0..plain.len()).all(|index| plain.id(index) == plan.id(index)));
    assert_eq!(ids(&plan).len(), 12);
    let baselines: Vec<_> = (0..6).filter(|point| plan.is_baseline(*point)).collect();
    assert_eq!((baselines, plan.comparisons()), (vec![0], 5));
    let config = |point| plan.config(point).model;
    assert_eq!(config(4).skip.mode.name(), "zero");
    assert_eq!(config(4).skip.at, [14, 28]);
    assert!(config(5).skip.at.is_empty() && config(5).widths > vec![64, 128]);
    let back = Trial::from_json(&plan.trial(10).to_json()).expect("its own message");
    assert_eq!(back.config.model, config(5));
}

#[test]
fn the_summary_says_how_near_a_control_is_and_which_arm_has_none() {
    let plan = lecture("controls: [matched_parameters, matched_macs, zero_skip]");
    let summary = serde_json::to_value(plan.summary(1)).expect("JSON");
    let arms = summary["arms"].as_array().expect("arms");
    let of = |kind: &str| {
        let mut arms = arms.iter();
        arms.find(|arm| arm["axes"]["control"] == kind)
            .expect("an arm")
    };
    assert!(arms[..3].iter().all(|arm| arm.get("control").is_none()));
    for (kind, counted) in [("matched_parameters", "params"), ("matched_macs", "macs")] {
        let arm = of(kind);
        let control = &arm["control"];
        let beside = &arms[control["of"].as_u64().expect("a number") as usize];
        let ratio = arm[counted].as_f64().expect("n") / beside[counted].as_f64().expect("n");
        assert_eq!(control["counted"], counted);
        assert!((control["excess"].as_f64().expect("n") - (ratio - 1.0)).abs() < 1e-12);
        assert!((ratio - 1.0).abs() < 0.02, "{arm}");
        assert_eq!(control["nearest"], false);
        assert_eq!(control["set"]["model.skip.at"], json!([]));
    }
    let zero = &of("zero_skip")["control"];
    assert_eq!(zero["set"], json!({ "model.skip.mode": "zero" }));
    assert_eq!(
        (&zero["excess"], &zero["nearest"]),
        (&json!(0.0), &json!(false))
    );
    // With a skip at 28 alone: 186,449 parameters beside 185,873 (science.md R5), and 9·64·28² MACs of 42 million more.
    assert_eq!(summary["uncontrolled_arms"], 2);
    assert_eq!(summary["uncontrolled"][0]["arm"], 1);
    assert_eq!(summary["uncontrolled"][0]["control"], "matched_parameters");
}

#[test]
fn a_control_that_cannot_match_says_so() {
    let plan = plan(
        "base: { task: classify, data: { dataset: mnist }, model: { arch: mlp, depth: 4, width: 1 } }\ngrid: { model.connection: [none, input_concat] }\ncompare: { baseline: { model.connection: none }, metric: test.accuracy }\ncontrols: [matched_parameters]",
    );
    let control = plan.arm(2).control.expect("a control");
    // By formula: 3,250 with a width of 4, wanted 3,163.
    assert!(control.nearest && (control.excess - 87.0 / 3163.0).abs() < 1e-12);
}

#[test]
fn equal_controls_are_one_arm() {
    let yaml = "base: { data: { dataset: mnist } }\ngrid: { model.skip.at: [[], [14]], model.skip.mode: [concat, gate, zero] }\ncompare: { baseline: { model.skip.at: [] }, metric: test.bce }\ncontrols: ";
    let zero = plan(&format!("{yaml}[zero_skip]"));
    // No skip, concat, gate, zero; the zeros of concat and gate are the arm that the grid has already.
    assert_eq!((zero.points(), zero.collapsed()), (4, 2 + 2));
    let why = zero
        .why("model.skip.mode=gate")
        .expect("a question")
        .join("|");
    assert!(
        why.contains("zero_skip of model.skip.at = [14], model.skip.mode = gate: collapsed into arm 3 because it is the same network"),
        "{why}"
    );
    assert!(zero.why("model.skip.mode=zero").expect("a question").join("|").contains(
        "zero_skip of model.skip.at = [14], model.skip.mode = zero: none, because its skip brings zeros already"
    ));
    let sized = plan(&format!("{yaml}[matched_parameters]"));
    // Concat and zero have as many parameters, gate has more.
    assert_eq!((sized.points(), sized.collapsed()), (4 + 2, 2 + 1));
    let collapsed = serde_json::to_value(&sized.summary(1).collapsed[2]).expect("JSON");
    assert_eq!(collapsed["point"]["control"], "matched_parameters");
    assert_eq!(collapsed["point"]["model.skip.mode"], "zero");
}

#[test]
fn a_baseline_with_a_skip_is_controlled_by_zeros_too() {
    let plan = plan(
        "base: { data: { dataset: mnist } }\ngrid: { model.skip.at: [[14], []] }\ncompare: { baseline: { model.skip.at: [14] }, metric: test.bce }\ncontrols: [zero_skip, matched_parameters]",
    );
    let kinds: Vec<_> = (0..plan.points())
        .map(|point| plan.arm(point).axes["control"].clone())
        .collect();
    assert_eq!(kinds, ["none", "none", "zero_skip", "matched_parameters"]);
    assert_eq!((0..4).filter(|point| plan.is_baseline(*point)).count(), 1);
}

#[test]
fn trials_of_controls_count() {
    let yaml = format!("{LECTURE}controls: [zero_skip, matched_parameters]");
    let build = |most| Plan::build(&sweep(&yaml), most, &facts);
    assert_eq!(build(12).expect("exactly as many").len(), 12);
    let text = build(11).err().expect("a refusal").to_string();
    assert!(
        text.contains("more than 11 trials with its controls"),
        "{text}"
    );
}

#[test]
fn a_sample_is_counted_without_controls() {
    let of = |n| {
        let sample = format!("sample: {{ random: {n} }}\ncontrols: [zero_skip]");
        lecture(&format!(
            "include: [{{ model.skip.at: [] }}, {{ model.skip.at: [14] }}]\n{sample}"
        ))
        .warnings()
        .join("|")
    };
    assert!(!of(3).contains("sample asks"), "{}", of(3));
}

#[test]
fn controls_that_no_arm_can_have_are_refused() {
    let resnet = "base: { task: classify, data: { dataset: mnist }, model: { arch: resnet } }\ngrid: { model.blocks: [3, 6] }\ncompare: { baseline: { model.blocks: 3 }, metric: test.accuracy }\ncontrols: ";
    let text = refused(&format!("{resnet}[matched_parameters]"));
    assert!(
        text.starts_with("x.yaml:5:12: controls: matched_parameters needs a network with a width; resnet has none"),
        "{text}"
    );
    let text = refused(&format!("{resnet}[zero_skip]"));
    assert!(
        text.contains("x.yaml:5:12: controls: no arm has a skip"),
        "{text}"
    );
    // Where arms have as many parameters as the baseline nothing is needed.
    let alike = plan(
        &resnet
            .replace("model.blocks: [3, 6]", "train.epochs: [1, 2]")
            .replace("model.blocks: 3", "train.epochs: 1")
            .replace("controls: ", "controls: [matched_macs]"),
    );
    assert_eq!((alike.points(), alike.uncontrolled.len()), (2, 1));
}
