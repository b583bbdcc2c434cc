//! `ablate report` on a record: every file it names is there, and no figure of an earlier report stays.

use crate::fixture::{folder, header, id, plan, trial};
use ablate::record::{CompareRecord, Folder, commit, merge};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// Two arms of two seeds.
fn record() -> (tempfile::TempDir, Folder) {
    let (place, folder) = folder();
    let mut plan = plan(4);
    for (number, planned) in (0..4).zip(&mut plan) {
        let mut record = trial(number);
        record.seed = number % 2;
        commit(&folder, &record).expect("commit");
        planned.seed = number % 2;
        planned.axes[1] = if number < 2 {
            "[]".into()
        } else {
            "[14]".into()
        };
        assert_eq!(planned.id, id(number));
    }
    let mut header = header();
    header.compare = Some(CompareRecord {
        baseline: [("model.skip.at".into(), "[]".into())].into(),
        metric: "test.bce".into(),
        expect: "lower".into(),
        margin: 0.0,
    });
    merge(&folder, &header, &plan).expect("merge");
    (place, folder)
}

fn report(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
    command.arg("report").arg(folder.root()).args(arguments);
    command.output().expect("ablate report")
}

/// The paths that the command names.
fn named(output: &Output, folder: &Folder) -> Vec<String> {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let root = format!("{}/", folder.root().display());
    let paths = text.lines().filter_map(|line| line.strip_prefix(&root));
    paths.map(String::from).collect()
}

#[test]
fn every_named_file_is_there_and_stale_figures_go() {
    let (_place, folder) = record();
    let names = named(&report(&folder, &[]), &folder);
    let expected = [
        "report.html",
        "report.md",
        "trials.csv",
        "report.tex",
        "report.json",
        "figures/effects.svg",
        "figures/effects.png",
        "figures/curves-train_loss.svg",
        "figures/curves-train_loss.png",
        "figures/pictures.png",
        "figures/pictures-epoch-1.png",
        "figures/pictures-epoch-3.png",
    ];
    assert_eq!(names, expected, "test.bce has one epoch only: no curve");
    let inode = |name: &str| fs::metadata(folder.report(name)).expect(name).ino();
    let before: Vec<u64> = names.iter().map(|name| inode(name)).collect();

    for name in ["figures/curves-test.bce.svg", "figures/mine.png"] {
        fs::write(folder.report(name), name).expect("write");
    }
    let there = |name: &str| folder.report(name).exists();
    assert_eq!(
        named(&report(&folder, &["--formats", "csv,json"]), &folder),
        ["trials.csv", "report.json"]
    );
    assert!(
        there("figures/curves-test.bce.svg"),
        "no figures were asked for"
    );
    report(&folder, &[]);
    assert!(!there("figures/curves-test.bce.svg") && there("figures/mine.png"));
    let after: Vec<u64> = names.iter().map(|name| inode(name)).collect();
    assert_eq!(after, before, "what has not changed is not written");
}

#[test]
fn an_unknown_format_is_refused_with_the_known_ones() {
    let (_place, folder) = record();
    let output = report(&folder, &["--formats", "pdf"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && error.contains("html, md, csv, tex, json, figures"),
        "{error}"
    );
    assert!(!Path::new(&folder.report("report.html")).exists());
}
