//! What TensorBoard's own reader makes of an export.

use crate::fixture::{header, plan, trial};
use crate::made::{NEW_YEAR, export, made, read, sweep};
use ablate::record::{PlannedTrial, SweepHeader, TrialRecord};
use serde_json::{Value, json};

/// Oracle: the fixture's numbers. The trial took 1.5 s and ended at midnight; its three epochs took 0.5 s each.
#[test]
fn tensorboard_reads_curves_final_numbers_and_their_times() {
    let (_place, folder) = sweep();
    let out = folder.root().join("tensorboard");
    assert_eq!(export(&folder, &out).expect("export"), 3);
    let Some(runs) = read(&out) else { return };
    let names: Vec<&str> = runs.keys().map(String::as_str).collect();
    let first = "lr-0.001-skip.at-[0]/seed-0";
    let second = "lr-0.001-skip.at-[1]/seed-1";
    let evaluation = "evaluations/lr-0.001-skip.at-[0]-steps-50/seed-0";
    assert_eq!(names, [".", evaluation, first, second]);

    let third = f64::from(1.0_f32 / 3.0);
    let at = |seconds: f64| NEW_YEAR + seconds;
    let scalars = &runs[first]["scalars"];
    assert_eq!(
        scalars["epochs/train_loss"],
        json!([[1, 1.0, at(-1.0)], [2, 0.5, at(-0.5)], [3, third, at(0.0)]])
    );
    assert_eq!(
        scalars["epochs/test.bce"],
        json!([[3, 0.25, at(0.0)]]),
        "missing values are left out"
    );
    assert!(scalars.get("epochs/epoch").is_none());
    assert_eq!(scalars["metrics/test.bce"], json!([[3, 0.25, at(0.0)]]));
    assert_eq!(scalars["metrics/params"], json!([[3, 18.0, at(0.0)]]));
    assert_eq!(scalars["metrics/macs"], json!([[3, 1000.0, at(0.0)]]));
    assert_eq!(scalars["metrics/wall_seconds"], json!([[3, 1.5, at(0.0)]]));
    assert!(runs[second]["scalars"].get("metrics/test.bce").is_none());
    assert_eq!(runs[evaluation]["scalars"]["metrics/test.bce"][0][1], 9.25);
}

#[test]
fn tensorboard_reads_the_pictures_pixel_by_pixel() {
    let (_place, folder) = sweep();
    let out = folder.root().join("tensorboard");
    export(&folder, &out).expect("export");
    let Some(runs) = read(&out) else { return };
    let images = &runs["lr-0.001-skip.at-[0]/seed-0"]["images"];
    assert_eq!(images["samples/input"][0][0], 0);
    let outputs = images["samples/output"].as_array().expect("events");
    let samples = &trial(0).result.samples[1];
    assert_eq!(outputs.len(), 2);
    for (index, event) in outputs.iter().enumerate() {
        assert_eq!(event[0], samples.epochs[index]);
        assert_eq!(event[2], json!([58, 28]));
        for (y, x) in [(0, 0), (27, 27), (3, 5)] {
            let pixel = |picture: usize| samples.pixels[((index * 2 + picture) * 28 + y) * 28 + x];
            assert_eq!(event[3][y][x], json!([pixel(0), 255]));
            assert_eq!(event[3][y][x + 30], json!([pixel(1), 255]));
        }
        assert_eq!(event[3][9][28], json!([0, 0]), "the gap is transparent");
    }
}

