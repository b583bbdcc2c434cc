//! Records that were made to harm.

use crate::fixture::{header, plan, trial};
use crate::made::{export, files, made, read};
use ablate::record::{PlannedTrial, SweepHeader, TrialRecord};
use serde_json::json;
use std::path::Component;

#[test]
fn hostile_names_stay_below_the_folder_and_are_told_apart() {
    let texts = [
        "\"../../../outside\"",
        "\"..\\\\..\\\\outside\"",
        "\"/outside\"",
        "\"\\u001b[2J\\u202eoutside\"",
        "\"<script>alert(1)</script>\"",
        "\"[x](javascript:alert(1))\"",
        "\"a/b\"",
        "\"a:b\"",
        "\"A b\"",
    ];
    let header = SweepHeader {
        axes: vec!["..x<b>".into()],
        ..header()
    };
    let trials: Vec<TrialRecord> = (0..texts.len() as u64)
        .map(|number| {
            let mut trial = trial(number);
            trial.config = format!("{{\"..x<b>\":{}}}", texts[number as usize]);
            trial
        })
        .collect();
    let plan: Vec<PlannedTrial> = plan(texts.len() as u64)
        .into_iter()
        .map(|trial| PlannedTrial {
            axes: vec![texts[trial.index].into()],
            seed: 0,
            ..trial
        })
        .collect();
    let (_place, folder) = made(&header, &trials, &plan);
    let before = files(folder.root());
    let out = folder.root().join("tensorboard");
    export(&folder, &out).expect("export");
    let inside = files(&out);
    for path in inside.keys() {
        let text = path.to_str().expect("UTF-8");
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._+=[]-/".contains(c);
        let inert = |part| matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b"."));
        assert!(
            text.chars().all(allowed) && path.components().all(inert),
            "{text}"
        );
    }
    assert_eq!(inside.len(), texts.len() + 2, "one run a trial");
    assert_eq!(files(folder.root()).len(), before.len() + inside.len());
    let Some(runs) = read(&out) else { return };
    for (name, run) in &runs {
        let texts = run["texts"].as_object().expect("texts").values();
        for line in texts.flat_map(|text| text.as_str().expect("text").lines()) {
            assert!(
                line.starts_with("    ") && !line.contains(['\u{1b}', '\u{202e}']),
                "{name}: {line:?}"
            );
        }
    }
    // An escape that JSON wrote out (`\\u001b` with two strokes here) is text; one stroke would be the mark itself.
    let shown = json!(runs).to_string().replace("\\\\u", "");
    assert!(shown.contains("<script>"), "shown as text");
    assert!(!shown.contains("\\u001b") && !shown.contains('\u{202e}'));
}

/// An arm must not take the place of the event file or of the manifest beside it.
#[test]
fn no_arm_has_the_name_of_a_file() {
    let names = [
        "events.out.tfevents.ablate",
        "ablate-export.json",
        "evaluations",
    ];
    for name in names {
        let header = SweepHeader {
            axes: vec![format!("section.{name}")],
            ..header()
        };
        let plan = plan(1).into_iter().map(|trial| PlannedTrial {
            axes: vec!["\"\"".into()],
            ..trial
        });
        let (_place, folder) = made(&header, &[trial(0)], &plan.collect::<Vec<_>>());
        let out = folder.root().join("tensorboard");
        assert_eq!(export(&folder, &out).expect("export"), 1);
        let run = files(&out)
            .into_keys()
            .find(|path| path.starts_with(format!("{name}-2")));
        assert!(run.is_some(), "{:?}", files(&out).keys());
    }
}

/// A foreign record may say anything; TensorBoard must still read every event.
#[test]
fn numbers_that_cannot_be_are_no_times() {
    let mut odd = trial(0);
    odd.ended = "yesterday".into();
    odd.result.wall_seconds = f64::INFINITY;
    odd.result
        .epochs
        .insert("epoch", vec![f64::NAN, 1e300, -3.0]);
    odd.result
        .epochs
        .insert("seconds", vec![f64::NAN, f64::INFINITY, -1.0]);
    odd.result
        .epochs
        .insert("train_loss", vec![f64::INFINITY, 1e300, 2.0]);
    let (_place, folder) = made(&header(), &[odd], &plan(1));
    let out = folder.root().join("tensorboard");
    export(&folder, &out).expect("export");
    let Some(runs) = read(&out) else { return };
    let losses = &runs["lr-0.001-skip.at-[0]/seed-0"]["scalars"]["epochs/train_loss"];
    let losses = losses.as_array().expect("events");
    assert_eq!(losses[2], json!([-3, 2.0, 0.0]));
    assert_eq!(losses[0], json!([0, "inf", 0.0]));
    // The plugin would refuse a larger step.
    assert_eq!(losses[1], json!([i32::MAX, "inf", 0.0]));
}
