//! A real sweep over images whose file names would do something somewhere.

use crate::words::hostile;
use crate::{Stage, check_harmless};
use ablate::outcome::Outcome;
use std::fs;
use std::path::Path;

/// Grey images in NumPy's format.
fn npy(images: usize) -> Vec<u8> {
    let side = 8;
    let header = format!(
        "{{'descr': '|u1', 'fortran_order': False, 'shape': ({images}, {side}, {side}), }}"
    );
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16 + 1).to_le_bytes());
    file.extend(header.bytes());
    file.push(b'\n');
    file.extend((0..images * side * side).map(|at| (at * 37 % 256) as u8));
    file
}

/// Paths that images can lie at: below or above the folder, absolute, and as long as the system takes.
fn image_paths(stage: &Stage) -> Vec<String> {
    let mut paths: Vec<_> = hostile()
        .into_iter()
        .filter(|word| word.len() < 255)
        .collect();
    paths.retain(|path| !path.starts_with('/'));
    paths.extend(
        [
            "-0.5",
            "+1+1",
            "@SUM(A1)",
            "{{7*7}}",
            "\\input{x}",
            "x[1](javascript:1)",
        ]
        .map(str::to_owned),
    );
    paths.push(format!("{}long", "./".repeat(1_950)));
    paths.push(stage.path("absolute").to_str().expect("text").to_owned());
    paths
}

/// A finished sweep over images of such paths.
fn swept() -> (Stage, Vec<String>) {
    let stage = Stage::new("");
    let paths = image_paths(&stage);
    let here = stage.path("here");
    for path in paths.iter().map(String::as_str).chain(["test.npy"]) {
        let file = here.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, npy(16)).expect("written");
    }
    let yaml = format!(
        "name: tiny\n\
         question: \"<script>alert(1)</script> =cmd|'/C calc'!A0 \\u202e\"\n\
         base:\n  \
           data: {{ dataset: files, test_images: test.npy, train: 16, test: 8 }}\n  \
           model: {{ widths: [4], bottleneck: none }}\n  \
           train: {{ epochs: 1, batch: 16 }}\n\
         grid:\n  \
           data.train_images: {}\n  \
           train.lr: [1e-3, 0.5]\n\
         compare: {{ baseline: {{ data.train_images: \"../x\" }}, metric: test.bce }}\n",
        serde_json::to_string(&paths).expect("text")
    );
    fs::write(here.join("tiny.yaml"), yaml).expect("written");
    let before = stage.files();
    check_harmless(&stage.output(&["run", "tiny.yaml", "--workers", "2"], 0));
    let mut now = stage.files();
    now.retain(|path| !path.starts_with(stage.path("here/results")));
    assert_eq!(now, before, "nothing is made outside the results");
    (stage, paths)
}

#[test]
fn hostile_file_names_as_axis_values_are_trained_on_and_shown_and_do_nothing() {
    let (stage, paths) = swept();
    let folder = stage.path("here/results/tiny");
    let record = ablate::record::SweepRecord::open(&folder.join("sweep.h5")).expect("a record");
    assert_eq!(record.trials.len(), 2 * paths.len());
    for (row, path) in record.trials.iter().step_by(2).zip(&paths) {
        assert_eq!(row.outcome, Outcome::Completed);
        assert_eq!(
            row.axes[0],
            serde_json::to_string(path).expect("text"),
            "kept as it is"
        );
    }

    let before = stage.files();
    let list = |folder: &Path| fs::read_dir(folder).expect("listed").count();
    let commands: [&[&str]; 6] = [
        &["status", "results/tiny"],
        &["status", "tiny.yaml"],
        &["verify", "results/tiny"],
        &["report", "results/tiny", "--out", "results/report"],
        &[
            "export",
            "results/tiny",
            "--to",
            "tensorboard",
            "--out",
            "results/board",
        ],
        &[
            "export",
            "results/tiny",
            "--to",
            "mlflow",
            "--out",
            "results/mlflow",
        ],
    ];
    for arguments in commands {
        check_harmless(&stage.output(arguments, 0));
    }
    for index in 0..record.trials.len() {
        check_harmless(&stage.output(&["logs", &index.to_string(), "results/tiny"], 0));
    }
    let submit = [
        "--profile",
        "expanse",
        "--partition",
        "shared",
        "--account",
        "a",
        "--dry-run",
    ];
    let output = stage.output(
        &[
            &["submit", "tiny.yaml", "--results", "elsewhere"],
            &submit[..],
        ]
        .concat(),
        0,
    );
    check_harmless(&output);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("#SBATCH") && !said.contains("mail-user"),
        "{said}"
    );
    let mut now = stage.files();
    now.retain(|path| {
        !["report", "board", "mlflow"]
            .iter()
            .any(|name| path.starts_with(stage.path("here/results").join(name)))
    });
    assert_eq!(now, before, "nothing is made elsewhere, no canary either");
    assert!(list(&stage.path("here/results/board")) > record.trials.len());

    let page = fs::read_to_string(folder.join("report.html")).expect("a page");
    for text in ["<script>alert(1)", "\u{202e}", "\u{1b}"] {
        assert!(!page.contains(text), "{text:?}");
    }
    assert!(page.contains("{{7*7}}"), "no template sees it");
    check_table(
        &fs::read_to_string(folder.join("trials.csv")).expect("a table"),
        paths.len(),
    );
}

/// That no cell is a formula, and that all numbers are numbers.
fn check_table(text: &str, paths: usize) {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let heading = table.headers().expect("a heading").clone();
    let column = |name: &str| {
        heading
            .iter()
            .position(|found| found == name)
            .expect("a column")
    };
    let numbers = [
        "index",
        "seed",
        "train.lr",
        "test.bce",
        "params",
        "wall_seconds",
    ]
    .map(column);
    let path = column("data.train_images");
    let mut seen = 0;
    for row in table.records() {
        let row = row.expect("a row");
        for (at, cell) in row.iter().enumerate() {
            match numbers.contains(&at) {
                true => drop(cell.parse::<f64>().expect("a number")),
                false => assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']),
                    "{cell:?}"
                ),
            }
            assert!(!cell.contains(['\u{202e}', '\u{1b}']), "{cell:?}");
        }
        seen += usize::from(row[path].starts_with("'-0.5") || row[path].starts_with("'=cmd"));
    }
    assert_eq!(
        seen, 4,
        "two texts that look like formulas, {paths} paths: {text}"
    );
}
