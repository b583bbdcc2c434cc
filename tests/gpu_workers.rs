//! GPU workers with real processes. No GPU is here: `ablate-cuda` is a script that hands over to the plain program, which
//! `ABLATE_FAULT=cpu@gpu` makes act as if it had a GPU, and `nvidia-smi` a script that lists two.

mod common;
mod launch;
mod scene;

use ablate::fanout::gpu::program::{GpuCode, Introduction};
use ablate::fanout::message::Hello;
use rustix::process::Signal;
use scene::{Running, Scene, binary, expect_code, wait_until};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Two GPUs, of which the second is another model.
const NVIDIA_SMI: &str = "#!/bin/sh
echo '0, GPU-00000000-0000, Tesla V100-SXM2-32GB, 525.85.12, 32768, 1000, 60, 7.0'
echo '1, GPU-11111111-1111, NVIDIA H200, 570.86.15, 143771, 2000, 80, 9.0'
";

/// Writes down how it was called, and hands over.
const ABLATE_CUDA: &str = "#!/bin/sh
echo \"${CUDA_VISIBLE_DEVICES-unset} $*\" >>\"$LOG\"
exec \"$REAL\" \"$@\"
";

/// Four trials of next to nothing.
const SWEEP: &str = "name: tiny
base:
  data: { dataset: digits, train: 16, test: 8 }
  model: { widths: [2, 4], bottleneck: none, decoder: [2, 2] }
  train: { epochs: 1, batch: 16 }
grid: { model.skip.at: [[], [14]] }
seeds: 2
";

/// A folder with `ablate`, and what else there is.
struct Stand {
    root: tempfile::TempDir,
    scene: Scene,
}

impl Stand {
    /// `ablate` alone.
    fn bare(scene: Scene) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let ablate = root.path().join("ablate");
        if fs::hard_link(binary(), &ablate).is_err() {
            fs::copy(binary(), &ablate).expect("copied");
        }
        Self { root, scene }
    }

    /// With `ablate-cuda` and two GPUs.
    fn new() -> Self {
        Self::of(SWEEP)
    }

    fn of(sweep: &str) -> Self {
        let stand = Self::bare(Scene::of(sweep));
        stand.program("ablate-cuda", ABLATE_CUDA);
        stand.program("nvidia-smi", NVIDIA_SMI);
        stand
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn program(&self, name: &str, text: &str) {
        common::program(&self.path(name), text);
    }

    /// What finds the fakes and not the machine's own GPUs.
    fn dress(&self, command: &mut Command) {
        let path = std::env::var("PATH").expect("a PATH");
        command
            .env("PATH", format!("{}:{path}", self.root.path().display()))
            .env("LOG", self.path("log"))
            .env("REAL", self.path("ablate"))
            .env("ABLATE_FAULT", "cpu@gpu")
            .env("ABLATE_GPU_SAMPLE_MS", "20")
            .env_remove("CUDA_VISIBLE_DEVICES")
            .env_remove("CUDA_DEVICE_ORDER");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.scene.command_of(&self.path("ablate"), arguments);
        self.dress(&mut command);
        command
    }

    fn run(&self, arguments: &[&str], code: i32) -> String {
        said(&self.command(arguments).output().expect("started"), code)
    }

    /// `ablate …` that is not a run.
    fn ablate(&self, arguments: &[&str], code: i32) -> String {
        let mut command = Command::new(self.path("ablate"));
        command.args(arguments);
        self.dress(&mut command);
        said(&command.output().expect("started"), code)
    }

    /// How workers were started: the numbers of their GPUs.
    fn gpus(&self) -> Vec<usize> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let number = |line: &str| {
            let (_, rest) = line.split_once(" worker ")?.1.split_once("--gpu ")?;
            rest.split(' ').next()?.parse().ok()
        };
        let mut gpus: Vec<usize> = log.lines().filter_map(number).collect();
        gpus.sort_unstable();
        gpus
    }

    /// A fact of the environment of every committed trial.
    fn facts(&self, name: &str) -> BTreeSet<String> {
        let record = self.scene.record();
        let details = record.details().expect("a record");
        let rows = record.trials.iter();
        rows.map(|row| {
            let detail = details.read(&row.id).expect("a committed trial");
            detail.environment.get(name).cloned().unwrap_or_default()
        })
        .collect()
    }

    fn folder(&self) -> String {
        self.scene.folder().display().to_string()
    }

    /// Ids of the plan.
    fn planned(&self, arguments: &[&str]) -> BTreeSet<String> {
        let (yaml, results) = (self.yaml(), self.results());
        let mut all = vec!["plan", &yaml, "--json", "--results", &results];
        all.extend(arguments);
        let plan = self.ablate(&all, 0);
        let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
        let arms = plan["arms"].as_array().expect("arms").iter();
        let ids = arms.flat_map(|arm| arm["ids"].as_array().expect("ids"));
        ids.map(|id| id.as_str().expect("an id").to_owned())
            .collect()
    }

    fn results(&self) -> String {
        let folder = self.scene.folder();
        folder.parent().expect("results").display().to_string()
    }

    fn yaml(&self) -> String {
        let results = PathBuf::from(self.results());
        results.with_file_name("tiny.yaml").display().to_string()
    }

    fn committed(&self) -> BTreeSet<String> {
        let rows = self.scene.record().trials;
        rows.into_iter().map(|row| row.id).collect()
    }
}

