//! Where an export goes: in the place of an older one, and of nothing else.

use crate::common::skip;
use crate::fixture::{self, header, plan};
use crate::made::{errors, export, files, sweep};
use ablate::export::tensorboard;
use ablate::record::{SweepRecord, merge};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_same_record_gives_the_same_bytes_and_takes_the_place_of_what_was_there() {
    let (_place, folder) = sweep();
    let [one, other] = ["one", "other"].map(|name| folder.root().join(name));
    export(&folder, &one).expect("export");
    let first = files(&one);
    export(&folder, &other).expect("export");
    assert!(first == files(&other));
    // A trial that the plan lost takes its run with it.
    merge(&folder, &header(), &plan(1)).expect("merge");
    assert_eq!(export(&folder, &one).expect("export"), 1);
    let names = |files: BTreeMap<PathBuf, Vec<u8>>| files.into_keys().collect::<Vec<_>>();
    assert_eq!(
        names(files(&one)),
        [
            "ablate-export.json",
            "events.out.tfevents.ablate",
            "lr-0.001-skip.at-[0]/seed-0/events.out.tfevents.ablate"
        ]
        .map(PathBuf::from)
    );
    let temporary = fixture::files(folder.root())
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "tmp"));
    assert_eq!(temporary.count(), 0);
}

#[test]
fn what_no_export_made_is_not_touched() {
    let (_place, folder) = sweep();
    let out = folder.root().join("tensorboard");
    let refused = |reason: &str| {
        let before = files(folder.root());
        let error = export(&folder, &out).expect_err("refused").to_string();
        assert!(error.contains(reason) && error.contains("--out"), "{error}");
        assert!(files(folder.root()) == before);
    };
    fs::write(&out, "a file").expect("written");
    refused("is a file");
    fs::remove_file(&out).expect("removed");
    fs::create_dir(&out).expect("made");
    fs::write(out.join("events.out.tfevents.1.host"), "mine").expect("written");
    refused("no export of ablate");
    fs::remove_file(out.join("events.out.tfevents.1.host")).expect("removed");
    export(&folder, &out).expect("an empty folder is nobody's");
    fs::create_dir(out.join("pytorch")).expect("made");
    fs::write(out.join("pytorch/events.out.tfevents.1.host"), "mine").expect("written");
    refused("pytorch/events.out.tfevents.1.host");
    fs::remove_dir_all(out.join("pytorch")).expect("removed");
    let mut other = header();
    other.name = "other".into();
    merge(&folder, &other, &plan(1)).expect("merge");
    refused("another sweep, \"made-up\"");
}

#[test]
fn what_came_while_it_was_exported_is_not_lost() {
    let (_place, folder) = sweep();
    let out = folder.root().join("tensorboard");
    export(&folder, &out).expect("export");
    let before = files(&out);
    let mine = out.join("pytorch/events.out.tfevents.1.host");
    let record = SweepRecord::open(&folder.sweep_h5()).expect("record");
    let error = tensorboard::write(&record, &out, &|written| {
        if written == 1 {
            fs::create_dir(out.join("pytorch")).expect("made");
            fs::write(&mine, "mine").expect("written");
        }
    });
    let error = error.expect_err("refused").to_string();
    assert!(error.contains(mine.to_str().expect("UTF-8")), "{error}");
    assert_eq!(fs::read(&mine).expect("there"), b"mine");
    let mut after = files(&out);
    after.remove(Path::new("pytorch/events.out.tfevents.1.host"));
    assert!(after == before);
    let hidden = fixture::files(folder.root());
    assert!(
        hidden
            .iter()
            .all(|path| path.extension().is_none_or(|end| end != "tmp"))
    );
}

/// A disk of 16 kB with an older export on it, in a mount namespace of its own.
#[test]
fn a_full_disk_is_an_error_and_the_older_export_stays() {
    const SCRIPT: &str = r#"
        set -eu
        mount -t tmpfs -o size=16k none "$1"
        mkdir "$1/tb"
        echo '{"sweep":"made-up"}' > "$1/tb/ablate-export.json"
        code=0
        "$2" export "$3" --to tensorboard --out "$1/tb" >&2 || code=$?
        echo "$code" $(find "$1" -mindepth 1 | wc -l)
    "#;
    let (place, folder) = sweep();
    let disk = place.path().join("disk");
    fs::create_dir(&disk).expect("made");
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            SCRIPT,
            "sh",
        ])
        .args([
            &disk,
            Path::new(env!("CARGO_BIN_EXE_ablate")),
            folder.root(),
        ])
        .output()
        .expect("unshare is part of util-linux");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if out.is_empty() {
        return skip(
            "a full disk",
            &format!("a mount namespace: {}", errors(&output)),
        );
    }
    assert_eq!(out, "4 2\n", "{}", errors(&output));
    assert!(
        errors(&output).contains("free space"),
        "{}",
        errors(&output)
    );
}
