//! Holds the table of who may import whom (ARCHITECTURE.md): the way of the data goes one way.

use std::fs;
use std::path::{Path, PathBuf};

/// Module (or file, which wins over its module) and what it may take from this crate.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("config", &["config"]),
    ("error", &[]),
    ("harmless", &[]),
    ("durable", &["durable", "error"]),
    ("seed", &[]),
    ("outcome", &[]),
    ("sweep", &["sweep", "config", "harmless", "error"]),
    ("grid", &["grid", "sweep", "config", "seed", "error"]),
    (
        "plan/control.rs",
        &["plan", "grid", "sweep", "model", "config", "seed", "error"],
    ),
    (
        "plan/estimate.rs",
        &["plan", "grid", "sweep", "model", "config", "seed", "error"],
    ),
    (
        "plan/summary.rs",
        &["plan", "grid", "sweep", "model", "config", "seed", "error"],
    ),
    (
        "plan",
        &[
            "plan",
            "grid",
            "sweep",
            "diffusion",
            "config",
            "seed",
            "error",
        ],
    ),
    ("data", &["data", "config", "seed", "durable", "error"]),
    ("nn", &["nn", "config", "seed", "outcome", "error"]),
    (
        "model",
        &[
            "model",
            "nn",
            "diffusion",
            "config",
            "seed",
            "outcome",
            "error",
        ],
    ),
    ("diffusion", &["diffusion", "config", "seed", "error"]),
    ("metric", &["metric", "error"]),
    (
        "task",
        &[
            "task",
            "model",
            "nn",
            "diffusion",
            "metric",
            "data",
            "config",
            "seed",
            "outcome",
            "error",
        ],
    ),
    (
        "train",
        &[
            "train", "task", "model", "nn", "metric", "data", "config", "seed", "outcome",
            "durable", "error",
        ],
    ),
    ("fanout/worker.rs", &["fanout", "train", "error"]),
    (
        "fanout/trainer.rs",
        &[
            "fanout", "train", "data", "record", "plan", "config", "outcome", "durable", "error",
        ],
    ),
    (
        "fanout",
        &[
            "fanout", "plan", "record", "outcome", "durable", "harmless", "error",
        ],
    ),
    ("record", &["record", "outcome", "durable", "error"]),
    (
        "slurm",
        &["slurm", "record", "sweep", "durable", "harmless", "error"],
    ),
    (
        "doctor",
        &[
            "doctor", "fanout", "record", "data", "nn", "durable", "error",
        ],
    ),
    (
        "verify",
        &[
            "verify", "record", "train", "fanout", "slurm", "sweep", "outcome", "durable",
            "harmless", "error",
        ],
    ),
    (
        "report",
        &["report", "record", "outcome", "durable", "error"],
    ),
    (
        "export",
        &["export", "report", "record", "outcome", "durable", "error"],
    ),
];

/// Crates that only some modules may know.
const FOREIGN: &[(&str, &[&str])] = &[
    ("candle_core", &["nn", "model", "task", "train", "error"]),
    ("candle_nn", &["nn", "model", "task", "train"]),
    ("hdf5", &["record", "error", "config"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Names after `crate::` in code lines: of `use` lines and of paths alike, groups included.
fn imports(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with('$') {
            continue; // inside a macro of config
        }
        let rest = &code[at + "crate::".len()..];
        let group = rest
            .strip_prefix('{')
            .map(|rest| rest.split('}').next().unwrap_or(rest));
        for part in group.unwrap_or(rest).split(',') {
            let name: String = part
                .trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            names.push(name);
            if group.is_none() {
                break;
            }
        }
    }
    names
}

/// Whether a file is this one, or lies in the folder of the same name.
fn is_of(place: &str, file: &str) -> bool {
    let folder = file.strip_suffix(".rs");
    let below = folder.and_then(|folder| place.strip_prefix(folder));
    place == file || below.is_some_and(|rest| rest.starts_with('/'))
}

#[test]
fn imports_follow_the_data() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    for path in files {
        let place = path
            .strip_prefix(&root)
            .expect("below src")
            .to_string_lossy()
            .into_owned();
        let module = place
            .split('/')
            .next()
            .unwrap_or(&place)
            .trim_end_matches(".rs")
            .to_owned();
        let is_test = place.contains("/tests/") || place.ends_with("/tests.rs");
        if is_test || ["cli", "main", "lib"].contains(&module.as_str()) {
            continue; // the top and tests: may know all
        }
        let rule = MAY_IMPORT
            .iter()
            .find(|(name, _)| is_of(&place, name))
            .or_else(|| MAY_IMPORT.iter().find(|(name, _)| module == *name));
        let (_, allowed) = rule.unwrap_or_else(|| panic!("{place} is in no row of the table"));
        let text = fs::read_to_string(&path).expect("readable");
        for name in imports(&text) {
            if !allowed.contains(&name.as_str()) && name.starts_with(|c: char| c.is_lowercase()) {
                wrong.push(format!(
                    "src/{place} takes crate::{name}; allowed: {allowed:?}"
                ));
            }
        }
        for (foreign, homes) in FOREIGN {
            if text.contains(&format!("{foreign}::")) && !homes.contains(&module.as_str()) {
                wrong.push(format!("src/{place} takes {foreign}; allowed in {homes:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_scanner_sees_groups_and_paths() {
    let text = "use crate::{data::Images, nn};\nlet x = crate::seed::Key::new();\n// crate::cli\n";
    assert_eq!(imports(text), ["data", "nn", "seed"]);
}