/// What a program printed, when it ended with this code.
fn said(output: &Output, code: i32) -> String {
    expect_code(output, code);
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}{err}")
}

#[test]
fn workers_are_shared_out_over_the_gpus_and_records_name_them() {
    let stand = Stand::new();
    let said = stand.run(&["--workers-per-gpu", "2"], 0);
    assert!(
        said.contains("device: cuda (ablate-cuda is beside this program; 2 GPUs can be used); GPU 0 Tesla V100-SXM2-32GB, 1 NVIDIA H200; at most 2 workers each"),
        "{said}"
    );
    assert_eq!(stand.gpus(), [0, 0, 1, 1]);
    assert_eq!(stand.facts("device"), ["cuda".to_owned()].into());
    assert_eq!(
        stand.facts("gpu_deterministic"),
        ["not measured".to_owned()].into()
    );
    let pretended = stand.facts("gpu_pretended");
    assert_eq!(
        pretended,
        ["it was the processor (ABLATE_FAULT)".to_owned()].into()
    );
    let known = ["7.0".to_owned(), "9.0".to_owned()];
    assert!(
        stand
            .facts("gpu_compute_capability")
            .is_subset(&known.into())
    );
    let busy = stand.facts("gpu_utilisation_percent");
    let told = ["60", "80", "not sampled"].map(str::to_owned);
    assert!(busy.is_subset(&told.into()), "{busy:?}");
    let beside = stand.facts("gpu_workers");
    let told = ["1", "2", "1 to 2"].map(str::to_owned);
    assert!(beside.is_subset(&told.into()), "{beside:?}");
    // Whoever looks at the sweep takes it for one on GPUs.
    assert_eq!(stand.planned(&[]), stand.committed());
    let status = stand.ablate(&["status", &stand.folder(), "--exit-code"], 0);
    assert!(status.contains("4"), "{status}");
    let verified = stand.ablate(&["verify", &stand.folder()], 0);
    assert!(verified.contains("all 4 trials"), "{verified}");
    // Nothing is left to do, wherever it is run again.
    fs::remove_file(stand.path("log")).expect("removed");
    stand.run(&[], 0);
    assert_eq!(stand.gpus(), [0; 0]);
}

#[test]
fn what_cuda_shows_to_the_job_is_left_as_it_is() {
    let stand = Stand::new();
    let mut command = stand.command(&["--workers-per-gpu", "1"]);
    command.env("CUDA_VISIBLE_DEVICES", "1");
    let said = said(&command.output().expect("started"), 0);
    assert!(
        said.contains("1 GPU can be used); GPU 0 NVIDIA H200; 1 worker each"),
        "{said}"
    );
    assert_eq!(stand.gpus(), [0], "CUDA counts what it shows");
    let log = fs::read_to_string(stand.path("log")).expect("written");
    assert!(log.lines().all(|line| line.starts_with("1 ")), "{log}");
    assert_eq!(stand.facts("gpu_model"), ["NVIDIA H200".to_owned()].into());
}

#[test]
fn ranks_of_a_node_take_a_gpu_each() {
    if !launch::have_mpirun() {
        return common::skip("GPU workers over ranks", "mpirun is not installed");
    }
    // So many that the second rank comes before the first has done them all.
    let stand = Stand::of(&SWEEP.replace("seeds: 2", "seeds: 60"));
    let run = stand.command(&["--workers-per-gpu", "1"]);
    let mut job = launch::mpirun(2, &run);
    stand.dress(&mut job);
    said(&job.output().expect("mpirun"), 0);
    let gpus: BTreeSet<_> = stand.gpus().into_iter().collect();
    assert_eq!(gpus, [0, 1].into());
}

