//! What is sent, frozen and recorded.

use crate::stage::{Stage, expect};
use std::fs;

const EXPANSE: [&str; 6] = [
    "--profile",
    "expanse",
    "--partition",
    "gpu-shared",
    "--account",
    "abc123",
];

fn expanse<'a>(more: &[&'a str]) -> Vec<&'a str> {
    EXPANSE
        .iter()
        .copied()
        .chain(more.iter().copied())
        .collect()
}

#[test]
fn jobs_are_sent_recorded_and_followed() {
    let stage = Stage::new();
    let said = expect(
        &stage.submit(&expanse(&["--", "--qos=x", "--constraint=a&b"])),
        0,
    );
    assert!(
        said.contains("1 Slurm job") && said.contains("cost: about 1.0 SU"),
        "{said}"
    );
    assert!(
        said.find("cost:") < said.find("sent 101"),
        "the cost comes first: {said}"
    );
    let at = |name: &str| stage.submitted(name).display().to_string();
    let log = stage.told("sbatch.log");
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(
        lines,
        [
            format!("--parsable|--qos=x|--constraint=a&b|{}", at("job.sbatch")),
            format!(
                "--parsable|--dependency=afterany:101|--qos=x|--constraint=a&b|{}",
                at("follow-up.sbatch")
            ),
        ]
    );
    let jobs = stage.jobs();
    assert_eq!(jobs["account"], "abc123");
    let sent: Vec<_> = jobs["jobs"]
        .as_array()
        .expect("jobs")
        .iter()
        .map(|j| (&j["id"], &j["kind"]))
        .collect();
    assert_eq!(
        sent,
        [
            (&"101".into(), &"job".into()),
            (&"102".into(), &"follow-up".into())
        ]
    );
}

#[test]
fn sweep_and_program_are_frozen() {
    let stage = Stage::new();
    expect(&stage.submit(&expanse(&[])), 0);
    let written = fs::read(stage.path("tiny.yaml")).expect("there");
    assert_eq!(
        fs::read(stage.submitted("sweep.yaml")).expect("there"),
        written
    );
    let jobs = stage.jobs();
    let program = stage
        .folder()
        .join("bin")
        .join(jobs["program"].as_str().expect("a name"));
    let running = fs::read(env!("CARGO_BIN_EXE_ablate")).expect("there");
    assert!(fs::read(&program).expect("there") == running);
    let digest = jobs["program_sha256"].as_str().expect("a digest");
    assert!(
        program
            .to_str()
            .expect("UTF-8")
            .ends_with(&format!("ablate-{}", &digest[..12]))
    );
    // The frozen program is the program, and the script names both.
    let version = stage
        .command(&program)
        .arg("--version")
        .output()
        .expect("runs");
    assert!(expect(&version, 0).starts_with("ablate "));
    let script = fs::read_to_string(stage.submitted("job.sbatch")).expect("there");
    for path in [program, stage.submitted("sweep.yaml")] {
        assert!(
            script.contains(&format!("='{}'\n", path.display())),
            "{script}"
        );
    }
}

#[test]
fn several_jobs_have_one_follow_up_and_a_second_submission_its_own_folder() {
    let stage = Stage::new();
    let asked = [
        "--jobs",
        "2",
        "--gpus",
        "1",
        "--cores",
        "1",
        "--mail-user=me@x.edu",
    ];
    let said = expect(&stage.submit(&expanse(&asked)), 0);
    assert!(
        said.contains("2 Slurm jobs, each 1 node, 1 GPU, 1 rank of 1 core"),
        "{said}"
    );
    let log = stage.told("sbatch.log");
    assert_eq!(log.lines().count(), 3);
    assert!(
        log.lines()
            .last()
            .expect("a line")
            .contains("afterany:101:102|--mail-user=me@x.edu|"),
        "{log}"
    );
    expect(&stage.submit(&expanse(&[])), 0);
    assert!(stage.folder().join("submitted/2/jobs.json").exists());
}

#[test]
fn jobs_that_would_find_nothing_to_do_are_left_out_and_earlier_ones_are_named() {
    let stage = Stage::new();
    let said = expect(&stage.submit(&expanse(&["--jobs", "9"])), 0);
    assert!(
        said.contains("1 Slurm job,") && said.contains("fewer than you asked for"),
        "{said}"
    );
    assert!(!said.contains("Slurm still has jobs"), "{said}");
    stage.tell("known", "101 RUNNING\n102 PENDING\n");
    let said = expect(&stage.submit(&expanse(&[])), 0);
    assert!(
        said.contains("Slurm still has jobs of this sweep: 101 102;"),
        "{said}"
    );
}

