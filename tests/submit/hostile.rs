//! Row 20 of the promises: whatever stands in a name, an option or a variable of Slurm's is refused or inert.

#[path = "hostile_words.rs"]
mod words;

use crate::stage::{Stage, expect};
use std::fs;
use words::hostile;

/// As good as any in an option of sbatch's, which no shell sees; constraints have bars.
const GOOD_OPTIONS: [&str; 3] = ["../x", "/nonexistent/x", "x|touch CANARY"];

/// A folder of such a name is no harm.
const GOOD_FOLDERS: [&str; 2] = ["../x", "/nonexistent/x"];

fn no_canary(stage: &Stage) {
    let found: Vec<_> = stage
        .files()
        .into_iter()
        .filter(|path| path.ends_with("CANARY"))
        .collect();
    assert!(
        found.is_empty() && !stage.fake("CANARY").exists(),
        "{found:?}"
    );
}

#[test]
fn hostile_words_on_the_command_line_are_refused_before_sbatch() {
    for value in hostile() {
        let stage = Stage::new();
        let before = stage.files();
        let good = [
            "--profile",
            "expanse",
            "--partition",
            "gpu-shared",
            "--account",
            "a",
        ];
        for flag in ["--account", "--partition", "--profile", "--time", "--jobs"] {
            let mut arguments = good.map(str::to_owned).to_vec();
            match arguments.iter().position(|word| word == flag) {
                Some(at) => arguments[at + 1] = value.clone(),
                None => arguments.extend([flag.to_owned(), value.clone()]),
            }
            let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
            expect(&stage.submit(&arguments), 2);
        }
        if !GOOD_OPTIONS.contains(&&*value) {
            let comment = format!("--comment={value}");
            expect(&stage.submit(&[&good[..], &["--", &comment]].concat()), 2);
            expect(&stage.submit(&[&good[..], &["--qos", &value]].concat()), 2);
        }
        // Where a folder of that name is no harm, no script could hold it.
        if !GOOD_FOLDERS.contains(&&*value) && value.len() < 4096 {
            expect(
                &stage.ablate(&[&["submit", "tiny.yaml", "--results", &value], &good[..]].concat()),
                2,
            );
        }
        assert_eq!(stage.told("sbatch.log"), "", "{value:?}");
        assert_eq!(stage.files(), before);
        no_canary(&stage);
    }
}

#[test]
fn hostile_variables_of_slurms_end_the_script_before_it_does_anything() {
    let stage = Stage::new();
    stage.tell("code", "0");
    stage.tell("finish", "");
    let job = stage.sent(&[]);
    let follow_up = stage.submitted("follow-up.sbatch");
    for script in [job, follow_up] {
        for name in [
            "SLURM_JOB_ID",
            "SLURM_NTASKS",
            "SLURM_CPUS_PER_TASK",
            "SLURM_SUBMIT_DIR",
            "SLURM_RESTART_COUNT",
        ] {
            for value in hostile() {
                let output = stage
                    .batch(&script)
                    .env(name, &value)
                    .output()
                    .expect("bash");
                // A folder may be absolute, but has to be there.
                let well_formed = name == "SLURM_SUBMIT_DIR" && value.starts_with('/');
                let said = expect(&output, if well_formed { 4 } else { 2 });
                let named = said.contains(if well_formed { &value } else { name });
                assert!(named && !said.contains("touch"), "{said}");
                assert_eq!(stage.told("calls"), "", "{name} {value:?}");
            }
        }
        for value in hostile() {
            let output = stage
                .batch(&script)
                .env("ABLATE_LAUNCHER", &value)
                .output()
                .expect("bash");
            assert!(!stage.told("calls").contains("run "), "{value:?}");
            let code = if script.ends_with("job.sbatch") { 2 } else { 0 };
            expect(&output, code);
        }
        fs::remove_file(stage.fake("calls")).unwrap_or_default();
    }
    no_canary(&stage);
}

#[test]
fn a_hostile_name_of_a_sweep_file_stays_a_name() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/slurm/local.sbatch");
    for value in hostile()
        .into_iter()
        .chain(["-rf".to_owned(), "--help".to_owned()])
    {
        let stage = Stage::new();
        let mut command = stage.batch(script.as_ref());
        let output = command
            .arg(&value)
            .env("ABLATE", env!("CARGO_BIN_EXE_ablate"))
            .output()
            .expect("bash");
        expect(&output, 2);
        no_canary(&stage);
    }
}

#[test]
fn a_hostile_record_of_jobs_cancels_nothing() {
    let stage = Stage::new();
    stage.sent(&[]);
    let text = fs::read_to_string(stage.submitted("jobs.json")).expect("there");
    for value in ["--user=root", "1 2", "$(touch CANARY)", "-1", ""] {
        fs::write(
            stage.submitted("jobs.json"),
            text.replace("\"101\"", &format!("{value:?}")),
        )
        .expect("written");
        expect(&stage.ablate(&["cancel", "results/tiny"]), 5);
    }
    assert_eq!(stage.told("scancel.log"), "");
    no_canary(&stage);
}
