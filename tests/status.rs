//! `ablate status` and `ablate logs` from outside.

mod common;
#[path = "status/following.rs"]
mod following;
#[path = "status/hostile.rs"]
mod hostile;
#[path = "status/logs.rs"]
mod logs;
#[path = "status/running.rs"]
mod running;
mod scene;

use ablate::record::Folder;
use scene::{Scene, expect_code};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// `ablate` with these arguments; Slurm is looked for only in `bin`.
fn ablate(arguments: &[&str], bin: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
    command
        .args(arguments)
        .env("PATH", bin)
        .output()
        .expect("started")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

struct Place {
    scene: Scene,
    bin: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            scene: Scene::new(),
            bin: tempfile::tempdir().expect("a folder"),
        }
    }

    fn results(&self) -> PathBuf {
        self.scene.folder().parent().expect("results").to_owned()
    }

    fn yaml(&self) -> PathBuf {
        self.results().parent().expect("root").join("tiny.yaml")
    }

    fn status(&self, arguments: &[&str], code: i32) -> String {
        let folder = self.scene.folder();
        let path = folder.to_str().expect("a path");
        let output = ablate(&[&["status", path], arguments].concat(), self.bin.path());
        expect_code(&output, code);
        stdout(&output)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.status(&["--json"], 0)).expect("JSON")
    }

    fn logs(&self, arguments: &[&str]) -> Output {
        let results = self.results();
        let results = ["--results", results.to_str().expect("a path")];
        ablate(&[&["logs"], arguments, &results].concat(), self.bin.path())
    }

    /// The ids of the trials, by position.
    fn ids(&self) -> Vec<String> {
        let yaml = self.yaml();
        let output = ablate(
            &["plan", yaml.to_str().expect("a path"), "--json"],
            self.bin.path(),
        );
        let plan: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        let arms = plan["arms"].as_array().expect("arms").iter();
        let ids = arms.flat_map(|arm| arm["ids"].as_array().expect("ids"));
        ids.map(|id| id.as_str().expect("an id").to_owned())
            .collect()
    }

    /// As a run that was stopped before it did anything.
    fn freeze(&self) -> Folder {
        let folder = Folder::create(&self.results(), "tiny").expect("made");
        fs::copy(self.yaml(), folder.sweep_yaml()).expect("frozen");
        folder
    }

    fn squeue(&self, script: &str) {
        let path = self.bin.path().join("squeue");
        common::program(&path, format!("#!/bin/sh\n{script}\n"));
    }
}

/// Three attempts of a trial that count.
fn give_up(folder: &Folder, id: &str) {
    for number in 1..=3 {
        let text = format!(
            r#"{{"id":"{id}","class":"panic","message":"at number {number}\u001b[2J","log":"/elsewhere/worker-1.log","host":"exp-1","pid":7,"time":"2026-01-01T00:00:00Z"}}"#
        );
        fs::write(folder.attempts().join(format!("{id}.{number}.json")), text).expect("written");
    }
}
