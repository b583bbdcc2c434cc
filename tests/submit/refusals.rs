//! What a partition would refuse is refused before sbatch, and nothing is made.

use crate::stage::{Stage, expect};

fn refused(arguments: &[&str]) -> String {
    let stage = Stage::new();
    let before = stage.files();
    let said = expect(&stage.submit(arguments), 2);
    assert_eq!(stage.told("sbatch.log"), "", "{arguments:?}");
    assert_eq!(stage.files(), before, "{arguments:?}");
    assert!(said.contains("next: "), "{said}");
    said
}

fn expanse(partition: &str, more: &[&str]) -> String {
    let mut all = vec![
        "--profile",
        "expanse",
        "--account",
        "a",
        "--partition",
        partition,
    ];
    all.extend(more);
    refused(&all)
}

#[test]
fn limits_hold_before_sbatch() {
    assert!(expanse("gpu-shared", &["--jobs", "24"]).contains("--jobs 23 or less"));
    assert!(expanse("gpu-shared", &["--gpus", "4"]).contains("--gpus 1 or 2 or 3"));
    assert!(expanse("gpu-shared", &["--time", "48:00:01"]).contains("--time 48:00:00 or less"));
    assert!(expanse("gpu-shared", &["--nodes", "2"]).contains("1 node at most"));
    assert!(expanse("gpu-debug", &["--time", "31"]).contains("walltime of 00:30:00"));
    assert!(expanse("gpu", &["--gpus", "20"]).contains("--gpus 4 or 8 or 12 or 16"));
    assert!(expanse("gpu_shared", &[]).contains("did you mean gpu-shared?"));
}

#[test]
fn what_is_missing_or_unknown_is_named() {
    let none = refused(&["--profile", "expanse", "--partition", "gpu-shared"]);
    assert!(none.contains("--account NAME"), "{none}");
    assert!(refused(&["--profile", "expense", "-p", "x"]).contains("expanse or local"));
    assert!(refused(&["--profile", "no.yaml", "-p", "x"]).contains("cannot read the profile"));
    assert!(expanse("gpu-shared", &["--", "--time=1"]).contains("use --time before the --"));
    assert!(expanse("gpu-shared", &["--", "-q", "x"]).contains("--name=value"));
}

#[test]
fn a_profile_of_ones_own_is_read_and_its_mistakes_have_a_place() {
    let stage = Stage::new();
    let text = include_str!("../../slurm/local.yaml");
    std::fs::write(stage.path("mine.yaml"), text.replace("walltime", "waltime")).expect("written");
    let said = expect(&stage.submit(&["--profile", "mine.yaml", "-p", "gpu"]), 2);
    let line = 1 + text
        .lines()
        .position(|line| line.contains("walltime"))
        .expect("there");
    assert!(
        said.contains(&format!("mine.yaml:{line}:")) && said.contains("waltime"),
        "{said}"
    );
    std::fs::write(stage.path("mine.yaml"), text).expect("written");
    expect(&stage.submit(&["--profile", "mine.yaml", "-p", "gpu"]), 0);
}

#[test]
fn without_slurm_it_says_where_to_go() {
    let stage = Stage::new();
    let mut command = stage.command(env!("CARGO_BIN_EXE_ablate"));
    command.args([
        "submit",
        "tiny.yaml",
        "--results",
        "results",
        "--profile",
        "local",
        "-p",
        "gpu",
    ]);
    let output = command
        .env("PATH", "/nonexistent")
        .output()
        .expect("started");
    let said = expect(&output, 2);
    assert!(
        said.contains("there is no sbatch here") && said.contains("login node"),
        "{said}"
    );
}
