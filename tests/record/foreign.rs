//! Files that someone made to hurt: refused with a message, whatever their seal says.

use crate::common::seal;
use crate::fixture::{files, folder, header, id, plan, trial};
use ablate::Error;
use ablate::error::ExitCode;
use ablate::record::{Folder, commit, done, merge, read_trial_file};
use hdf5::types::{FixedAscii, VarLenUnicode};
use hdf5::{File, Group};
use std::str::FromStr;

/// Commits trial 1, lets `change` at its group, seals the file again, and gives back what reading says.
fn read_changed(folder: &Folder, change: impl FnOnce(&Group) -> hdf5::Result<()>) -> Error {
    let path = folder.trial(&id(1));
    let _ = std::fs::remove_file(&path);
    commit(folder, &trial(1)).expect("commit");
    read_trial_file(&path, &id(1)).expect("whole before the change");
    let file = File::open_rw(&path).expect("open");
    let group = file.group(&format!("trial/{}", id(1))).expect("group");
    change(&group).expect("change");
    drop(group);
    file.close().expect("close");
    seal(&path);
    read_trial_file(&path, &id(1)).expect_err("hostile")
}

fn assert_refused(error: &Error, because: &str) {
    let text = error.to_string();
    assert!(matches!(error, Error::Record { .. }), "{text}");
    assert!(text.contains(because), "{text:?} does not say {because:?}");
    assert!(text.contains(&id(1)) && text.contains("next:"), "{text}");
}

#[test]
fn the_seal_of_this_test_is_the_real_one() {
    let (_place, folder) = folder();
    commit(&folder, &trial(1)).expect("commit");
    let path = folder.trial(&id(1));
    let before = std::fs::read(&path).expect("read");
    seal(&path);
    assert!(std::fs::read(&path).expect("read") == before);
}

#[test]
fn an_hdf5_file_without_a_seal_is_refused() {
    let (_place, folder) = folder();
    let path = folder.trial(&id(1));
    File::create(&path).expect("create").close().expect("close");
    assert_refused(
        &read_trial_file(&path, &id(1)).expect_err("foreign"),
        "not a file that ablate wrote",
    );
}

#[test]
fn values_changed_under_a_good_seal_do_not_fit_the_digest() {
    let (_place, folder) = folder();
    let error = read_changed(&folder, |group| {
        group
            .dataset("epochs/train_loss")?
            .write_raw(&[0.0, 0.0, 0.0])
    });
    assert_refused(&error, "does not fit");
}

#[test]
fn links_to_other_places_are_refused() {
    let (_place, folder) = folder();
    let error = read_changed(&folder, |group| {
        group.unlink("epochs/train_loss")?;
        group
            .group("epochs")?
            .link_external("/etc/passwd", "/x", "train_loss")
    });
    assert_refused(&error, "link");
    let error = read_changed(&folder, |group| {
        group.unlink("epochs")?;
        group.link_soft("samples", "epochs")
    });
    assert_refused(&error, "link");
}

#[test]
fn values_stored_outside_the_file_are_refused() {
    let (_place, folder) = folder();
    let error = read_changed(&folder, |group| {
        group.unlink("epochs/train_loss")?;
        let epochs = group.group("epochs")?;
        let empty = epochs.new_dataset::<f64>().shape([3]);
        empty
            .external("/etc/passwd", 0, 24)
            .create("train_loss")
            .map(|_| ())
    });
    assert_refused(&error, "other files");
}

#[test]
fn what_ablate_does_not_write_is_refused_and_never_merged() {
    type Change = fn(&Group) -> hdf5::Result<()>;
    let changes: [(&str, Change); 4] = [
        ("notes", |group| group.create_group("notes").map(drop)),
        ("metrics/x", |group| {
            group.group("metrics")?.create_group("x").map(drop)
        }),
        ("environment/x", |group| {
            let environment = group.group("environment")?;
            environment.new_dataset::<u8>().create("x").map(drop)
        }),
        ("link", |group| {
            group.link_external("/etc/passwd", "/x", "more")
        }),
    ];
    for (because, change) in changes {
        let (_place, folder) = folder();
        merge(&folder, &header(), &plan(2)).expect("merge");
        let before = std::fs::read(folder.sweep_h5()).expect("read");
        assert_refused(&read_changed(&folder, change), because);
        let error = merge(&folder, &header(), &plan(2)).expect_err("hostile");
        assert_refused(&error, because);
        assert!(std::fs::read(folder.sweep_h5()).expect("read") == before);
    }
}

#[test]
fn a_trial_with_changed_values_keeps_the_old_sweep_file_and_is_named() {
    let (_place, folder) = folder();
    merge(&folder, &header(), &plan(2)).expect("merge");
    let before = std::fs::read(folder.sweep_h5()).expect("read");
    read_changed(&folder, |group| {
        group
            .dataset("epochs/train_loss")?
            .write_raw(&[0.0, 0.0, 0.0])
    });
    let error = merge(&folder, &header(), &plan(2)).expect_err("hostile");
    assert_refused(&error, "does not fit");
    let text = error.to_string();
    assert!(text.contains(&format!("{}.h5", id(1))), "{text}");
    assert!(text.contains("move this file"), "{text}");
    assert!(std::fs::read(folder.sweep_h5()).expect("read") == before);
    assert!(
        files(folder.root())
            .iter()
            .all(|path| !path.to_string_lossy().ends_with(".tmp"))
    );
}