/// A sweep keeps its class of device, and the other's trials are others.
#[test]
fn a_sweep_stays_on_its_device_unless_another_is_asked_for() {
    let stand = Stand::new();
    stand.run(&["--device", "cpu"], 0);
    let on_cpu = stand.committed();
    assert_eq!(stand.planned(&["--device", "cpu"]), on_cpu);
    let again = stand.run(&[], 0);
    assert!(!again.contains(" seed "), "nothing is trained: {again}");
    assert_eq!(stand.planned(&[]), on_cpu, "auto is what it was begun on");
    assert!(!stand.path("log").exists());

    let other = stand.run(&["--device", "cuda"], 0);
    assert!(
        other.contains("  - device: cpu\n  + device: cuda\n") && other.contains("--device cpu"),
        "{other}"
    );
    let on_cuda = stand.committed();
    assert!(on_cuda.is_disjoint(&on_cpu) && on_cuda.len() == 4);
    assert_eq!(stand.planned(&[]), on_cuda);

    // And back: what is done is taken over by content.
    let back = stand.run(&["--device", "cpu"], 0);
    assert!(
        !back.contains(" seed ") && back.contains("+ device: cpu"),
        "{back}"
    );
    assert_eq!(stand.committed(), on_cpu);

    // Where there is no GPU, a sweep of GPUs is planned and reported, but nothing of it is trained, and nothing lost.
    stand.run(&["--device", "cuda"], 0);
    stand.program("nvidia-smi", "#!/bin/sh\nexit 9\n");
    stand.run(&[], 0);
    assert_eq!(stand.planned(&["--device", "cuda"]), on_cuda);
    stand.scene.with_seeds(3);
    let refused = stand.run(&[], 6);
    assert!(
        refused.contains("begun on GPUs") && refused.contains("nvidia-smi fails"),
        "{refused}"
    );
    assert_eq!(stand.committed(), on_cuda);
}

#[test]
fn a_program_that_cannot_be_worked_with_is_told_with_what_to_do() {
    let stand = Stand::bare(Scene::of(SWEEP));
    stand.program("nvidia-smi", NVIDIA_SMI);
    // Without it, the processor is what there is, unless a GPU is asked for.
    let refused = |because: &str, next: &str| {
        let said = stand.run(&["--device", "cuda"], 6);
        assert!(
            said.contains(because) && said.contains(next),
            "{because}: {said}"
        );
    };
    refused(
        "ablate-cuda, the program that trains on GPUs, is not there",
        "make cuda",
    );
    let linker = |library: &str| {
        format!(
            "#!/bin/sh\necho 'ablate-cuda: error while loading shared libraries: {library}: cannot open shared object file' >&2; exit 127\n"
        )
    };
    stand.program("ablate-cuda", &linker("libcuda.so.1"));
    refused("finds no NVIDIA driver (libcuda.so.1)", "--device cpu");
    stand.program("ablate-cuda", &linker("libcublas.so.12"));
    refused("libcublas.so.12", "module load");
    stand.program("ablate-cuda", "#!/bin/sh\necho hello yourself\n");
    refused("it said: hello yourself", "make cuda");
    let mut who = Introduction {
        hello: Hello::ours(),
        gpu_code: GpuCode::None,
    };
    let mut introduced = |change: &dyn Fn(&mut Introduction)| {
        change(&mut who);
        let text = serde_json::to_string(&who).expect("JSON");
        stand.program("ablate-cuda", &format!("#!/bin/sh\necho '{text}'\n"));
    };
    introduced(&|_| {});
    refused("built without code for GPUs", "make cuda");
    introduced(&|who| who.hello.version = "0.0.1+old".into());
    refused("is ablate 0.0.1+old", "make cuda");
    // Found out before anything is trained, and told by the doctor too.
    assert!(!stand.scene.folder().join("sweep.h5").exists());
    let doctor = stand.ablate(&["doctor", "--results", &stand.results()], 6);
    assert!(doctor.contains("0.0.1+old"), "{doctor}");
}

