//! `ablate compare`: sweeps made in code beside each other, and two real ones through the binary.

mod report_fake;
mod scene;

use ablate::outcome::Outcome;
use ablate::record::{Fingerprint, SweepRecord};
use ablate::report::across::matching::Matching;
use ablate::report::across::metric::{Unknown, choose};
use ablate::report::across::pair::Alike;
use ablate::report::across::side::Side;
use ablate::report::across::{Across, Unit, json, page, sheet, terminal};
use report_fake::{Fake, FakeArm, grid, make, skip_or_not};
use scene::{Scene, expect_code};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const METRIC: &str = "test.bce";

/// A fake as one side: what was trained is a function of all numbers that it left.
fn side(name: &str, fake: &Fake) -> Side {
    let print = |row: &ablate::record::TrialRow| {
        let detail = fake.details.get(&row.id)?;
        let numbers = format!("{:?} {:?}", row.metrics, row.seed);
        let print = Fingerprint {
            config: detail.config.clone(),
            data_digest: "d1+d2".into(),
            environment: detail.environment.clone(),
            logical_digest: format!("{numbers} {} {:?}", detail.config, detail.epochs),
            parameters_digest: numbers,
        };
        Some((row.id.clone(), print))
    };
    let prints = fake.record.trials.iter().filter_map(print).collect();
    Side::new(name.into(), fake.record.clone(), prints)
}

/// Compares fakes; the first is the reference.
fn across<T>(fakes: &[(&str, &Fake)], look: impl FnOnce(&Across) -> T) -> T {
    let sides: Vec<Side> = fakes.iter().map(|(name, fake)| side(name, fake)).collect();
    let arms: Vec<_> = sides.iter().map(|side| side.arms(METRIC)).collect();
    look(&Across::of(Unit::Trial, &sides, &arms).expect("a reference"))
}

fn text(fakes: &[(&str, &Fake)]) -> String {
    across(fakes, |across| terminal::text(across, Some(120)))
}

fn parsed(fakes: &[(&str, &Fake)]) -> Value {
    let text = across(fakes, json::text);
    serde_json::from_str(&text).expect("JSON")
}

/// One point with these values, one a seed.
fn one_point(values: &[f64]) -> Fake {
    let arm = FakeArm {
        axes: vec!["[]".into()],
        level: 0.1,
        params: 10,
    };
    let mut fake = make(&["model.skip.at"], &[arm], values.len() as u64);
    for (row, value) in fake.record.trials.iter_mut().zip(values) {
        row.metrics.insert(METRIC.into(), *value);
    }
    fake
}

/// Points of these axis values, all of the same level.
fn points(axes: &[&str], values: &[&[&str]], seeds: u64) -> Fake {
    let arm = |values: &&[&str]| FakeArm {
        axes: values.iter().map(|value| (*value).to_owned()).collect(),
        level: 0.15,
        params: 100,
    };
    make(axes, &values.iter().map(arm).collect::<Vec<_>>(), seeds)
}

/// Sets a field of the config of all trials.
fn set(fake: &mut Fake, field: &str, value: &str) {
    for detail in fake.details.values_mut() {
        let end = detail.config.len() - 1;
        detail
            .config
            .insert_str(end, &format!(",\"{field}\":{value}"));
    }
}

fn near(found: &Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().expect("a number");
    assert!((found - expected).abs() <= tolerance, "{found} {expected}");
}

/// Oracle: science.md §5. Its A − B is other − reference here.
#[test]
fn the_reference_vectors_have_the_reference_statistics() {
    let a = one_point(&[0.1664, 0.1620, 0.1652, 0.1594, 0.1601]);
    let b = one_point(&[0.1447, 0.1460, 0.1439, 0.1451, 0.1472]);
    let json = parsed(&[("b", &b), ("a", &a)]);
    let difference = &json["comparisons"][0]["points"][0]["difference"];
    near(&difference["t"], 9.5343249416, 1e-9);
    near(&difference["p_t"], 6.757623857e-4, 1e-12);
    near(&difference["d_z"], 4.2638797378, 1e-9);
    near(&difference["interval"][0], 0.0122196222, 1e-10);
    near(&difference["interval"][1], 0.0222603778, 1e-10);
    assert_eq!(difference["p"], 0.0625);
    assert_eq!(
        (&difference["lower"], &difference["higher"]),
        (&0.into(), &5.into())
    );
    let text = text(&[("b", &b), ("a", &a)]);
    assert!(text.contains("higher than in b (95% interval [+0.0122, +0.0223]; p = 0.062, exact sign-flip; lower in 0 of 5 seeds)"), "{text}");
}