#[test]
fn a_dry_run_shows_everything_and_does_nothing() {
    let stage = Stage::new();
    let before = stage.files();
    let said = expect(
        &stage.submit(&expanse(&["--dry-run", "--", "--comment=a b"])),
        0,
    );
    assert_eq!(stage.files(), before);
    assert_eq!(stage.told("sbatch.log"), "");
    for part in [
        "cost: about",
        "#SBATCH --account=abc123\n",
        "#SBATCH --gpus=1\n",
        "sbatch --parsable '--comment=a b' /",
        "--dependency=afterany:ID1 ",
        "nothing was sent or written",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn jobs_in_the_queue_are_counted() {
    let stage = Stage::new();
    stage.tell("queue", "1\n2\n3\n");
    let said = expect(
        &stage.submit(&expanse(&["--jobs", "21", "--gpus", "1", "--cores", "1"])),
        2,
    );
    assert!(said.contains("--jobs 20 or less"), "{said}");
    assert_eq!(
        stage.told("squeue.log"),
        "-h -u somebody -p gpu-shared -o %i\n"
    );
    assert_eq!(stage.told("sbatch.log"), "");
}

#[test]
fn what_is_done_is_not_paid_for_again() {
    let stage = Stage::new();
    let run = stage.ablate(&["run", "tiny.yaml", "--results", "results", "--workers", "1"]);
    expect(&run, 0);
    let said = expect(&stage.submit(&expanse(&[])), 0);
    assert!(said.contains("nothing is left to do"), "{said}");
    assert_eq!(stage.told("sbatch.log"), "");
    let grown = fs::read_to_string(stage.path("tiny.yaml"))
        .expect("there")
        .replace("seeds: 2", "seeds: 3");
    fs::write(stage.path("tiny.yaml"), grown).expect("written");
    let said = expect(&stage.submit(&expanse(&[])), 0);
    assert!(said.contains("6 trials, 2 to do"), "{said}");
}

#[test]
fn a_refusal_halfway_says_what_was_sent_and_how_to_end_it() {
    let stage = Stage::new();
    stage.tell("refuse", "2");
    let said = expect(&stage.submit(&expanse(&["--jobs", "3", "--cores", "1"])), 6);
    assert!(said.contains("QOSMaxSubmitJobPerUserLimit"), "{said}");
    assert!(
        said.contains("sent before that: 101") && said.contains("ablate cancel /"),
        "{said}"
    );
    assert_eq!(stage.told("sbatch.log").lines().count(), 2);
    assert_eq!(stage.jobs()["jobs"][0]["id"], "101");
    // The very first: nothing was sent, and the exit code says so.
    stage.tell("refuse", "3");
    expect(&stage.submit(&expanse(&[])), 2);
}

#[test]
fn an_answer_that_names_no_job_is_not_believed() {
    for answer in [
        "Submitted batch job 12\n",
        "12\n13\n",
        "$(touch CANARY)\n",
        "",
    ] {
        let stage = Stage::new();
        stage.tell("says", answer);
        let said = expect(&stage.submit(&expanse(&[])), 6);
        assert!(said.contains("squeue --me"), "{said}");
        assert_eq!(stage.told("sbatch.log").lines().count(), 1);
    }
}

#[test]
fn variables_of_sbatch_do_not_change_the_plan() {
    let stage = Stage::new();
    let mut command = stage.command(env!("CARGO_BIN_EXE_ablate"));
    command
        .args(["submit", "tiny.yaml", "--results", "results"])
        .args(EXPANSE);
    command
        .env("SBATCH_PARTITION", "gpu")
        .env("SLURM_JOB_ID", "5")
        .env("SLURM_CONF", "/etc/x");
    expect(&command.output().expect("started"), 0);
    let environment = stage.told("sbatch.env");
    assert!(!environment.contains("SBATCH_PARTITION=") && !environment.contains("SLURM_JOB_ID="));
    assert!(environment.contains("SLURM_CONF=/etc/x"));
}
