//! Row 20 of the promises: whatever stands in a name, a file name that is an axis value, or a variable of the launcher's, is
//! refused or inert.

mod common;
#[path = "hostile_values/images.rs"]
mod images;
mod scene;
#[path = "hostile_values/variables.rs"]
mod variables;
#[path = "submit/hostile_words.rs"]
mod words;

use scene::expect_code;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use words::hostile;

/// A folder that programs run in, with a sweep and its results below.
struct Stage(tempfile::TempDir);

impl Stage {
    fn new(yaml: &str) -> Self {
        let stage = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir(stage.path("here")).expect("made");
        fs::write(stage.path("here/tiny.yaml"), yaml).expect("written");
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ablate(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(scene::binary());
        command.args(arguments).current_dir(self.path("here"));
        command
    }

    fn output(&self, arguments: &[&str], code: i32) -> Output {
        let output = self.ablate(arguments).output().expect("started");
        expect_code(&output, code);
        output
    }

    /// Everything below the stage but the sweep's own folder.
    fn files(&self) -> BTreeSet<PathBuf> {
        let own = self.path("here/results/tiny");
        let mut found = BTreeSet::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("listed") {
                let path = entry.expect("entry").path();
                if path.is_dir() && path != own {
                    folders.push(path.clone());
                }
                found.insert(path);
            }
        }
        found
    }
}

#[test]
fn a_hostile_name_of_a_sweep_is_refused_before_anything_is_made() {
    let words = hostile().into_iter();
    for name in words.chain(["a\0b", "..", ".", ""].map(str::to_owned)) {
        let text = serde_json::to_string(&name).expect("text");
        let stage = Stage::new(&format!(
            "name: {text}\nbase: {{ data: {{ dataset: digits }} }}\n"
        ));
        let before = stage.files();
        for command in ["plan", "run", "status"] {
            let output = stage.output(&[command, "tiny.yaml"], 2);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.starts_with("error: tiny.yaml:1:7: name: "), "{said}");
            check_harmless(&output);
        }
        assert_eq!(stage.files(), before, "{name:?}");
    }
}

#[test]
fn hostile_paths_that_lead_nowhere_are_named_and_do_nothing() {
    for path in hostile() {
        let text = serde_json::to_string(&path).expect("text");
        let data = format!("{{ dataset: files, train_images: {text}, test_images: x }}");
        let stage = Stage::new(&format!("name: tiny\nbase: {{ data: {data} }}\n"));
        let before = stage.files();
        // What is too long for a name is an error of the file system's.
        let code = if path.len() < 4096 { 3 } else { 4 };
        for command in ["plan", "run"] {
            check_harmless(&stage.output(&[command, "tiny.yaml"], code));
            check_harmless(&stage.output(&[command, &path], 2));
        }
        for command in ["status", "report", "verify"] {
            check_harmless(&stage.output(&[command, &path], 2));
        }
        assert_eq!(stage.files(), before, "{path:?}");
    }
}

/// That nothing moves the cursor or turns the writing round.
fn check_harmless(output: &Output) {
    for text in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(text);
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(acts), "{text:?}");
    }
}