/// Oracle: science.md §5, Holm over all points of all sweeps: two p of 0.0625 become 0.125.
#[test]
fn holm_counts_the_points_of_all_sweeps() {
    let a = one_point(&[0.1664, 0.1620, 0.1652, 0.1594, 0.1601]);
    let b = one_point(&[0.1447, 0.1460, 0.1439, 0.1451, 0.1472]);
    let json = parsed(&[("b", &b), ("a", &a), ("a again", &a)]);
    for comparison in json["comparisons"].as_array().expect("two") {
        assert_eq!(comparison["points"][0]["p_holm"], 0.125);
    }
}

#[test]
fn the_same_record_twice_is_identical_and_gives_the_same_bytes() {
    let (one, other) = (grid(), grid());
    let fakes = [("here", &one), ("there", &other)];
    let shown = text(&fakes);
    assert!(
        shown.contains("Identical. All 46 pairs that ended in both"),
        "{shown}"
    );
    assert!(!shown.contains("What differs"), "{shown}");
    assert!(shown.contains("1.00 times as long"), "{shown}");
    let all = |fakes| {
        across(fakes, |a| {
            (
                terminal::text(a, Some(80)),
                page::text(a),
                sheet::text(a).expect("a table"),
                json::text(a),
            )
        })
    };
    assert!(all(&fakes) == all(&fakes));
}

/// One metric is a bit off, the parameters are not: the same numbers are told from the same bits.
#[test]
fn equal_values_are_told_from_identical_trials() {
    let one = skip_or_not();
    let mut other = skip_or_not();
    for detail in other.details.values_mut() {
        detail.epochs.insert("extra", vec![1.0; 20]);
    }
    let shown = text(&[("a", &one), ("b", &other)]);
    assert!(shown.contains("The same numbers. test.bce is equal to the last bit in all 16 pairs. 16 of 16 have networks of the same parameters"), "{shown}");
    let row = &mut other.record.trials[3];
    let value = row.metrics.get_mut(METRIC).expect("a value");
    *value = f64::from_bits(value.to_bits() + 1);
    across(&[("a", &one), ("b", &other)], |across| {
        let versus = &across.versus[0];
        assert_eq!((versus.equal(), versus.valued()), (15, 16));
        assert_eq!(versus.alike(Alike::Parameters), 15);
        assert_eq!(versus.alike(Alike::Everything), 0);
        let text = terminal::text(across, Some(120));
        assert!(
            text.contains("Different numbers. test.bce is equal in 15 of 16 pairs."),
            "{text}"
        );
    });
}

#[test]
fn points_are_matched_by_value_whatever_the_order_of_axes_and_points() {
    let one = points(
        &["model.depth", "model.skip.at"],
        &[&["1", "[]"], &["2", "[14, 28]"]],
        2,
    );
    let other = points(
        &["model.skip.at", "model.depth"],
        &[&["[14,28]", "2.0"], &["[]", "3"]],
        2,
    );
    across(&[("a", &one), ("b", &other)], |across| {
        let versus = &across.versus[0];
        assert_eq!(versus.matching.pairs, [(1, 0)]);
        assert_eq!(
            versus.alone,
            [
                vec![("depth 1 · skip.at []".to_owned(), 2)],
                vec![("skip.at [] · depth 3".to_owned(), 2)],
            ]
        );
    });
}

