//! `ablate plan` from outside: what it prints, and how it refuses what is broken.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs `ablate` where no MNIST is found, in 256 MiB of address space and one second of processor time (row 19 of the promises),
/// which, unlike a second on the clock, a busy machine does not use up.
fn ablate(command: &str, arguments: &[&str]) -> Output {
    let mut limited = Command::new("sh");
    limited
        .args([
            "-c",
            "ulimit -v 262144; ulimit -t 1; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_ablate"),
            command,
        ])
        .args(arguments)
        .current_dir(ROOT)
        .env("ABLATE_DATA_DIR", "/nonexistent")
        .env("XDG_CACHE_HOME", "/nonexistent")
        .env("HOME", "/nonexistent");
    let start = Instant::now();
    let output = limited.output().expect("sh and the binary run");
    // Ten times the promise: a guard against hangs on a busy machine, not a timing.
    assert!(
        start.elapsed().as_secs() < 10,
        "{arguments:?} took {:?}",
        start.elapsed()
    );
    output
}

fn plan(arguments: &[&str]) -> Output {
    ablate("plan", arguments)
}

/// Otherwise the limits would mean nothing.
#[test]
fn a_second_and_a_quarter_of_a_gibibyte_are_enforced_here() {
    for script in [
        "ulimit -t 1; while :; do :; done",
        "ulimit -v 262144; x=$(head -c 400000000 /dev/zero | tr '\\0' x)",
    ] {
        let output = Command::new("sh").args(["-c", script]).output();
        assert!(!output.expect("sh").status.success(), "{script}");
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// The sweeps of `tests/broken`: paths from the root, and the text that each is refused with.
fn broken() -> Vec<(String, String)> {
    let folder = Path::new(ROOT).join("tests/broken");
    let entries = std::fs::read_dir(folder).expect("tests/broken");
    let paths = entries.map(|entry| entry.expect("entry").path());
    let sweeps = paths.filter(|path| path.extension().is_some_and(|e| e == "yaml"));
    let broken: Vec<_> = sweeps
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            let expected = std::fs::read_to_string(path.with_extension("txt"));
            let file = format!("tests/broken/{}", name.expect("UTF-8 name"));
            (file, expected.expect("the expected text"))
        })
        .collect();
    assert!(broken.len() >= 40, "only {} broken sweeps", broken.len());
    broken
}

#[test]
fn every_broken_sweep_is_refused_with_the_text_kept_beside_it() {
    for (file, expected) in broken() {
        let output = plan(&[&file]);
        assert_eq!(stderr(&output), expected, "{file}");
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert_eq!(stdout(&output), "", "{file}");
        assert_placed(&expected, &file);
    }
}

/// That a refusal begins with file, line and column.
fn assert_placed(refusal: &str, file: &str) {
    let place = refusal.strip_prefix(&format!("error: {file}:"));
    let mut numbers = place.unwrap_or_default().split(':');
    let number = |text: Option<&str>| text.is_some_and(|text| text.parse::<u32>().is_ok());
    assert!(
        number(numbers.next()) && number(numbers.next()),
        "{refusal}"
    );
}

#[test]
fn no_command_that_acts_on_a_sweep_acts_on_a_broken_one() {
    let place = tempfile::tempdir().expect("a folder");
    let results = place.path().join("results");
    let results = results.to_str().expect("UTF-8 path");
    let submit = [
        "--profile",
        "expanse",
        "--partition",
        "shared",
        "--account",
        "a",
    ];
    for (file, expected) in broken() {
        let to = [&*file, "--results", results];
        let sent = [&to[..], &submit[..], &["--dry-run"]].concat();
        for (command, arguments) in [("run", &to[..]), ("submit", &sent[..])] {
            let output = ablate(command, arguments);
            assert_eq!(stderr(&output), expected, "{command} {file}");
            assert_eq!(output.status.code(), Some(2), "{command} {file}");
        }
    }
    let made = std::fs::read_dir(place.path()).expect("listed").count();
    assert_eq!(made, 0, "nothing is created");
}

/// Faults too large to keep as files.
fn hostile_sizes() -> [(&'static str, String); 8] {
    let block = |depth| format!("{}a:\n", " ".repeat(depth));
    [
        (
            "flow",
            format!(
                "name: x\nbase: {}{}",
                "[".repeat(10_000),
                "]".repeat(10_000)
            ),
        ),
        ("block", (0..1_000).map(block).collect()),
        ("dashes", "- ".repeat(10_000)),
        ("keys", (0..50_000).map(|n| format!("k{n}: 1\n")).collect()),
        (
            "nodes",
            format!("name: x\nseeds: [{}]", "1,".repeat(200_000)),
        ),
        ("scalar", format!("name: {}", "a".repeat(1_000_000))),
        (
            "line",
            format!("name: x\nbase: {{ {}: 1 }}", "a".repeat(900)),
        ),
        ("nul", "name: \0\n".into()),
    ]
}

#[test]
fn hostile_sizes_are_refused_quickly_in_little_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in hostile_sizes() {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        let path = path.to_str().expect("UTF-8 path");
        let output = plan(&[path]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.len() < 10_000, "{name}: a message, not an essay");
        assert_placed(&said, path);
    }

    let path = folder.path().join("gigabyte.yaml");
    let file = File::create(&path).expect("created");
    file.set_len(1 << 30).expect("a sparse file");
    let path = path.to_str().expect("UTF-8 path");
    let output = plan(&[path]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.starts_with(&format!("error: {path}: is larger than 1 MiB")),
        "{said}"
    );
}

/// YAML 1.1 would read the first as text and the second as false.
#[test]
fn numbers_with_exponents_are_numbers_and_no_is_a_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join("x.yaml");
    let planned = |name: &str, setting: &str| {
        let text = format!("name: {name}\nbase: {{ data: {{ dataset: digits }}, {setting} }}\n");
        std::fs::write(&path, text).expect("written");
        plan(&[path.to_str().expect("UTF-8 path"), "--json"])
    };
    let ids = |setting: &str| {
        let output = planned("x", setting);
        let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        json["arms"][0]["ids"].clone()
    };
    let expected = ids("train: { lr: 0.002 }");
    assert!(expected[0].is_string());
    for lr in ["2e-3", "2.0e-3", "2E-3", "+2e-3", "0.2e-2"] {
        assert_eq!(ids(&format!("train: {{ lr: {lr} }}")), expected, "{lr}");
    }
    assert_ne!(ids("train: { lr: 2e-4 }"), expected);

    for (setting, column) in [("train: { clip: no }", 51), ("model: { norm: no }", 51)] {
        let output = planned("x", setting);
        let place = format!("{}:2:{column}: ", path.display());
        let said = stderr(&output);
        assert!(
            said.contains(&place) && said.contains("found the text \"no\""),
            "{said}"
        );
        assert_eq!(output.status.code(), Some(2));
    }
    let output = planned("no", "train: { epochs: 1 }");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("\"no\""), "{}", stdout(&output));
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
