//! Real sweeps, compared through the binary.

use crate::METRIC;
use crate::scene::{Scene, expect_code};
use ablate::record::SweepRecord;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

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