#[test]
fn an_axis_of_one_sweep_is_matched_with_the_config_of_the_other() {
    let one = points(
        &["model.depth", "train.lr"],
        &[&["1", "0.1"], &["1", "0.01"], &["2", "0.01"]],
        1,
    );
    let mut other = points(&["model.depth"], &[&["1"], &["2"]], 1);
    set(&mut other, "train.lr", "0.01");
    let pairs = |matching: &Matching| matching.pairs.clone();
    let found = across(&[("a", &one), ("b", &other)], |a| {
        pairs(&a.versus[0].matching)
    });
    assert_eq!(found, [(1, 0), (2, 1)]);
    // The other way round as well.
    let found = across(&[("b", &other), ("a", &one)], |a| {
        pairs(&a.versus[0].matching)
    });
    assert_eq!(found, [(0, 1), (1, 2)]);
    let shown = text(&[("a", &one), ("b", &other)]);
    assert!(
        shown.contains("Only a has 1 point (1 trial): depth 1 · lr 0.1."),
        "{shown}"
    );
}

/// A part that is off has no mode: null as an axis here is a field that is not there in the other's config.
#[test]
fn an_axis_without_effect_is_a_field_that_is_not_there() {
    let mut one = points(
        &["model.skip.at", "model.skip.mode"],
        &[&["[]", "null"], &["[14]", "\"add\""]],
        1,
    );
    for detail in one.details.values_mut() {
        detail.config = detail.config.replace(",\"model.skip.mode\":null", "");
    }
    let mut other = points(&["model.skip.at"], &[&["[]"], &["[14]"]], 1);
    for detail in other.details.values_mut() {
        detail.config = detail
            .config
            .replace("[14]", "[14],\"model.skip.mode\":\"add\"");
    }
    let found = across(&[("a", &one), ("b", &other)], |a| {
        a.versus[0].matching.pairs.clone()
    });
    assert_eq!(found, [(0, 0), (1, 1)]);
}

#[test]
fn an_axis_of_which_the_other_has_no_value_is_free_and_said() {
    let one = points(
        &["model.depth", "model.norm"],
        &[&["1", "\"batch\""], &["1", "\"group\""]],
        2,
    );
    let mut other = points(&["model.depth"], &[&["1"], &["2"]], 2);
    set(&mut other, "model.norm", "\"none\"");
    let shown = text(&[("a", &one), ("b", &other)]);
    assert!(shown.contains("depth 1 · norm batch → none"), "{shown}");
    assert!(shown.contains("depth 1 · norm group → none"), "{shown}");
    assert!(
        shown.contains("Only one of the two varies model.norm"),
        "{shown}"
    );
    assert!(
        shown.contains("Only b has 1 point (2 trials): depth 2."),
        "{shown}"
    );
}

/// Oracle: `Field::value` and `Setting::write`: a part that is left out is `"none"` as an axis and null in a resolved config.
#[test]
fn a_part_that_is_left_out_is_the_same_in_an_axis_and_in_a_config() {
    let mut one = points(&["train.lr"], &[&["0.1"]], 1);
    set(&mut one, "model.bottleneck", "null");
    let axes = ["model.bottleneck", "train.lr"];
    let mut other = points(&axes, &[&["\"none\"", "0.1"], &["4", "0.1"]], 1);
    for detail in other.details.values_mut() {
        detail.config = detail.config.replace("\"none\"", "null");
    }
    for (fakes, label) in [
        ([("a", &one), ("b", &other)], "lr 0.1 · bottleneck none"),
        ([("b", &other), ("a", &one)], "bottleneck none · lr 0.1"),
    ] {
        across(&fakes, |across| {
            let versus = &across.versus[0];
            assert_eq!(versus.matching.pairs, [(0, 0)]);
            assert!(versus.matching.free.is_empty());
            assert_eq!(versus.points[0].label, label);
        });
    }
    // Without the arm that is the same: the axis is free, and what differs is called as in the arms.
    other.record.trials.remove(0);
    let json = parsed(&[("a", &one), ("b", &other)]);
    let comparison = &json["comparisons"][0];
    assert_eq!(
        comparison["points"][0]["point"],
        "lr 0.1 · bottleneck none → 4"
    );
    let told = &comparison["differences"][0];
    assert_eq!(
        (&told["what"], &told["reference"], &told["here"]),
        (&"model.bottleneck".into(), &"none".into(), &"4".into())
    );
}

