//! What lies beside results: sweep file, attempts, statuses, claims, temporary and unknown files.

use crate::fixture::{folder, id};
use crate::{the_only_damage, verify};
use ablate::fanout::attempts::{self, Attempt};
use ablate::record::Folder;
use ablate::verify::{Level, text};
use std::fs;
use std::path::Path;

fn write(folder: &Folder, name: &str, bytes: &[u8]) {
    let path = folder.root().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, bytes).expect("written");
}

/// Writes bytes that are damage there, sees them named, and runs the command that is to mend it.
fn damaged(name: &str, bytes: &[u8]) {
    let (_place, folder) = folder();
    write(&folder, name, bytes);
    let found = the_only_damage(&folder);
    assert_eq!(found.path, Path::new(name));
    let mend = found.mend.expect("a command");
    let done = std::process::Command::new("sh")
        .args(["-c", &mend])
        .status();
    assert!(done.expect("sh").success(), "{mend}");
    assert!(verify(&folder).is_whole(), "{mend}");
}

#[test]
fn damaged_small_files_are_named_and_the_command_mends_them() {
    damaged(&format!("attempts/{}.1.json", id(1)), b"{\"id\":");
    damaged("status/host.1.aa.json", b"");
    damaged("claims/0123456789ab/host.1.aa.beat", b"\0\0\0\0");
    damaged("bin/ablate-0123456789ab", b"\x7fELF");
    damaged("submitted/1/jobs.json", b"[]");
    damaged("sweep.00000000.yaml", b"name: x\n");
    damaged("sweep.kept-1.h5", b"cut");
}

#[test]
fn a_whole_attempt_is_no_damage_and_one_under_another_trials_name_is() {
    let (_place, folder) = folder();
    let attempt = Attempt {
        id: id(1),
        class: "panic".into(),
        message: "index out of bounds".into(),
        log: None,
        host: "here".into(),
        pid: 1,
        time: "2026-01-01T00:00:00Z".into(),
    };
    attempts::record(&folder, &attempt).expect("recorded");
    assert!(verify(&folder).is_whole());
    let named = |number| folder.attempts().join(format!("{}.1.json", id(number)));
    fs::rename(named(1), named(2)).expect("renamed");
    the_only_damage(&folder);
}

#[test]
fn a_broken_sweep_file_is_named() {
    for bytes in [&b"name: [x"[..], b"", b"\0\0\0"] {
        let (_place, folder) = folder();
        write(&folder, "sweep.yaml", bytes);
        assert_eq!(the_only_damage(&folder).path, Path::new("sweep.yaml"));
    }
}

#[test]
fn leftovers_and_unknown_files_are_notes() {
    let (_place, folder) = folder();
    write(&folder, "notes.txt", b"mine");
    write(&folder, "trials/x.damaged-1", b"kept");
    write(&folder, "trials/.a.1.some-other-machine.0.tmp", b"half");
    let ours = format!(
        "trials/.b.{}.{}.0.tmp",
        std::process::id(),
        ablate::durable::host()
    );
    write(&folder, &ours, b"in use");
    let verdict = verify(&folder);
    assert!(verdict.is_whole(), "{}", text(&verdict));
    let notes = verdict
        .findings
        .iter()
        .filter(|found| found.level == Level::Note);
    let mut paths: Vec<_> = notes
        .map(|found| found.path.display().to_string())
        .collect();
    paths.retain(|path| path != "sweep.yaml");
    assert_eq!(
        paths,
        [
            "notes.txt",
            "trials/.a.1.some-other-machine.0.tmp",
            "trials/x.damaged-1"
        ]
    );
}

#[test]
fn a_name_that_would_turn_the_terminal_round_is_shown_harmless() {
    let (_place, folder) = folder();
    write(&folder, "a\u{1b}[2J\u{202e}\nb", b"");
    let text = text(&verify(&folder));
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
}

#[test]
fn pipes_are_not_waited_for() {
    let (_place, folder) = folder();
    let pipes = [
        folder.trial(&id(1)),
        folder.shard(&id(2)),
        folder.sweep_h5(),
        folder.sweep_yaml(),
        folder.attempts().join(format!("{}.1.json", id(1))),
    ];
    let made = std::process::Command::new("mkfifo").args(&pipes).status();
    assert!(made.expect("mkfifo").success());
    let verdict = verify(&folder);
    assert_eq!(verdict.damages().count(), 4, "{}", text(&verdict));
}