#[test]
fn absurd_sizes_are_refused_before_memory_is_taken() {
    let (_place, folder) = folder();
    let error = read_changed(&folder, |group| {
        group.unlink("epochs/train_loss")?;
        let epochs = group.group("epochs")?;
        let empty = epochs
            .new_dataset::<f64>()
            .shape([1_usize << 60])
            .chunk([1024]);
        empty.create("train_loss").map(|_| ())
    });
    assert_refused(&error, "too large");
}

#[test]
fn large_chunks_are_refused_before_they_unpack() {
    let (_place, folder) = folder();
    let error = read_changed(&folder, |group| {
        group.unlink("epochs/train_loss")?;
        let epochs = group.group("epochs")?;
        let bomb = epochs
            .new_dataset::<f64>()
            .shape([1 << 20])
            .chunk([1 << 20])
            .deflate(9);
        bomb.create("train_loss")?.write_raw(&vec![0.0; 1 << 20])
    });
    assert_refused(&error, "too large");
}

#[test]
fn unknown_filters_are_refused() {
    let (_place, folder) = folder();
    let error = read_changed(&folder, |group| {
        group.unlink("epochs/train_loss")?;
        let epochs = group.group("epochs")?;
        let odd = epochs.new_dataset::<i32>().shape([3]).chunk([3]).nbit();
        odd.create("train_loss").map(|_| ())
    });
    assert_refused(&error, "filter");
}

#[test]
fn values_of_another_type_are_refused() {
    let (_place, folder) = folder();
    let error = read_changed(&folder, |group| {
        group.unlink("epochs/train_loss")?;
        let epochs = group.group("epochs")?;
        epochs
            .new_dataset::<i8>()
            .shape([3])
            .create("train_loss")
            .map(|_| ())
    });
    assert_refused(&error, "of type");
    let error = read_changed(&folder, |group| {
        group.delete_attr("config")?;
        group
            .new_attr::<FixedAscii<4>>()
            .create("config")
            .map(|_| ())
    });
    assert_refused(&error, "of type");
    let error = read_changed(&folder, |group| {
        group.delete_attr("seed")?;
        group
            .new_attr::<u64>()
            .shape([2])
            .create("seed")
            .map(|_| ())
    });
    assert_refused(&error, "expected one");
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let (_place, folder) = folder();
    let error = read_changed(&folder, |group| {
        // Overwrites a byte of the text on its way into the file.
        let text = VarLenUnicode::from_str("abc").expect("no NUL");
        // SAFETY: the text is owned here, three bytes long, and only handed to HDF5 afterwards.
        unsafe { *text.as_ptr().cast_mut() = 0xff };
        group.attr("config")?.write_scalar(&text)
    });
    assert_refused(&error, "UTF-8");
}

#[test]
fn what_is_missing_is_named() {
    let (_place, folder) = folder();
    let error = read_changed(&folder, |group| group.unlink("samples"));
    assert_refused(&error, "samples is missing");
    let error = read_changed(&folder, |group| group.delete_attr("outcome"));
    assert_refused(&error, "no attribute \"outcome\"");
}

#[test]
fn another_format_version_is_refused_by_number_and_never_replaced() {
    let (_place, folder) = folder();
    let error = read_changed(&folder, |group| {
        group.file()?.attr("ablate_format")?.write_scalar(&2_u64)
    });
    assert_other_format(&error, "format version 2");
    let path = folder.trial(&id(1));
    let before = std::fs::read(&path).expect("read");
    assert_other_format(&done(&folder).expect_err("newer"), "format version 2");
    assert_other_format(
        &commit(&folder, &trial(1)).expect_err("newer"),
        "format version 2",
    );
    assert!(std::fs::read(&path).expect("read") == before);
}

#[test]
fn another_seal_version_is_refused_by_number() {
    let (_place, folder) = folder();
    commit(&folder, &trial(1)).expect("commit");
    let path = folder.trial(&id(1));
    let mut bytes = std::fs::read(&path).expect("read");
    bytes[..16].copy_from_slice(b"ablate record 2\n");
    std::fs::write(&path, &bytes).expect("write");
    assert_other_format(&done(&folder).expect_err("newer"), "seal version 2");
}

#[test]
fn a_sweep_file_of_another_format_version_is_refused_at_the_start_and_kept() {
    let (_place, folder) = folder();
    merge(&folder, &header(), &plan(1)).expect("merge");
    let path = folder.sweep_h5();
    let file = File::open_rw(&path).expect("open");
    let format = file.attr("ablate_format").expect("there");
    format.write_scalar(&2_u64).expect("write");
    drop(format);
    file.close().expect("close");
    seal(&path);
    let before = std::fs::read(&path).expect("read");
    assert_other_format(&done(&folder).expect_err("newer"), "format version 2");
    let merged = merge(&folder, &header(), &plan(2)).expect_err("newer");
    assert_other_format(&merged, "format version 2");
    assert!(std::fs::read(&path).expect("read") == before);
}

fn assert_other_format(error: &Error, because: &str) {
    let text = error.to_string();
    assert!(matches!(error, Error::Format { .. }), "{text}");
    assert_eq!(error.exit_code(), ExitCode::BadRecord);
    assert!(text.contains(because) && text.contains("next:"), "{text}");
}
