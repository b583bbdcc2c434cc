//! `ablate plan` from outside: what it prints, and how it refuses what is broken.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs `ablate plan` where no MNIST is found, in 256 MiB of address space where the system can limit it.
fn plan(arguments: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "ulimit -v 262144; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_ablate"),
            "plan",
        ])
        .args(arguments)
        .current_dir(ROOT)
        .env("ABLATE_DATA_DIR", "/nonexistent")
        .env("XDG_CACHE_HOME", "/nonexistent")
        .env("HOME", "/nonexistent");
    let start = Instant::now();
    let output = command.output().expect("sh and the binary run");
    // Ten times the promise: a guard against hangs on a busy machine, not a timing.
    assert!(
        start.elapsed().as_secs() < 10,
        "{arguments:?} took {:?}",
        start.elapsed()
    );
    output
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Every `tests/broken/X.yaml` is refused with exactly the text of `tests/broken/X.txt`.
#[test]
fn every_broken_sweep_is_refused_with_the_text_kept_beside_it() {
    let mut seen = 0;
    for entry in std::fs::read_dir(Path::new(ROOT).join("tests/broken")).expect("tests/broken") {
        let path = entry.expect("entry").path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("UTF-8 name");
        let output = plan(&[&format!("tests/broken/{stem}.yaml")]);
        let expected =
            std::fs::read_to_string(path.with_extension("txt")).expect("the expected text");
        assert_eq!(stderr(&output), expected, "{stem}");
        assert_eq!(output.status.code(), Some(2), "{stem}");
        assert_eq!(stdout(&output), "", "{stem}");
        let first = expected.lines().next().unwrap_or_default();
        assert!(
            first.starts_with(&format!("error: tests/broken/{stem}.yaml:")),
            "{stem}: {first}"
        );
        seen += 1;
    }
    assert!(seen >= 40, "only {seen} broken sweeps found");
}

/// Faults too large to keep as files.
#[test]
fn hostile_sizes_are_refused_quickly_in_little_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let refuse = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        let output = plan(&[path.to_str().expect("UTF-8 path")]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", stderr(&output));
        assert!(
            stderr(&output).len() < 10_000,
            "{name}: a message, not an essay"
        );
    };
    refuse(
        "flow.yaml",
        &format!(
            "name: x\nbase: {}{}",
            "[".repeat(10_000),
            "]".repeat(10_000)
        ),
    );
    let block: String = (0..1_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    refuse("block.yaml", &block);
    refuse("dashes.yaml", &"- ".repeat(10_000));
    refuse(
        "keys.yaml",
        &(0..50_000)
            .map(|n| format!("k{n}: 1\n"))
            .collect::<String>(),
    );
    refuse(
        "nodes.yaml",
        &format!("name: x\nseeds: [{}]", "1,".repeat(200_000)),
    );
    refuse("scalar.yaml", &format!("name: {}", "a".repeat(1_000_000)));
    refuse(
        "line.yaml",
        &format!("name: x\nbase: {{ {}: 1 }}", "a".repeat(900)),
    );
    refuse("nul.yaml", "name: \0\n");

    let path = folder.path().join("gigabyte.yaml");
    let file = File::create(&path).expect("created");
    file.set_len(1 << 30).expect("a sparse file");
    let output = plan(&[path.to_str().expect("UTF-8 path")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("is larger than 1 MiB"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_file_that_is_not_there_or_a_folder_is_bad_input() {
    for path in ["no/such.yaml", "jobs"] {
        let output = plan(&[path]);
        assert_eq!(output.status.code(), Some(2), "{path}");
        assert!(
            stderr(&output).contains("next: check the path"),
            "{path}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn the_plan_shows_arms_with_their_cost_and_what_became_of_every_point() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.yaml");
    let text = "name: x\nquestion: \"Why\\e[31m?\"\nbase: { data: { dataset: digits } }\ngrid:\n  model.skip.at: [[], [14]]\n  model.skip.mode: [concat, add]\n  model.depth: [1, 2]\nexclude:\n  - { model.depth: 2, model.skip.mode: add }\nseeds: 2\n";
    std::fs::write(&path, text).expect("written");
    let path = path.to_str().expect("UTF-8 path");
    let output = plan(&[path]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for part in [
        "Why·[31m?",
        "5 points × 2 seeds = 10 trials",
        "excluded: 2 points by the rule on line 9",
        "collapsed: 1 point",
        "model.skip.mode has no effect there",
        // science.md R4: parameters of the lecture net.
        "185,873",
        "estimate: about",
        "warning: no compare",
    ] {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
    let why = stdout(&plan(&[path, "--why", "model.depth=2,model.skip.at=[14]"]));
    assert!(
        why.contains("kept as arm") && why.contains("excluded by the rule on line 9"),
        "{why}"
    );

    let json: serde_json::Value =
        serde_json::from_str(&stdout(&plan(&[path, "--json"]))).expect("JSON");
    assert_eq!((&json["format"], &json["trials"]), (&1.into(), &10.into()));
    assert_eq!(json["arms"].as_array().map(Vec::len), Some(5));
    assert_eq!(plan(&[path, "--max-trials", "9"]).status.code(), Some(2));
}

#[test]
fn a_long_table_is_cut_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.yaml");
    std::fs::write(
        &path,
        "name: x\nbase: { data: { dataset: digits } }\ngrid: { train.epochs: { from: 1, to: 50 } }",
    )
    .expect("written");
    let said = stdout(&plan(&[path.to_str().expect("UTF-8 path")]));
    assert!(said.contains("… and 10 more arms"), "{said}");
}

/// Plans a sweep on digits, which any machine has, and gives the text.
fn text(yaml: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.yaml");
    std::fs::write(&path, format!("name: x\nseeds: 8\n{yaml}")).expect("written");
    let output = plan(&[path.to_str().expect("UTF-8 path")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stdout(&output)
}

/// Oracle: science.md R4 and R5, and R4's formula with widths 77 and 154: 259,661 beside 260,177; R2's with width 4: 3,250
/// beside 3,163.
#[test]
fn controls_are_shown_with_their_size_beside_that_of_their_arms() {
    let lecture = text(
        "base: { data: { dataset: digits } }\n\
         grid: { model.skip.at: [[], [28], [14, 28]] }\n\
         compare: { baseline: { model.skip.at: [] }, metric: test.bce }\n\
         controls: [matched_parameters, zero_skip]",
    );
    for line in [
        "  arm 4, matched_parameters of arm 2: model.skip.at = [], model.widths = [77,154]; 259,661 parameters, −0.2 %",
        "  arm 5, zero_skip of arm 2: model.skip.mode = zero; 260,177 parameters, as many",
        "  no matched_parameters of arm 1: its baseline's parameters are within 2 % of its own (−0.3 %)",
    ] {
        assert!(
            lecture.lines().any(|shown| shown == line),
            "{line}\n{lecture}"
        );
    }
    let tiny = text(
        "base: { task: classify, data: { dataset: digits }, model: { arch: mlp, depth: 4, width: 1 } }\n\
         grid: { model.connection: [none, input_concat] }\n\
         compare: { baseline: { model.connection: none }, metric: test.accuracy }\n\
         controls: [matched_parameters]",
    );
    let line = "  arm 2, matched_parameters of arm 1: model.connection = none, model.width = 4; 3,250 parameters, +2.8 %, the nearest possible";
    assert!(tiny.lines().any(|shown| shown == line), "{tiny}");
}
