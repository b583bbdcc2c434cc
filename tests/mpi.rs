//! `ablate run` under a real `mpirun`: placement changes no result, and no rank can hang or lose the sweep.

mod common;
mod scene;

use ablate::outcome::Outcome;
use rustix::process::Signal;
use scene::{Running, Scene, expect_code, kill, processes_with, wait_until};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Promise 9: a dead rank ends the job within this. A hang guard, far longer than it takes.
const SOON: Duration = Duration::from_secs(30);

/// `mpirun`, or nothing where there is none: then the test says that it was skipped.
fn mpirun() -> Option<Command> {
    let found = Command::new("mpirun").arg("--version").output().is_ok();
    if !found {
        common::skip("ranks over MPI", "mpirun is not installed");
        return None;
    }
    let mut command = Command::new("mpirun");
    command
        .args(["--oversubscribe", "--bind-to", "none"])
        .args(["--mca", "odls_base_sigkill_timeout", "5"])
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env_remove("ABLATE_FAULT")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Signals meant for it must not reach the test.
        .process_group(0);
    Some(command)
}

/// Adds `-n ranks` and the sweep of a scene.
fn ranks(command: &mut Command, ranks: usize, scene: &Scene, arguments: &[&str]) {
    let run = scene.command(arguments);
    command
        .args(["-n", &ranks.to_string()])
        .arg(run.get_program())
        .args(run.get_args());
}

fn run(count: usize, scene: &Scene, arguments: &[&str]) -> Option<Output> {
    let mut command = mpirun()?;
    ranks(&mut command, count, scene, arguments);
    Some(command.output().expect("mpirun ends"))
}

fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}\n{err}")
}

#[test]
fn results_do_not_depend_on_the_number_of_ranks() {
    let serial = Scene::new();
    serial.run(&["--workers", "1"], 0);
    for count in [2, 3, 7] {
        let scene = Scene::new();
        let Some(output) = run(count, &scene, &["--workers", "1"]) else {
            return;
        };
        expect_code(&output, 0);
        assert_eq!(scene.digests(), serial.digests(), "{count} ranks");
        assert!(text(&output).contains("report.html"), "{}", text(&output));
        // With nothing to do, too: no rank waits for the others.
        let files = scene.files();
        let again = run(count, &scene, &["--workers", "1"]).expect("mpirun");
        expect_code(&again, 0);
        assert!(scene.files() == files, "not a byte changed");
    }
}

/// As under a launcher whose `MPI_Finalize` holds nobody back (Slurm 22.05): who still sends must find the others there.
#[test]
fn ranks_leave_together_where_mpi_lets_them_go_alone() {
    for seeds in [1, 4] {
        let scene = Scene::new();
        scene.with_seeds(seeds);
        let Some(mut command) = mpirun() else {
            return;
        };
        command
            .args(["--mca", "async_mpi_finalize", "1", "--timeout", "120"])
            // Over sockets; shared memory would outlive who leaves.
            .args([
                "--mca",
                "btl",
                "self,tcp",
                "--mca",
                "btl_tcp_if_include",
                "lo",
            ]);
        ranks(&mut command, 4, &scene, &["--workers", "1"]);
        for _ in 0..3 {
            let output = command.output().expect("mpirun ends");
            expect_code(&output, 0);
            assert!(!text(&output).contains("WARNING"), "{}", text(&output));
        }
    }
}

/// The processes of a scene that are ranks, by rank, and `mpirun` itself.
fn start(count: usize, scene: &Scene, arguments: &[&str], fault: Option<&str>) -> Option<Running> {
    let mut command = mpirun()?;
    if let Some(fault) = fault {
        command.env("ABLATE_FAULT", fault);
    }
    ranks(&mut command, count, scene, arguments);
    Some(Running::new(&mut command))
}

/// So many trials that something can happen in the middle, however long the ranks take to start.
fn long() -> Scene {
    let scene = Scene::slow();
    scene.with_seeds(8);
    scene
}

fn rank_process(scene: &Scene, rank: usize) -> Option<u32> {
    let results = scene.folder();
    let of = results.parent()?.as_os_str().as_encoded_bytes();
    processes_with(of).into_iter().find(|pid| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let wanted = format!("OMPI_COMM_WORLD_RANK={rank}");
        environ
            .split(|byte| *byte == 0)
            .any(|entry| entry == wanted.as_bytes())
    })
}

#[test]
fn a_killed_rank_ends_the_job_and_the_same_command_goes_on() {
    let calm = long();
    calm.run(&["--workers", "2"], 0);
    for victim in [0, 1] {
        let scene = long();
        let Some(job) = start(3, &scene, &["--workers", "1"], None) else {
            return;
        };
        wait_until("two ranks train", || scene.begun() >= 2);
        let pid = rank_process(&scene, victim).expect("a rank");
        kill(pid, Signal::KILL);
        let began = Instant::now();
        let output = job.end();
        assert!(began.elapsed() < SOON, "rank {victim}: {}", text(&output));
        assert!(!output.status.success());
        wait_until("nobody is left", || {
            processes_with(scene.folder().as_os_str().as_encoded_bytes()).is_empty()
        });
        let again = run(2, &scene, &["--workers", "1"]).expect("mpirun");
        expect_code(&again, 0);
        assert_eq!(scene.digests(), calm.digests(), "rank {victim} was killed");
        assert_eq!(scene.failures(), [""; 0], "a dead rank blames no trial");
    }
}

