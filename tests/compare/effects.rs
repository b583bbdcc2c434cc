//! What the reference found, and whether the other sweep finds it too.

use crate::report_fake::Fake;
use crate::{METRIC, near, parsed, points, text};
use serde_json::Value;

/// Oracle: by hand. Skip is worth 0.1 − 0.3 in one and 0.2 − 0.3 in the other, in every seed.
#[test]
fn the_effects_of_the_reference_are_told_in_both() {
    let sweep = |skip: f64| {
        let mut fake = points(&["model.skip.at"], &[&["[]"], &["[14]"]], 3);
        for row in &mut fake.record.trials {
            let value = if row.axes[0] == "[]" { 0.3 } else { skip };
            row.metrics.insert(METRIC.into(), value + row.seed as f64);
        }
        fake
    };
    let json = parsed(&[("a", &sweep(0.1)), ("b", &sweep(0.2))]);
    let effects = json["comparisons"][0]["effects"]
        .as_array()
        .expect("a list");
    assert_eq!(effects.len(), 1);
    near(&effects[0]["reference"]["mean"], -0.2, 1e-12);
    near(&effects[0]["here"]["mean"], -0.1, 1e-12);
    near(&effects[0]["change"]["mean"], 0.1, 1e-12);
    // Averaged over the two points, 0 and 0.1 in each of three seeds.
    let overall = &json["comparisons"][0]["overall"];
    near(&overall["mean"], 0.05, 1e-12);
    assert_eq!((&overall["n"], &overall["p"]), (&3.into(), &0.25.into()));
}

/// A sweep of a baseline and these arms, one value a seed: what the arm is worth.
fn worth(arms: &[(&str, &[f64])]) -> Fake {
    let baseline: (&str, &[f64]) = ("[]", &[0.0; 7]);
    let arms: Vec<_> = [&[baseline], arms].concat();
    let axes: Vec<[&str; 1]> = arms.iter().map(|(at, _)| [*at]).collect();
    let axes: Vec<&[&str]> = axes.iter().map(|axes| &axes[..]).collect();
    let mut fake = points(&["model.skip.at"], &axes, 7);
    for row in &mut fake.record.trials {
        let (_, worth) = arms
            .iter()
            .find(|(at, _)| row.axes[0] == *at)
            .expect("an arm");
        let value = 0.3 + worth[row.seed as usize];
        row.metrics.insert(METRIC.into(), value);
    }
    fake
}

const CLEAR: [f64; 7] = [-0.1, -0.11, -0.12, -0.1, -0.11, -0.12, -0.1];

/// Oracle: science.md §5. Seven seeds of one sign: p = 2/2⁷ = 0.0156; three comparisons give 0.047, four 0.0625. Means of values
/// of both signs about 0 have 0 in their interval.
#[test]
fn what_the_reference_confirmed_is_judged_in_the_other_sweep() {
    let unclear = [0.1, -0.11, 0.12, -0.1, 0.11, -0.12, -0.1];
    let one = worth(&[("[14]", &CLEAR), ("[28]", &CLEAR)]);
    let other = worth(&[("[14]", &unclear), ("[28]", &CLEAR)]);
    let fakes = [("a", &one), ("b", &other)];
    let json = parsed(&fakes);
    let verdicts = |at: usize| &json["comparisons"][0]["effects"][at]["verdicts"];
    assert_eq!(
        verdicts(0),
        &serde_json::json!(["confirmed", "not_resolved"])
    );
    assert_eq!(verdicts(1), &serde_json::json!(["confirmed", "confirmed"]));
    let shown = text(&fakes);
    assert!(
        shown.contains("Verdicts: skip.at [14]: confirmed → not resolved; 1 the same in both."),
        "{shown}"
    );
    assert!(shown.contains("confirmed in both"), "{shown}");
    // Without an expectation there is none.
    let mut open = worth(&[("[14]", &CLEAR)]);
    open.record.compare.as_mut().expect("compared").expect = String::new();
    let json = parsed(&[("a", &open), ("b", &other)]);
    assert_eq!(
        json["comparisons"][0]["effects"][0]["verdicts"],
        Value::Null
    );
    assert!(!text(&[("a", &open), ("b", &other)]).contains("Verdicts"));
}

/// As above: what four comparisons cannot resolve is not resolved beside a sweep that has three of them.
#[test]
fn verdicts_count_all_comparisons_of_the_reference() {
    let arms: Vec<(&str, &[f64])> = ["[7]", "[14]", "[28]", "[14,28]"]
        .map(|at| (at, &CLEAR[..]))
        .into();
    for (n, verdict) in [(3, "confirmed"), (4, "not_resolved")] {
        let (one, other) = (worth(&arms[..n]), worth(&arms[..3]));
        let json = parsed(&[("a", &one), ("b", &other)]);
        let effects = json["comparisons"][0]["effects"]
            .as_array()
            .expect("a list");
        assert_eq!(effects.len(), 3);
        for effect in effects {
            assert_eq!(
                effect["verdicts"],
                serde_json::json!([verdict, verdict]),
                "{n}"
            );
        }
    }
}
