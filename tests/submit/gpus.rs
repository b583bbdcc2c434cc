//! Jobs on GPUs: what is frozen and asked for, and NVIDIA's Multi-Process Service around the ranks. No GPU is here: a script says that it
//! is `ablate-cuda`, another that it is the service's control.

use crate::common::program;
use crate::stage::{Stage, TRAINER, expect, wait_until};
use ablate::fanout::gpu::program::{GpuCode, Introduction};
use ablate::fanout::message::Hello;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Writes down when it is started and told to quit, and where its pipe is.
const MPS_CONTROL: &str = r#"#!/bin/bash
case ${1-} in
-d)
    [[ -d $CUDA_MPS_PIPE_DIRECTORY && -d $CUDA_MPS_LOG_DIRECTORY ]] || exit 9
    echo "start $CUDA_MPS_PIPE_DIRECTORY" >>"$FAKE/mps"
    [[ ! -e $FAKE/mps-is-broken ]]
    ;;
*) echo "$(cat) $CUDA_MPS_PIPE_DIRECTORY" >>"$FAKE/mps" ;;
esac
"#;

const ON_GPUS: [&str; 6] = [
    "--profile",
    "local",
    "--partition",
    "gpu-shared",
    "--device",
    "cuda",
];

/// A program that says that it is an `ablate-cuda` of this version, or of another one.
fn ablate_cuda(stage: &Stage, hello: Hello) -> String {
    let gpu_code = GpuCode::Cuda;
    let who = Introduction { hello, gpu_code };
    let who = serde_json::to_string(&who).expect("JSON");
    let path = stage.path("ablate-cuda");
    program(&path, format!("#!/bin/sh\necho '{who}'\n"));
    path.display().to_string()
}

fn submit(stage: &Stage, more: &[&str]) -> Output {
    let cuda = ablate_cuda(stage, Hello::ours());
    let named = ["--ablate-cuda", cuda.as_str()];
    let all: Vec<_> = ON_GPUS.iter().chain(&named).chain(more).copied().collect();
    stage.submit(&all)
}

/// Submits, and puts a program that only pretends to train in the place of the frozen one; it writes down where MPS is.
fn sent(stage: &Stage, more: &[&str]) -> PathBuf {
    expect(&submit(stage, more), 0);
    let name = stage.jobs()["program"].as_str().expect("a name").to_owned();
    let trainer = TRAINER.replace(
        "touch \"$FAKE/trains\"",
        "echo \"${CUDA_MPS_PIPE_DIRECTORY-none}\" >\"$FAKE/pipe\"; touch \"$FAKE/trains\"",
    );
    program(&stage.folder().join("bin").join(name), &trainer);
    stage.submitted("job.sbatch")
}

#[test]
fn both_programs_are_frozen_and_the_device_is_remembered() {
    let stage = Stage::new();
    let said = expect(&submit(&stage, &["--workers-per-gpu", "2"]), 0);
    assert!(
        said.contains("device: cuda (as asked; gpu-shared has 4 GPUs a node)"),
        "{said}"
    );
    let jobs = stage.jobs();
    let place = |key: &str| {
        stage
            .folder()
            .join("bin")
            .join(jobs[key].as_str().expect("a name"))
    };
    let cuda = place("cuda_program");
    assert_eq!(
        fs::read(&cuda).expect("frozen"),
        fs::read(stage.path("ablate-cuda")).expect("there")
    );
    assert!(place("program").exists() && place("program") != cuda);
    let script = fs::read_to_string(stage.submitted("job.sbatch")).expect("written");
    let train = format!(
        "\ntrain=(--device cuda --ablate-cuda '{}' --workers-per-gpu 2)\n",
        cuda.display()
    );
    assert!(script.contains(&train), "{script}");
    assert!(!script.contains("mps"), "not asked for: {script}");
    let device = fs::read_to_string(stage.folder().join("device")).expect("remembered");
    assert_eq!(device, "cuda\n");
    // A whole folder, for who looks.
    let folder = stage.folder().display().to_string();
    let verified = expect(&stage.ablate(&["verify", &folder]), 0);
    assert!(!verified.contains("device"), "{verified}");
}

#[test]
fn a_program_that_cannot_be_worked_with_is_refused_before_anything_is_sent() {
    let stage = Stage::new();
    let missing = expect(&stage.submit(&ON_GPUS), 6);
    assert!(
        missing.contains("ablate-cuda") && missing.contains("make cuda"),
        "{missing}"
    );
    let other = Hello {
        protocol: 1,
        version: "0.0.1+old".into(),
    };
    let cuda = ablate_cuda(&stage, other);
    let all = [&ON_GPUS[..], &["--ablate-cuda", cuda.as_str()]].concat();
    let said = expect(&stage.submit(&all), 6);
    assert!(said.contains("0.0.1+old"), "{said}");
    let on_cores = [
        "--profile",
        "expanse",
        "-A",
        "a",
        "-p",
        "shared",
        "--device",
        "cuda",
    ];
    let said = expect(&stage.submit(&on_cores), 6);
    assert!(said.contains("shared has none"), "{said}");
    assert_eq!(stage.told("sbatch.log"), "");
    // Login nodes have no driver.
    program(
        &stage.path("ablate-cuda"),
        "#!/bin/sh\necho 'error while loading shared libraries: libcuda.so.1' >&2; exit 127\n",
    );
    expect(&stage.submit(&all), 0);
}

