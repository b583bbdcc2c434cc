//! A disk that is full (promise 15): a real one, a tmpfs of some kilobytes in a mount namespace of its own.

mod common;
mod scene;

use scene::Scene;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `ablate` (its arguments follow) on a tmpfs over `$RESULTS` that grows from run to run, says how each run
/// ended, and keeps what the last one left.
const SCRIPT: &str = r#"
    set -eu
    mkdir -p "$RESULTS"
    mount -t tmpfs -o size=40k none "$RESULTS"
    for size in 40k 80k 120k 160k 240k 320k 480k 64m; do
        mount -o remount,size=$size "$RESULTS"
        code=0
        "$@" >&2 || code=$?
        echo "$code"
    done
    cp -r "$RESULTS" "$RESULTS.kept"
"#;

fn in_a_small_disk(results: &Path, command: &Command) -> Output {
    Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .args(["sh", "-c", SCRIPT, "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env("RESULTS", results)
        .output()
        .expect("unshare is part of util-linux")
}

#[test]
fn a_full_disk_ends_the_run_blames_no_trial_and_loses_nothing() {
    let scene = Scene::new();
    let results = scene.folder().parent().expect("results").to_owned();
    let command = scene.command(&["--workers", "2", "--checkpoint-every", "0"]);
    let output = in_a_small_disk(&results, &command);
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let Some((last, full)) = out
        .lines()
        .collect::<Vec<_>>()
        .split_last()
        .map(|(l, f)| (*l, f.to_vec()))
    else {
        return common::skip("a full disk", &format!("a mount namespace: {err}"));
    };
    assert_eq!(full[0], "4", "40 kB hold no sweep: {err}");
    assert!(
        full.iter().all(|code| ["4", "0"].contains(code)),
        "{full:?} {err}"
    );
    assert_eq!(last, "0", "{err}");
    assert!(
        err.contains("No space left") && err.contains("free space"),
        "{err}"
    );
    let kept = results.with_file_name("results.kept");
    std::fs::remove_dir_all(&results).expect("the mount point");
    std::fs::rename(kept, results).expect("what was kept");
    assert!(scene.failures().is_empty());
    let calm = Scene::new();
    calm.run(&[], 0);
    assert_eq!(scene.digests(), calm.digests());
}