/// Controls of one sweep belong to none of the other's arms.
#[test]
fn a_control_is_matched_only_with_a_control() {
    let one = points(
        &["model.depth", "control"],
        &[&["1", "\"none\""], &["1", "\"zero_skip\""]],
        1,
    );
    let other = points(&["model.depth"], &[&["1"]], 1);
    let found = across(&[("a", &one), ("b", &other)], |a| {
        a.versus[0].matching.pairs.clone()
    });
    assert_eq!(found, [(0, 0)]);
}

#[test]
fn sweeps_without_a_common_point_say_what_keeps_them_apart() {
    let one = points(&["model.depth"], &[&["1"], &["2"]], 2);
    let other = points(&["model.depth"], &[&["3"]], 2);
    let shown = text(&[("a", &one), ("b", &other)]);
    assert!(
        shown.contains("No point in common. model.depth is 1, 2 in a and 3 in b."),
        "{shown}"
    );
    let rows = across(&[("a", &one), ("b", &other)], |a| {
        sheet::text(a).expect("a table")
    });
    assert_eq!(rows.lines().count(), 1 + 6, "no trial is dropped: {rows}");
}

#[test]
fn what_differs_is_said_once_and_with_its_share() {
    let one = grid();
    let mut other = grid();
    set(&mut other, "train.lr", "0.01");
    let some: Vec<String> = other.record.trials[..4]
        .iter()
        .map(|row| row.id.clone())
        .collect();
    for id in some {
        let detail = other.details.get_mut(&id).expect("details");
        detail.config = detail.config.replace("digits", "mnist");
    }
    for detail in other.details.values_mut() {
        detail.environment.insert("cpu".into(), "Xeon".into());
    }
    if let Some(compare) = &mut other.record.compare {
        compare.expect = "same".into();
        compare.margin = 0.01;
    }
    let json = parsed(&[("a", &one), ("b", &other)]);
    let told: Vec<String> = json["comparisons"][0]["differences"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|d| {
            format!(
                "{} {}: {} → {} {}",
                d["where"], d["what"], d["reference"], d["here"], d["points"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "config data.dataset: digits → mnist {differ:1,of:12}",
            "config train.lr: – → 0.01 null",
            "environment cpu: AMD EPYC 7742 → Xeon null",
            "sweep file compare.expect: lower → same ± 0.01 null",
        ]
    );
}

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

#[test]
fn settings_and_data_that_are_not_the_same_are_said_first() {
    let one = skip_or_not();
    let answer = |fields: &[&str], start: &str| {
        let mut other = skip_or_not();
        for field in fields {
            set(&mut other, field, "1");
        }
        let json = parsed(&[("a", &one), ("b", &other)]);
        let answer = json["comparisons"][0]["answer"].as_str().expect("text");
        assert!(answer.starts_with(start), "{answer}");
        let shown = text(&[("a", &one), ("b", &other)]);
        assert!(
            shown.starts_with(&format!("b beside a\n{start}")),
            "{shown}"
        );
    };
    answer(&[], "Identical.");
    answer(
        &["train.lr"],
        "Not the same experiment: train.lr differs. The same numbers.",
    );
    answer(
        &["train.lr", "train.epochs"],
        "Not the same experiment: train.epochs and train.lr differ. The same",
    );
    answer(
        &["e.a", "e.b", "e.c"],
        "Not the same experiment: e.a, e.b and e.c differ. The same",
    );
    answer(
        &["e.a", "e.b", "e.c", "e.d", "e.e"],
        "Not the same experiment: e.a, e.b, e.c and 2 more differ. The same",
    );
}

#[test]
fn other_images_are_another_experiment() {
    let fake = skip_or_not();
    let mut sides = ["a", "b"].map(|name| side(name, &fake));
    let prints = fake.record.trials.iter().map(|row| {
        let mut print = sides[1].print(&row.id).expect("a print").clone();
        print.data_digest = "d1+other".into();
        (row.id.clone(), print)
    });
    let prints = prints.collect();
    sides[1] = Side::new("b".into(), fake.record.clone(), prints);
    let arms: Vec<_> = sides.iter().map(|side| side.arms(METRIC)).collect();
    let across = Across::of(Unit::Trial, &sides, &arms).expect("a reference");
    let shown = page::text(&across);
    assert!(
        shown.contains("\n\nNot the same experiment: the images differ. "),
        "{shown}"
    );
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

/// Oracle: by hand. Ratios 2 and 8 have the geometric mean 4; the t-interval of two logs reaches far.
#[test]
fn wall_time_is_a_geometric_mean_with_the_interval_of_the_logarithms() {
    let one = one_point(&[0.1, 0.2]);
    let mut other = one_point(&[0.1, 0.2]);
    for (at, ratio) in [(0, 2.0), (1, 8.0)] {
        other.record.trials[at].wall_seconds = ratio * one.record.trials[at].wall_seconds;
    }
    let json = parsed(&[("a", &one), ("b", &other)]);
    let wall = &json["comparisons"][0]["wall_ratio"];
    near(&wall["geometric_mean"], 4.0, 1e-12);
    // ln 4 ± t(.975, 1) · ln 2, because the sd of {ln 2, ln 8} is √2 · ln 2 and n = 2; t = tan(.475 π) = 12.7062.
    let half = (0.475 * std::f64::consts::PI).tan() * 2_f64.ln();
    near(&wall["interval"][0], (4_f64.ln() - half).exp(), 1e-9);
    near(&wall["interval"][1], (4_f64.ln() + half).exp(), 1e-1);
}

#[test]
fn trials_without_a_value_or_a_partner_are_counted() {
    let one = skip_or_not();
    let mut other = skip_or_not();
    other.lose(0, Outcome::Diverged);
    other.lose(1, Outcome::Pending);
    other.record.trials.pop();
    let shown = text(&[("a", &one), ("b", &other)]);
    for expected in [
        "2 pairs of the same point and seed without test.bce in both: completed in a and diverged in b: 1; completed in a and pending in b: 1.",
        "At points in common, only a has 1 trial of other seeds.",
        "a: 16 trials planned = 16 completed.",
        "b: 15 trials planned = 13 completed + 1 diverged + 1 pending.",
        "6/8",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let rows = across(&[("a", &one), ("b", &other)], |a| {
        sheet::text(a).expect("a table")
    });
    assert_eq!(rows.lines().count(), 1 + 16, "{rows}");
}

#[test]
fn no_seed_one_seed_and_nothing_done_are_told_without_a_panic() {
    for (seeds, expected) in [
        (0, "No point in common"),
        (1, "one seed: nothing can be said about chance"),
        (2, "no point can differ by p ≤ 0.05 with so few seeds"),
    ] {
        let one = points(&["model.depth"], &[&["1"], &["2"]], seeds);
        let mut other = points(&["model.depth"], &[&["1"], &["2"]], seeds);
        for row in &mut other.record.trials {
            row.metrics.insert(METRIC.into(), 0.5);
        }
        let shown = text(&[("a", &one), ("b", &other)]);
        assert!(shown.contains(expected), "{shown}");
        across(&[("a", &one), ("b", &other)], |a| {
            (page::text(a), json::text(a))
        });
    }
    let one = points(&["model.depth"], &[&["1"]], 2);
    let mut other = points(&["model.depth"], &[&["1"]], 2);
    (0..2).for_each(|index| other.lose(index, Outcome::Pending));
    let shown = text(&[("a", &one), ("b", &other)]);
    assert!(
        shown.contains("Nothing to compare yet. 1 point and 2 trials in common"),
        "{shown}"
    );
    let other = points(&["model.depth"], &[&["1"]], 0);
    assert!(text(&[("a", &one), ("b", &other)]).contains("No point in common"));
}

#[test]
fn a_metric_that_not_all_have_is_refused_with_those_that_they_have() {
    let (one, mut other) = (skip_or_not(), skip_or_not());
    for row in &mut other.record.trials {
        row.metrics.remove("test.psnr");
    }
    let records = [&one.record, &other.record];
    assert_eq!(choose(&records, None), Ok("test.bce".into()));
    assert_eq!(choose(&records, Some("test.ssim")), Ok("test.ssim".into()));
    assert_eq!(choose(&records, Some("params")), Ok("params".into()));
    assert_eq!(
        choose(&records, Some("test.psnr")),
        Err(Unknown {
            wanted: "test.psnr".into(),
            known: ["macs", "params", "test.bce", "test.ssim", "wall_seconds"]
                .map(String::from)
                .into(),
        })
    );
    // Nothing done yet has no say; costs are compared only when asked for.
    let empty = points(&["model.depth"], &[], 1);
    assert_eq!(
        choose(&[&one.record, &empty.record], Some("test.psnr")),
        Ok("test.psnr".into())
    );
    let mut costs = skip_or_not();
    costs.record.compare = None;
    costs
        .record
        .trials
        .iter_mut()
        .for_each(|row| row.metrics.clear());
    assert!(choose(&[&costs.record], None).is_err());
}

/// One pass needs no rule, so that it is one use at two points: it counts once.
#[test]
fn a_use_that_stands_at_several_points_counts_once() {
    let axes = ["model.depth", "iterate.rule"];
    let mut fake = points(&axes, &[&["1", "\"plain\""], &["1", "\"cold\""]], 2);
    let mut record = fake.record.clone();
    for at in 0..2 {
        record.trials[at + 2].id = record.trials[at].id.clone();
    }
    (fake.record.evaluation_axes, fake.record.evaluations) = (record.axes, record.trials);
    let sides = ["a", "b"].map(|name| side(name, &fake).uses());
    let arms: Vec<_> = sides.iter().map(|side| side.arms(METRIC)).collect();
    let across = Across::of(Unit::Use, &sides, &arms).expect("a reference");
    assert_eq!(across.versus[0].trials().count(), 2);
    let shown = terminal::text(&across, Some(100));
    assert!(
        shown.contains("a: 2 uses planned = 2 completed."),
        "{shown}"
    );
}

const HOSTILE: &str = "</script><script>alert(1)</script>|\"'`{{7*7}}\u{202e}\0\u{9b}\u{7f}\u{1b}[2J=cmd|' /C calc'!A0";

#[test]
fn hostile_names_are_inert() {
    let value = serde_json::to_string(HOSTILE).expect("text");
    let hostile = |level: f64| {
        let arm = FakeArm {
            axes: vec![value.clone()],
            level,
            params: 10,
        };
        let mut fake = make(&["=HYPERLINK(\"http://x\")"], &[arm], 2);
        for detail in fake.details.values_mut() {
            detail
                .environment
                .insert(HOSTILE.into(), format!("{level}"));
        }
        set(&mut fake, "=1+1", &level.to_string());
        fake
    };
    let (one, other) = (hostile(0.1), hostile(0.2));
    let fakes = [(HOSTILE, &one), ("=1+1", &other)];
    let (shown, markdown) = across(&fakes, |a| (terminal::text(a, Some(100)), page::text(a)));
    for text in [&shown, &markdown] {
        assert!(!text.contains(['\0', '\u{202e}', '\u{1b}']), "{text}");
        assert!(text.contains("⟨U+202E⟩"));
    }
    assert!(!markdown.contains("<script>"), "{markdown}");
    let bars = |line: &&str| line.starts_with('|');
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    let table: Vec<&str> = markdown
        .lines()
        .skip_while(|line| !bars(line))
        .take_while(bars)
        .collect();
    assert!(
        table.len() == 3 && table.iter().all(|line| columns(line) == columns(table[0])),
        "{markdown}"
    );
    let sheet = across(&fakes, |a| sheet::text(a).expect("a table"));
    for row in csv::Reader::from_reader(sheet.as_bytes()).records() {
        let row = row.expect("row");
        assert!(
            !row.iter()
                .any(|cell| cell.starts_with(['=', '+', '@', '\t', '\r'])),
            "{row:?}"
        );
    }
    assert_eq!(parsed(&fakes)["sweeps"][0]["name"], HOSTILE);
    let raw = across(&fakes, json::text);
    assert!(
        !raw.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')),
        "{raw}"
    );
}

#[test]
fn a_narrow_terminal_is_not_overrun() {
    let one = grid();
    let mut other = grid();
    for row in &mut other.record.trials {
        row.metrics.values_mut().for_each(|value| *value *= 1.01);
    }
    let shown = across(
        &[("skip_by_depth", &one), ("old_skip_by_depth", &other)],
        |a| terminal::text(a, Some(80)),
    );
    let drawn = |line: &&str| !line.contains(". ") && !line.ends_with('.');
    let table: Vec<&str> = shown.lines().filter(drawn).collect();
    assert!(table.len() > 24, "{shown}");
    for line in table {
        assert!(line.chars().count() <= 80, "{line}\n{shown}");
    }
}

fn compare(arguments: &[&Path], options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ablate"))
        .arg("compare")
        .args(arguments)
        .args(options)
        .output()
        .expect("started")
}

fn tiny(skips: &str, baseline: &str, seeds: usize, lr: &str) -> Scene {
    Scene::of(&format!(
        "name: tiny\n\
         base:\n  \
           data: {{ dataset: digits, train: 32, test: 16 }}\n  \
           model: {{ widths: [2, 4], bottleneck: 2 }}\n  \
           train: {{ epochs: 1, batch: 32, lr: {lr} }}\n\
         grid: {{ model.skip.at: {skips} }}\n\
         seeds: {seeds}\n\
         compare: {{ baseline: {{ model.skip.at: {baseline} }}, metric: test.bce }}\n"
    ))
}

/// Through the binary: the same sweep run twice is identical; with another learning rate and one arm less it is not.
#[test]
fn real_sweeps_are_compared_through_the_binary() {
    let scenes = [
        tiny("[[], [14]]", "[]", 2, "1e-3"),
        tiny("[[], [14]]", "[]", 2, "1e-3"),
        tiny("[[14], [28]]", "[28]", 1, "1e-2"),
    ];
    for scene in &scenes {
        scene.run(&["--workers", "1"], 0);
    }
    let [one, again, other] = scenes.each_ref().map(Scene::folder);

    let output = compare(&[&one, &again.join("sweep.h5")], &["--json"]);
    expect_code(&output, 0);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let pairs = &json["comparisons"][0]["pairs"];
    assert_eq!(
        (&pairs["planned"], &pairs["identical"]),
        (&4.into(), &4.into())
    );
    assert_eq!(
        json["comparisons"][0]["differences"],
        Value::Array(Vec::new())
    );
    assert_ne!(json["sweeps"][0]["name"], json["sweeps"][1]["name"]);

    let files = one.join("compared");
    let output = compare(&[&one, &other], &["--out", files.to_str().expect("UTF-8")]);
    expect_code(&output, 0);
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    let lr = shown.lines().filter(|line| line.starts_with("config"));
    let lr: Vec<&str> = lr.flat_map(str::split_whitespace).collect();
    assert_eq!(lr, ["config", "train.lr", "0.001", "0.01"], "{shown}");
    // The differences in the table are those of the records.
    let bce = |record: &SweepRecord, index: usize| record.trials[index].metrics[METRIC];
    let difference = bce(&scenes[2].record(), 0) - bce(&scenes[0].record(), 2);
    let sheet = std::fs::read_to_string(files.join("compare.csv")).expect("written");
    assert!(
        sheet.contains(&format!(",{difference:?},no,")),
        "{difference:?} {sheet}"
    );
    assert_eq!(
        sheet.lines().count(),
        1 + 5,
        "one pair, one of another seed, three of other points"
    );
    let markdown = std::fs::read_to_string(files.join("compare.md")).expect("written");
    assert!(
        markdown.contains("| config | train.lr | 0.001 | 0.01 |"),
        "{markdown}"
    );

    let output = compare(&[&one, &other], &["--metric", "bce"]);
    expect_code(&output, 2);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("did you mean test.bce?"), "{said}");
    expect_code(&compare(&[&one], &[]), 2);
    std::fs::write(other.join("sweep.h5"), b"no record").expect("written");
    expect_code(&compare(&[&one, &other], &[]), 5);
}
