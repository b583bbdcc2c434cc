//! What is counted, once each, and what is missing: values, partners, seeds, metrics.

use crate::report_fake::skip_or_not;
use crate::{METRIC, across, points, side, text};
use ablate::outcome::Outcome;
use ablate::report::across::metric::{Unknown, choose};
use ablate::report::across::{Across, Unit, json, page, sheet, terminal};

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