/// Before anything is trained; f16 is for both of the GPUs.
#[test]
fn what_a_gpu_cannot_multiply_is_told_with_the_gpu() {
    let stand = |precision| {
        let yaml = SWEEP.replace(
            "batch: 16 }",
            &format!("batch: 16, precision: {precision} }}"),
        );
        Stand::of(&yaml)
    };
    let refused = stand("bf16");
    let told = refused.run(&[], 6);
    let because = "train.precision: bf16 needs a GPU of compute capability 8.0; GPU 0 (Tesla V100-SXM2-32GB) has 7.0";
    assert!(
        told.contains(because) && told.contains("f16 or f32"),
        "{told}"
    );
    assert_eq!(refused.gpus(), [0; 0]);
    // Of a sweep that could not be begun there is a status.
    assert!(
        refused
            .ablate(&["status", &refused.folder()], 0)
            .contains("0 of 4")
    );
    // On the H200 alone it is begun; what stands in for that here has no tensor cores, and says so: no trial is blamed.
    for (stand, gpus) in [(refused, "1"), (stand("f16"), "0,1")] {
        let mut command = stand.command(&[]);
        command.env("CUDA_VISIBLE_DEVICES", gpus);
        let told = said(&command.output().expect("started"), 2);
        assert!(told.contains("is for GPUs"), "{told}");
        assert!(!stand.gpus().is_empty(), "workers were started");
        assert_eq!(stand.scene.failures(), [""; 0]);
    }
    let said = stand("tf32").run(&["--device", "cpu"], 2);
    assert!(said.contains("tf32 is for GPUs (--device cuda)"), "{said}");
}

/// Whoever cannot open a GPU trains nothing on the processor instead, and no trial is blamed.
#[test]
fn a_gpu_that_cannot_be_opened_is_the_machines_fault() {
    let stand = Stand::new();
    let who = Introduction {
        hello: Hello::ours(),
        gpu_code: GpuCode::Cuda,
    };
    let who = serde_json::to_string(&who).expect("JSON");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" != hello ] || {{ echo '{who}'; exit 0; }}\nexec \"$REAL\" \"$@\"\n"
    );
    stand.program("ablate-cuda", &script);
    let mut command = stand.command(&["--workers-per-gpu", "1"]);
    command.env_remove("ABLATE_FAULT");
    let said = said(&command.output().expect("started"), 6);
    assert!(
        said.contains("GPU 0 (Tesla V100-SXM2-32GB)") || said.contains("GPU 1 (NVIDIA H200)"),
        "{said}"
    );
    assert!(
        said.contains("no GPU code") && said.contains("ablate doctor"),
        "{said}"
    );
    assert_eq!(stand.scene.failures(), [""; 0]);
}

#[test]
fn what_a_gpu_has_no_room_for_costs_that_trial_alone() {
    let stand = Stand::new();
    let mut command = stand.command(&["--workers-per-gpu", "1"]);
    command
        .env("ABLATE_FAULT", "cpu@gpu,gpu-memory@1")
        .env("CUDA_VISIBLE_DEVICES", "0");
    said(&command.output().expect("started"), 1);
    assert_eq!(stand.scene.failures(), ["out of memory on the GPU"; 3]);
    assert_eq!(stand.gpus(), [0], "the worker lived on");
    let attempts = fs::read_dir(stand.scene.folder().join("attempts")).expect("listed");
    for attempt in attempts {
        let text = fs::read_to_string(attempt.expect("entry").path()).expect("readable");
        assert!(text.contains("no room for 1073741824 bytes"), "{text}");
    }
}

/// What the numbers are is for a GPU to say; here that they are looked at while trials train.
#[test]
fn how_many_share_a_gpu_is_measured() {
    let stand = Stand::of(&SWEEP.replace("epochs: 1", "epochs: 1000000"));
    let log = stand.path("stderr");
    let mut command = stand.command(&[]);
    command
        .env("CUDA_VISIBLE_DEVICES", "0")
        .stderr(fs::File::create(&log).expect("made"));
    let said = || fs::read_to_string(&log).expect("readable");
    let mut running = Running::new(&mut command);
    wait_until("a decision", || said().contains("workers per GPU: "));
    running.signal(Signal::TERM);
    assert_eq!(running.end().status.code(), Some(75));
    assert!(said().contains("1 worker each, up to "), "{}", said());
    assert_eq!(stand.scene.failures(), [""; 0]);
}

#[test]
fn a_shell_finds_the_fakes() {
    let stand = Stand::new();
    assert!(Path::new(&stand.path("ablate")).exists());
    let doctor = stand.ablate(&["doctor", "--results", &stand.results()], 0);
    assert!(
        doctor.contains("ablate-cuda starts, and 2 GPUs can be used"),
        "{doctor}"
    );
    let hello = stand.ablate(&["hello"], 0);
    assert!(hello.contains("\"gpu_code\":\"pretended\""), "{hello}");
}
