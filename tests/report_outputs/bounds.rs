//! Too few trials, too many arms, values beyond all bounds: what cannot be drawn is left out.

use crate::report_fake::{FakeArm, make, skip_or_not};
use crate::{decode, svg, write};
use ablate::outcome::Outcome;
use ablate::report::Format;
use serde_json::Value;

#[test]
fn few_seeds_and_nothing_to_compare_leave_figures_out_without_a_panic() {
    let arm = |at: &str| FakeArm {
        axes: vec![at.into()],
        level: 0.16,
        params: 100,
    };
    for seeds in [0, 1, 2] {
        let fake = make(&["model.skip.at"], &[arm("[]"), arm("[14]")], seeds);
        let files = write(&fake, &Format::ALL);
        assert_eq!(files.contains_key("figures/effects.svg"), seeds > 0);
        assert_eq!(files.contains_key("figures/pictures.png"), seeds > 0);
        if seeds == 1 {
            let svg = svg(&files, "figures/effects.svg");
            let whiskers = svg.matches("#0072b2").count();
            assert_eq!(whiskers, 1, "one seed is a dot without an interval: {svg}");
            let report: Value = serde_json::from_slice(&files["report.json"]).expect("JSON");
            assert_eq!(report["arms"][1]["comparison"]["interval"], Value::Null);
            assert_eq!(
                report["arms"][1]["comparison"]["seeds_needed"]["bound"],
                "at_least"
            );
        }
    }
    let mut fake = skip_or_not();
    fake.record.compare = None;
    let files = write(&fake, &Format::ALL);
    assert!(
        !files.contains_key("figures/effects.svg")
            && files.contains_key("figures/curves-test.bce.svg")
    );
    for index in 0..fake.record.trials.len() {
        fake.lose(index, Outcome::Failed);
    }
    assert!(write(&fake, &[Format::Figures]).is_empty());
    write(&fake, &Format::ALL);
}

/// A foreign record may hold any number.
#[test]
fn values_beyond_all_bounds_are_drawn_or_left_out() {
    for value in [1e308, -1e308, 1e-320, 0.0, f64::INFINITY] {
        let mut fake = skip_or_not();
        for (index, row) in fake.record.trials.iter_mut().enumerate() {
            let sign = if index % 2 == 0 { 1.0 } else { -1.0 };
            row.metrics.insert("test.bce".into(), sign * value);
        }
        for detail in fake.details.values_mut() {
            detail.epochs.insert(
                "train_loss",
                (0..20).map(|n| value * f64::from(n)).collect(),
            );
        }
        for (name, bytes) in write(&fake, &[Format::Figures, Format::Json]) {
            assert!(
                !name.ends_with("svg") || !String::from_utf8_lossy(&bytes).contains("NaN"),
                "{name} {value}"
            );
        }
    }
}

#[test]
fn many_arms_are_bounded_and_the_figure_says_so() {
    let arms: Vec<FakeArm> = (0..60)
        .map(|n| FakeArm {
            axes: vec![if n == 0 {
                "[]".into()
            } else {
                format!("[{n}]")
            }],
            level: 0.16 - 0.0005 * f64::from(n),
            params: 100,
        })
        .collect();
    let files = write(&make(&["model.skip.at"], &arms, 2), &[Format::Figures]);
    let effects = svg(&files, "figures/effects.svg");
    assert_eq!(effects.matches("<circle").count(), 40);
    assert!(effects.contains("the first 40 of 60 arms"), "{effects}");
    let curves = svg(&files, "figures/curves-test.bce.svg");
    assert_eq!(curves.matches("<polygon").count(), 12);
    assert!(curves.contains("12 of 60 arms"), "{curves}");
    let (_, height, _) = decode(&files["figures/pictures.png"]);
    assert!(height < 300 * 16, "{height}");
}
