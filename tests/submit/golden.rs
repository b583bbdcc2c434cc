//! Scripts as text: those that are kept, those in `slurm/`, and what shellcheck and bash say of them.
//! `ABLATE_WRITE_GOLDEN=1` writes them anew, to be looked at with `git diff`.

use crate::common;
use ablate::slurm::profile::{Launcher, Mps, Profile, Requeue};
use ablate::slurm::ready;
use ablate::slurm::script::{Frozen, Runs, Script, Trains, text};
use ablate::slurm::split::{Wishes, Work, split};
use ablate::slurm::time::Limit;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn at(path: &str) -> PathBuf {
    Path::new(ROOT).join(path)
}

/// The text is the file's.
fn is_kept(path: &Path, text: &str) {
    if std::env::var_os("ABLATE_WRITE_GOLDEN").is_some() {
        fs::write(path, text).expect("written");
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        kept,
        text,
        "{} differs; ABLATE_WRITE_GOLDEN=1 writes it anew",
        path.display()
    );
}

/// A script as `ablate submit` writes it, for trials on cores.
fn submitted(
    partition: &str,
    gpus: Option<u32>,
    follows: bool,
    change: impl Fn(&mut Profile),
) -> String {
    training(partition, gpus, follows, change, Trains::OnCores)
}

/// As above, for trials on GPUs.
fn on_gpus(partition: &str, gpus: u32, workers: Option<u16>, mps: Mps) -> String {
    let program =
        Path::new("/expanse/lustre/scratch/me/temp_project/ablate/skip/bin/ablate-cdef01234567");
    let trains = Trains::OnGpus {
        program,
        workers,
        mps,
    };
    training(partition, Some(gpus), false, |_| {}, trains)
}

fn training(
    partition: &str,
    gpus: Option<u32>,
    follows: bool,
    change: impl Fn(&mut Profile),
    trains: Trains<'_>,
) -> String {
    let mut profile = Profile::find("expanse").expect("built in");
    change(&mut profile);
    let work = Work {
        trials: 64,
        core_seconds: 40_000.0,
        longest: 900.0,
    };
    let wishes = Wishes {
        gpus,
        time: Some(Limit::seconds(7200)),
        threads: 1,
        ..Wishes::default()
    };
    let split = split(&profile, partition, work, &wishes, 0).expect("accepted");
    let folder = Path::new("/expanse/lustre/scratch/me/temp_project/ablate/skip");
    let submitted = folder.join("submitted/1");
    text(&Script {
        name: "ablate-skip",
        account: Some("abc123"),
        partition: Some(partition),
        shape: split.shape,
        requeue: profile.requeue(profile.partition(partition).expect("there")),
        profile: &profile,
        trains,
        runs: Runs::Frozen(Frozen {
            ablate: &folder.join("bin/ablate-0123456789ab"),
            yaml: &submitted.join("sweep.yaml"),
            results: folder.parent().expect("a parent"),
            folder,
            follows: follows.then_some(&submitted),
        }),
    })
    .expect("written")
}

#[test]
fn submitted_scripts_are_as_kept() {
    let as_is = |_: &mut Profile| {};
    let kept = |name: &str, text: String| {
        is_kept(&at(&format!("tests/slurm_golden/{name}.sbatch")), &text)
    };
    kept("job", submitted("gpu-shared", Some(2), false, as_is));
    kept("follow-up", submitted("gpu-shared", Some(2), true, as_is));
    kept("whole-nodes", submitted("gpu", Some(8), false, as_is));
    kept("cpu", submitted("shared", None, false, as_is));
    kept("gpus", on_gpus("gpu-shared", 2, None, Mps::Left));
    kept("mps", on_gpus("gpu-shared", 1, Some(4), Mps::Started));
    kept("mps-nodes", on_gpus("gpu", 8, Some(4), Mps::Started));
    kept("requeue", submitted("gpu-preempt", Some(1), false, as_is));
    kept(
        "plain",
        submitted("gpu-shared", Some(1), true, |profile| {
            profile.launcher = Launcher::Srun;
            profile.modules.clear();
            profile.environment.clear();
            profile.requeue = Requeue::Allowed;
        }),
    );
}

#[test]
fn the_scripts_in_slurm_are_what_the_code_writes() {
    let scripts = ready::scripts().expect("written");
    for (name, text) in &scripts {
        is_kept(&at("slurm").join(name), text);
    }
    let there = fs::read_dir(at("slurm")).expect("listed").flatten();
    let there = there.filter(|entry| entry.path().extension().is_some_and(|e| e == "sbatch"));
    assert_eq!(there.count(), scripts.len());
}

fn every_script() -> Vec<PathBuf> {
    let folders =
        ["slurm", "tests/slurm_golden"].map(|folder| fs::read_dir(at(folder)).expect("listed"));
    let paths = folders
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let scripts: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "sbatch"))
        .collect();
    assert!(scripts.len() >= 12, "{scripts:?}");
    scripts
}

#[test]
fn bash_can_read_every_script() {
    let output = every_script()
        .iter()
        .map(|path| {
            Command::new("bash")
                .arg("-n")
                .arg(path)
                .output()
                .expect("bash")
        })
        .find(|output| !output.status.success() || !output.stderr.is_empty());
    assert!(output.is_none(), "{output:?}");
}

#[test]
fn shellcheck_has_nothing_to_say() {
    let output = match Command::new("shellcheck").args(every_script()).output() {
        Ok(output) => output,
        Err(error) => {
            return common::skip(
                "batch scripts by shellcheck",
                &format!("shellcheck: {error}"),
            );
        }
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
