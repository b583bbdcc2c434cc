//! Row 20 of the promises: whatever stands in a name, an option or a variable of Slurm's is refused or inert.

use crate::stage::{Stage, expect};
use std::fs;

/// As good as any in an option of sbatch's, which no shell sees; constraints have bars.
const GOOD_OPTIONS: [&str; 2] = ["../x", "x|touch CANARY"];

/// Values that would do something somewhere. The canary is a file `CANARY` in whatever folder a shell would be in.
fn hostile() -> Vec<String> {
    let mut all = [
        "../x",
        "a\n#SBATCH --mail-user=x",
        "$(touch CANARY)",
        "`touch CANARY`",
        "'; touch CANARY; '",
        "\"; touch CANARY; \"",
        "a[$(touch CANARY)]",
        "x;touch CANARY",
        "x|touch CANARY",
        "x>CANARY",
        "a\u{202e}b",
        "\u{1b}[2J",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push("a".repeat(4096));
    all
}

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
        // A folder of that name is no harm, but no script could hold it.
        if value != "../x" && value.len() < 4096 {
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
                let said = expect(&output, 2);
                assert!(said.contains(name) && !said.contains("touch"), "{said}");
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