#[test]
fn a_panic_of_any_rank_ends_the_job() {
    for victim in [0, 1] {
        let scene = Scene::new();
        let fault = format!("panic@rank{victim}");
        let Some(job) = start(2, &scene, &["--workers", "1"], Some(&fault)) else {
            return;
        };
        let began = Instant::now();
        let output = job.end();
        assert!(began.elapsed() < SOON);
        let said = text(&output);
        assert!(said.contains("ABLATE_FAULT asks for a panic"), "{said}");
        // 70, a bug; or 6 where another rank was quicker to say that this one is gone.
        let code = output.status.code();
        assert!(matches!(code, Some(70 | 6)), "{code:?}: {said}");
        scene.run(&[], 0);
        assert_eq!(scene.outcomes(), [Outcome::Completed; 4]);
    }
}

#[test]
fn a_signal_reaches_every_rank_and_the_same_command_goes_on() {
    // mpirun passes TERM on only after `odls_base_sigkill_timeout`, 5 s here: the sweep must outlast that on any machine.
    let longer = || {
        let scene = Scene::new();
        scene.write("[[], [14]]", 160);
        scene.with_seeds(4);
        scene
    };
    let calm = longer();
    calm.run(&["--workers", "2"], 0);
    for signal in [Signal::USR1, Signal::TERM] {
        let scene = longer();
        let Some(mut job) = start(2, &scene, &["--workers", "1"], None) else {
            return;
        };
        wait_until("two ranks train", || scene.begun() >= 2);
        job.signal(signal);
        let said = text(&job.end());
        assert!(said.contains("everything is saved"), "{said}");
        let left = scene
            .outcomes()
            .into_iter()
            .filter(|o| *o == Outcome::Interrupted);
        assert!(left.count() >= 1, "{said}");
        expect_code(&run(3, &scene, &["--workers", "1"]).expect("mpirun"), 0);
        assert_eq!(scene.digests(), calm.digests());
    }
}

/// A copy of the binary whose version text differs in its last letter.
fn another_build(folder: &Path) -> PathBuf {
    let mut bytes = fs::read(env!("CARGO_BIN_EXE_ablate")).expect("the binary");
    let version = format!("{}+", env!("CARGO_PKG_VERSION"));
    let ours = ablate::fanout::message::Hello::ours().version;
    let revision = ours.strip_prefix(&version).expect("version+revision");
    let places: Vec<_> = (0..bytes.len() - revision.len())
        .filter(|at| bytes[*at..].starts_with(revision.as_bytes()))
        .collect();
    assert!(!places.is_empty(), "the revision is in the binary");
    for at in places {
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    }
    let path = folder.join("ablate-other");
    fs::write(&path, bytes).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    path
}

#[test]
fn a_rank_of_another_build_or_with_another_sweep_is_refused_clearly() {
    let scene = Scene::new();
    let other = tempfile::tempdir().expect("a folder");
    let Some(mut command) = mpirun() else { return };
    ranks(&mut command, 1, &scene, &[]);
    let run = scene.command_of(&another_build(other.path()), &[]);
    command
        .args([":", "-n", "1"])
        .arg(run.get_program())
        .args(run.get_args());
    let output = command.output().expect("mpirun ends");
    let said = text(&output);
    assert!(
        said.contains("rank 1 on ") && said.contains(" is ablate "),
        "{said}"
    );
    assert!(!output.status.success());

    let Some(mut command) = mpirun() else { return };
    let stranger = Scene::slow();
    ranks(&mut command, 1, &scene, &[]);
    command.arg(":");
    ranks(&mut command, 1, &stranger, &[]);
    let output = command.output().expect("mpirun ends");
    assert!(
        text(&output).contains("plans other trials"),
        "{}",
        text(&output)
    );
    scene.run(&[], 0);
}

#[test]
fn a_wrong_sweep_file_is_told_once() {
    let scene = Scene::of("name: tiny\nbase: { task: nonsense }\nseeds: 1\n");
    let Some(output) = run(3, &scene, &[]) else {
        return;
    };
    let said = text(&output);
    assert_eq!(said.matches("tiny.yaml:2:").count(), 1, "{said}");
}

#[test]
fn a_rank_that_hangs_ends_the_job() {
    for victim in [0, 1] {
        let scene = long();
        let arguments = ["--workers", "1", "--hang-after", "4"];
        let Some(job) = start(2, &scene, &arguments, None) else {
            return;
        };
        wait_until("two ranks train", || scene.begun() >= 2);
        let pid = rank_process(&scene, victim).expect("a rank");
        kill(pid, Signal::STOP);
        let said = text(&job.end());
        let wanted = format!("rank {victim} has said nothing for");
        assert!(said.contains(&wanted), "{said}");
        wait_until("nobody is left", || {
            processes_with(scene.folder().as_os_str().as_encoded_bytes()).is_empty()
        });
        scene.run(&[], 0);
        assert_eq!(scene.outcomes(), [Outcome::Completed; 16]);
    }
}
