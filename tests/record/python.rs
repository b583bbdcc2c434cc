//! The Python lines of `results/README.md`, run with real h5py and pandas.

use crate::common::{python_with, skip};
use crate::fixture::{folder, header, plan, trial};
use ablate::record::{commit, merge};
use std::path::PathBuf;
use std::process::Command;

#[test]
fn h5py_and_pandas_read_the_sweep_file_as_the_readme_says() {
    let Some(python) = python_with("h5py, pandas") else {
        skip(
            "reading sweep.h5 with h5py",
            "no Python with h5py and pandas (set ABLATE_TEST_PYTHON or run make test)",
        );
        return;
    };
    let (_place, folder) = folder();
    commit(&folder, &trial(0)).expect("commit");
    merge(&folder, &header(), &plan(2)).expect("merge");
    let script = root().join("tests/python/read_results.py");
    let output = Command::new(python)
        .arg(&script)
        .arg(folder.sweep_h5())
        .output()
        .expect("python");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["format"], 1);
    assert_eq!(found["name"], "made-up");
    assert_eq!(found["rows"], 2);
    assert_eq!(found["lr"], serde_json::json!([0.001, 0.001]));
    assert_eq!(found["bce"], serde_json::json!([0.25]));
    assert_eq!(
        found["outcomes"],
        serde_json::json!(["completed", "pending"])
    );
    assert_eq!(found["losses"], serde_json::json!([1.0, 0.5, 1.0 / 3.0]));
    assert_eq!(
        (&found["signal"], &found["class"]),
        (&"train_loss".into(), &"IMAGE".into())
    );
    assert_eq!(found["picture"], serde_json::json!([28, 28]));
    let pixels = &trial(0).result.samples[1].pixels[2 * 784..3 * 784];
    let ink: u64 = pixels.iter().map(|pixel| u64::from(*pixel)).sum();
    assert_eq!(found["ink"], ink);
    assert_eq!(found["host"], "höst");
}

#[test]
fn every_line_of_python_in_the_readmes_is_in_the_script() {
    let read = |path| std::fs::read_to_string(root().join(path)).expect(path);
    let script = read("tests/python/read_results.py");
    let readmes = [read("results/README.md"), read("README.md")];
    let blocks = readmes
        .iter()
        .map(|readme| readme.split("```python\n").skip(1).collect());
    let blocks: Vec<Vec<&str>> = blocks.collect();
    assert!(blocks.iter().all(|blocks| !blocks.is_empty()));
    for line in blocks
        .iter()
        .flatten()
        .flat_map(|block| block.lines().take_while(|line| *line != "```"))
    {
        let line = line.replace("\"results/x/sweep.h5\"", "path");
        let line = line.replace("\"results/skip_vs_noskip/sweep.h5\"", "path");
        assert!(
            script.lines().any(|other| other == line),
            "not run by a test: {line}"
        );
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
