//! Every sweep of `jobs/`: it plans as written, and its quick form runs to a report.

use ablate::config::DataConfig;
use ablate::plan::Plan;
use ablate::record::SweepRecord;
use ablate::sweep::{Form, Sweep};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn jobs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let entries = fs::read_dir(folder).expect("jobs/ is there");
    let mut jobs: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    jobs.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    jobs.sort();
    jobs
}

/// As much of any data set as a plan must know: that of MNIST.
fn facts(config: &DataConfig) -> ablate::error::Result<ablate::config::DataFacts> {
    Ok(ablate::config::DataFacts {
        dataset: config.dataset,
        image: [28, 28],
        train_available: 60_000,
        test_available: 10_000,
        classes: true,
        digest: "mnist".into(),
    })
}

#[test]
fn every_lesson_of_the_lecture_has_a_job() {
    let names: BTreeSet<String> = jobs()
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    for wanted in [
        "gate",
        "skip_mlp",
        "cnn_size",
        "lecture_autoencoder",
        "autoencoder_skip",
        "fixed_vs_fresh_noise",
        "depth_residual",
        "attention",
        "iterate",
        "small_steps",
        "ddpm",
        "ddpm_schedule",
        "ddpm_target",
        "ddpm_sampler",
        "latent",
    ] {
        assert!(names.contains(wanted), "{wanted}.yaml is missing");
    }
}

#[test]
fn every_job_plans_as_written_and_says_what_it_asks() {
    for path in jobs() {
        let sweep = Sweep::load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            path.file_stem().and_then(|stem| stem.to_str()),
            Some(&*sweep.name)
        );
        assert!(
            sweep.question.ends_with('?'),
            "{}: {}",
            sweep.name,
            sweep.question
        );
        let plan = Plan::build(&sweep, Plan::MAX_TRIALS, &facts);
        assert!(!plan.unwrap_or_else(|error| panic!("{error}")).is_empty());
    }
}

/// Runs the quick form with the real binary, in a folder of its own, and looks at the record.
fn quick(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("jobs/{name}.yaml"));
    let results = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_ablate"))
        .arg("run")
        .arg(&path)
        .args(["--quick", "--workers", "2", "--results"])
        .arg(results.path())
        .output()
        .expect("started");
    assert!(
        output.status.success(),
        "{name}: {}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let folder = results.path().join(format!("{name}-quick"));
    let record = SweepRecord::open(&folder.join("sweep.h5")).expect("a record");
    assert_eq!(record.name, format!("{name}-quick"));
    for row in record.trials.iter().chain(&record.evaluations) {
        assert_eq!(
            row.outcome,
            ablate::outcome::Outcome::Completed,
            "{}",
            row.id
        );
        assert!(!row.metrics.is_empty());
        let detail = record
            .details()
            .expect("open")
            .read(&row.id)
            .expect("whole");
        assert!(!detail.samples.is_empty(), "there is something to look at");
    }
    let asked = Sweep::load_form(&path, Form::Quick).expect("a good sweep");
    assert_eq!(asked.evaluate.is_empty(), record.evaluations.is_empty());
    let page = fs::read_to_string(folder.join("report.html")).expect("a report");
    let table = "Trained once, used in several ways";
    assert_eq!(page.contains(table), !record.evaluations.is_empty());
}

macro_rules! quick {
    ($($name:ident),+) => { $(#[test] fn $name() { quick(stringify!($name)); })+ };
}

quick!(
    attention,
    autoencoder_skip,
    cnn_size,
    ddpm,
    ddpm_sampler,
    ddpm_schedule,
    ddpm_target,
    depth_residual,
    fixed_vs_fresh_noise,
    gate,
    iterate,
    latent,
    lecture_autoencoder,
    skip_mlp,
    skip_vs_noskip,
    small_steps,
    smoke
);
