//! Which points of two sweeps belong together, whatever their axes.

use crate::{across, parsed, points, set, text};
use ablate::report::across::matching::Matching;
use ablate::report::across::sheet;

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