#[test]
fn mps_runs_around_the_ranks_in_a_folder_of_the_jobs_own() {
    let stage = Stage::new();
    let script = sent(&stage, &["--mps"]);
    program(&stage.fake("nvidia-cuda-mps-control"), MPS_CONTROL);
    stage.tell("code", "0");
    stage.tell("finish", "");
    let scratch = stage.path("tmp");
    fs::create_dir(&scratch).expect("made");
    let mut command = stage.batch(&script);
    command.env("TMPDIR", &scratch);
    let said = expect(&command.output().expect("bash"), 0);
    let pipe = stage.told("pipe").trim().to_owned();
    assert!(
        pipe.starts_with(&format!("{}/ablate-mps.", scratch.display()))
            && said.contains("MPS runs"),
        "{pipe} {said}"
    );
    assert_eq!(stage.told("mps"), format!("start {pipe}\nquit {pipe}\n"));
    assert_eq!(fs::read_dir(&scratch).expect("listed").count(), 0);
}

#[test]
fn mps_is_stopped_when_the_job_is_and_before_it_asks_to_be_queued_again() {
    for signal in [Signal::USR1, Signal::TERM] {
        let stage = Stage::new();
        let text = include_str!("../../slurm/local.yaml");
        let text = text.replace("requeue: false", "requeue: true\nmps: true");
        fs::write(stage.path("mine.yaml"), text).expect("written");
        // The profile named last wins.
        let cuda = ablate_cuda(&stage, Hello::ours());
        let arguments = [
            "--profile",
            "mine.yaml",
            "-p",
            "gpu-shared",
            "--device",
            "cuda",
            "--ablate-cuda",
            &cuda,
        ];
        expect(&stage.submit(&arguments), 0);
        let name = stage.jobs()["program"].as_str().expect("a name").to_owned();
        program(&stage.folder().join("bin").join(name), TRAINER);
        let control =
            MPS_CONTROL.replace("echo \"$(cat)", "echo mps >>\"$FAKE/calls\"; echo \"$(cat)");
        program(&stage.fake("nvidia-cuda-mps-control"), &control);
        stage.tell("code", "75");
        let child = stage
            .batch(&stage.submitted("job.sbatch"))
            .spawn()
            .expect("bash");
        wait_until("the ranks train", || stage.fake("trains").exists());
        let pid = Pid::from_raw(child.id().cast_signed()).expect("a process id");
        kill_process(pid, signal).expect("alive");
        wait_until("the ranks are told", || !stage.told("signals").is_empty());
        assert!(!stage.told("mps").contains("quit"), "ranks first");
        stage.tell("finish", "");
        expect(&child.wait_with_output().expect("ended"), 75);
        let (calls, mps) = (stage.told("calls"), stage.told("mps"));
        assert_eq!(mps.matches("quit ").count(), 1, "{mps}");
        let at = |what: &str| calls.find(what);
        assert!(at("gone") < at("mps"), "{calls}");
        assert_eq!(at("scontrol requeue 7").is_some(), signal == Signal::USR1);
        assert!(
            at("scontrol").is_none_or(|requeued| at("mps") < Some(requeued)),
            "{calls}"
        );
    }
}

/// Whatever is wrong with MPS, the job goes on without it, and says so.
#[test]
fn a_job_does_without_mps_where_it_is_not_installed_or_does_not_start() {
    let run = |stage: &Stage, script: &Path| {
        stage.tell("code", "0");
        stage.tell("finish", "");
        expect(&stage.batch(script).output().expect("bash"), 0)
    };
    let stage = Stage::new();
    let script = sent(&stage, &["--mps"]);
    // A GPU's node has it, and it is not to be started.
    let real = Command::new("sh")
        .args(["-c", "command -v nvidia-cuda-mps-control"])
        .output();
    if real.is_ok_and(|found| found.status.success()) {
        crate::common::note_skipped("a job without MPS", "nvidia-cuda-mps-control is installed");
    } else {
        let said = run(&stage, &script);
        assert!(
            said.contains("there is no nvidia-cuda-mps-control here"),
            "{said}"
        );
        assert_eq!(stage.told("pipe"), "none\n");
    }
    program(&stage.fake("nvidia-cuda-mps-control"), MPS_CONTROL);
    stage.tell("mps-is-broken", "");
    let said = run(&stage, &script);
    assert!(said.contains("MPS does not start"), "{said}");
    assert_eq!(stage.told("pipe"), "none\n");
    assert!(!stage.told("mps").contains("quit"));
}
