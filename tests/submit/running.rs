//! The scripts run for real by bash, with a launcher and a program that only pretend.

use crate::common::program;
use crate::stage::{Stage, TRAINER, expect, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{Child, Command, Output};

fn start(command: &mut Command) -> Child {
    command.spawn().expect("bash")
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().cast_signed()).expect("a process id");
    kill_process(pid, signal).expect("alive");
}

/// Starts a script, sends it signals, and lets the ranks end some time after they were told.
fn signalled(stage: &Stage, script: &Path, signals: &[Signal]) -> Output {
    let mut child = start(&mut stage.batch(script));
    wait_until("the ranks train", || stage.fake("trains").exists());
    for one in signals {
        signal(&child, *one);
        wait_until("the ranks are told", || !stage.told("signals").is_empty());
    }
    // The launcher takes its time; the script waits for it.
    assert!(child.try_wait().expect("a child").is_none());
    assert!(
        !stage.told("calls").contains("status"),
        "{}",
        stage.told("calls")
    );
    stage.tell("finish", "");
    child.wait_with_output().expect("ended")
}

/// The calls of the program and others, the long ones by their first word.
fn calls(stage: &Stage) -> Vec<String> {
    let text = stage.told("calls");
    text.lines()
        .map(|line| line.split(' ').next().unwrap_or(line).to_owned())
        .collect()
}

#[test]
fn the_folder_says_how_it_went_and_not_the_launcher() {
    for code in [0, 1, 75] {
        let stage = Stage::new();
        let script = stage.sent(&[]);
        stage.tell("code", &code.to_string());
        stage.tell("finish", "");
        expect(&stage.batch(&script).output().expect("bash"), code);
        assert_eq!(calls(&stage), ["mpirun", "run", "gone", "status"]);
        let told = stage.told("calls");
        assert!(
            told.contains("mpirun -n 2 --bind-to none --mca odls_base_sigkill_timeout 10\n"),
            "{told}"
        );
        let run = format!(
            "run --results {} --device cpu --workers 4 --threads 1 --no-wait -- {}\n",
            stage.path("results").display(),
            stage.submitted("sweep.yaml").display()
        );
        assert!(told.contains(&run), "{told}");
        assert!(
            told.contains(&format!(
                "status {} --exit-code\n",
                stage.folder().display()
            )),
            "{told}"
        );
    }
}

#[test]
fn usr1_and_term_tell_the_ranks_once_and_the_launcher_is_waited_for() {
    for signals in [
        &[Signal::USR1, Signal::USR1][..],
        &[Signal::TERM][..],
        &[Signal::USR1, Signal::TERM, Signal::USR1][..],
    ] {
        let stage = Stage::new();
        let script = stage.sent(&[]);
        stage.tell("code", "75");
        expect(&signalled(&stage, &script, signals), 75);
        assert_eq!(stage.told("signals"), "USR1\n", "{signals:?}");
        assert_eq!(calls(&stage), ["mpirun", "run", "gone", "status"]);
    }
}

#[test]
fn a_launcher_of_the_environment_is_taken() {
    for (launcher, first) in [
        (
            "srun",
            "srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task=4\n",
        ),
        ("none", "run "),
    ] {
        let stage = Stage::new();
        let script = stage.sent(&["--threads", "2"]);
        stage.tell("code", "0");
        stage.tell("finish", "");
        let output = stage
            .batch(&script)
            .env("ABLATE_LAUNCHER", launcher)
            .output()
            .expect("bash");
        expect(&output, 0);
        let told = stage.told("calls");
        assert!(
            told.starts_with(first) && told.contains("--workers 2 --threads 2"),
            "{told}"
        );
    }
}

#[test]
fn only_who_ran_out_of_time_is_queued_again_and_only_where_allowed() {
    let text = include_str!("../../slurm/local.yaml");
    let again = text.replace("requeue: false", "requeue: true");
    assert_ne!(again, text);
    for (profile, code, signals, requeued) in [
        (&*again, 75, &[Signal::USR1][..], true),
        (&*again, 0, &[Signal::USR1][..], false),
        (&*again, 75, &[Signal::TERM][..], false),
        (&*again, 75, &[Signal::USR1, Signal::TERM][..], false),
        (&*again, 75, &[][..], false),
        (text, 75, &[Signal::USR1][..], false),
    ] {
        let stage = Stage::new();
        std::fs::write(stage.path("mine.yaml"), profile).expect("written");
        let sent = stage.submit(&["--profile", "mine.yaml", "--partition", "gpu-shared"]);
        expect(&sent, 0);
        let name = stage.jobs()["program"].as_str().expect("a name").to_owned();
        program(&stage.folder().join("bin").join(name), TRAINER);
        stage.tell("code", &code.to_string());
        expect(
            &signalled(&stage, &stage.submitted("job.sbatch"), signals),
            code,
        );
        let asked = stage.told("calls").contains("scontrol requeue 7\n");
        assert_eq!(asked, requeued, "{code} {signals:?} {}", profile == text);
    }
}

#[test]
fn a_follow_up_ends_at_once_when_nothing_is_left() {
    for code in [0, 1, 5] {
        let stage = Stage::new();
        stage.sent(&[]);
        stage.tell("code", &code.to_string());
        let output = stage
            .batch(&stage.submitted("follow-up.sbatch"))
            .output()
            .expect("bash");
        expect(&output, code);
        assert_eq!(calls(&stage), ["status"]);
    }
}

#[test]
fn a_follow_up_queues_the_next_one_before_it_trains() {
    let stage = Stage::new();
    stage.sent(&[]);
    stage.tell("code", "75");
    stage.tell("finish", "");
    let script = stage.submitted("follow-up.sbatch");
    expect(&stage.batch(&script).output().expect("bash"), 75);
    assert_eq!(
        calls(&stage),
        ["status", "slurm", "mpirun", "run", "gone", "status"]
    );
    let next = format!(
        "slurm follow-up {}\n",
        stage
            .submitted("")
            .display()
            .to_string()
            .trim_end_matches('/')
    );
    assert!(
        stage.told("calls").contains(&next),
        "{}",
        stage.told("calls")
    );
    // One that is to stop trains nothing.
    std::fs::remove_file(stage.fake("calls")).expect("removed");
    stage.tell("follow", "75");
    expect(&stage.batch(&script).output().expect("bash"), 75);
    assert_eq!(calls(&stage), ["status", "slurm"]);
}

#[test]
fn a_script_of_slurm_runs_the_sweep_that_it_is_given() {
    let stage = Stage::new();
    program(&stage.path("pretender"), TRAINER);
    stage.tell("code", "0");
    stage.tell("finish", "");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/slurm/local.sbatch");
    let mut command = stage.batch(script.as_ref());
    command
        .args(["tiny.yaml", "elsewhere"])
        .env("ABLATE", stage.path("pretender"));
    let said = expect(&command.output().expect("bash"), 0);
    let told = stage.told("calls");
    assert!(
        told.starts_with("slurm folder --results elsewhere -- tiny.yaml\n"),
        "{told}"
    );
    assert!(
        told.contains(
            "run --results elsewhere --device cpu --workers 4 --threads 1 --no-wait -- tiny.yaml\n"
        ),
        "{told}"
    );
    let log = stage.fake("folder/logs/slurm-7.out");
    assert!(
        log.exists() && said.contains(&log.display().to_string()),
        "{said}"
    );
}