#[test]
fn the_hparams_plugin_reads_axes_seeds_metrics_and_how_runs_ended() {
    let (_place, folder) = sweep();
    let out = folder.root().join("tensorboard");
    export(&folder, &out).expect("export");
    let Some(runs) = read(&out) else { return };
    let experiment = &runs["."]["hparams"]["_hparams_/experiment"];
    assert_eq!(experiment["name"], "made-up");
    let text = |name: &str, domain: Value| json!({"name": name, "type": "DATA_TYPE_STRING", "domainDiscrete": domain});
    let number = |name: &str, domain: Value| json!({"name": name, "type": "DATA_TYPE_FLOAT64", "domainDiscrete": domain});
    assert_eq!(
        experiment["hparamInfos"],
        json!([
            number("train.lr", json!([0.001])),
            text("model.skip.at", json!(["[0]", "[1]"])),
            number("generate.steps", json!([50.0])),
            number("seed", json!([0.0, 1.0])),
        ])
    );
    let metric =
        |name: &str| json!({"name": {"tag": format!("metrics/{name}")}, "displayName": name});
    assert_eq!(
        experiment["metricInfos"],
        json!(["test.bce", "macs", "params", "wall_seconds"].map(metric))
    );
    let start = |run: &str| runs[run]["hparams"]["_hparams_/session_start_info"].clone();
    let end = |run: &str| runs[run]["hparams"]["_hparams_/session_end_info"]["status"].clone();
    let (first, second) = ("lr-0.001-skip.at-[0]/seed-0", "lr-0.001-skip.at-[1]/seed-1");
    assert_eq!(
        start(first),
        json!({"hparams": {"train.lr": 0.001, "model.skip.at": "[0]", "seed": 0.0}, "startTimeSecs": NEW_YEAR - 1.5})
    );
    let evaluation = start("evaluations/lr-0.001-skip.at-[0]-steps-50/seed-0");
    assert_eq!(evaluation["hparams"]["generate.steps"], 50.0);
    assert_eq!(
        (end(first), end(second)),
        ("STATUS_SUCCESS".into(), "STATUS_FAILURE".into())
    );

    assert_eq!(runs[first]["texts"]["config"], "    train.lr: 0.001\n");
    assert_eq!(
        runs[first]["texts"]["environment"],
        "    device: cpu\n    host: höst\n"
    );
    assert_eq!(
        runs[second]["texts"]["message"],
        "    train_loss became NaN in epoch 2\n"
    );
    assert_eq!(runs["."]["texts"]["question"], "    Does it last?\n");
    assert_eq!(runs["."]["texts"]["sweep"], "    name: made-up\n");
}

/// Oracle: what the plugin's `DataType`s and domains are for. A value without effect (`null`) is no value.
#[test]
fn axes_are_numbers_switches_or_texts_and_long_ones_ranges() {
    let header = SweepHeader {
        axes: ["flag", "factor", "mixed"].map(String::from).into(),
        ..header()
    };
    let trials: Vec<TrialRecord> = (0..13).map(trial).collect();
    let plan = plan(13).into_iter().map(|trial| PlannedTrial {
        axes: match trial.index {
            0 => ["true", "null", "1"],
            _ => ["false", "0.5", "\"auto\""],
        }
        .map(String::from)
        .into(),
        seed: trial.seed + 2,
        ..trial
    });
    let (_place, folder) = made(&header, &trials, &plan.collect::<Vec<_>>());
    let out = folder.root().join("tensorboard");
    export(&folder, &out).expect("export");
    let Some(runs) = read(&out) else { return };
    assert_eq!(
        runs["."]["hparams"]["_hparams_/experiment"]["hparamInfos"],
        json!([
            {"name": "flag", "type": "DATA_TYPE_BOOL", "domainDiscrete": [true, false]},
            {"name": "factor", "type": "DATA_TYPE_FLOAT64", "domainDiscrete": [0.5]},
            {"name": "mixed", "type": "DATA_TYPE_STRING", "domainDiscrete": ["1", "auto"]},
            {"name": "seed", "type": "DATA_TYPE_FLOAT64", "domainInterval": {"minValue": 2.0, "maxValue": 14.0}},
        ])
    );
    let start = &runs["flag-true-factor-mixed-1/seed-2"]["hparams"]["_hparams_/session_start_info"];
    assert_eq!(
        start["hparams"],
        json!({"flag": true, "mixed": "1", "seed": 2.0})
    );
}
