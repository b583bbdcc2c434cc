//! What differs besides the results: settings, images, machines, sweep files.

use crate::report_fake::{grid, skip_or_not};
use crate::{METRIC, parsed, set, side, text};
use ablate::report::across::side::Side;
use ablate::report::across::{Across, Unit, page};

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
