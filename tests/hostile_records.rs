//! Records made to hurt, under a good seal, given to `report`, `compare`, `verify`, `export` and `status` (row 21 of the promises).

mod common;
mod den;
#[path = "record/fixture.rs"]
mod fixture;

use den::{CANARY, Den, Said, Which};
use fixture::id;
use hdf5::dataset::Layout;
use hdf5::{Extents, Group, Selection};
use std::ffi::OsString;

/// What is done to the array of this name in a group.
type Change = fn(&Den, &Group, &str) -> hdf5::Result<()>;

/// Puts each change in place of an array, and gives the file to every command: none may survive it but by refusing it, or by
/// not looking there; whoever reads all of it says where it is.
fn refused_everywhere(changes: &[(Change, &str)]) {
    let den = Den::new();
    let trial = format!("trial/{}/epochs", id(1));
    let places = [
        (Which::Trial, trial.as_str(), "train_loss"),
        (Which::Shard, &trial, "train_loss"),
        (Which::Sweep, &trial, "train_loss"),
        (Which::Sweep, "trials", "test.bce"),
    ];
    for (which, group, name) in places {
        for (change, because) in changes {
            den.mend();
            den.change(which, |file| {
                let group = file.group(group).expect("a group");
                change(&den, &group, name).expect("changed");
            });
            for words in den.commands(which) {
                let said = den.wrong(&words);
                let Said { status, text } = said.unwrap_or_else(|what| panic!("{which:?}: {what}"));
                let reads_all = words[0] == "verify" || group == "trials" && words[0] != "status";
                if reads_all {
                    let what = format!("{which:?} {group} {words:?}: {text}");
                    assert_eq!(status.code(), Some(5), "{what}");
                    let file = den.path(which);
                    let file = file.file_name().expect("a name").to_string_lossy();
                    let place = format!("/{group}/");
                    for part in [because, &*file, &*place, name] {
                        assert!(text.contains(part), "no {part:?}: {what}");
                    }
                }
            }
        }
    }
}

#[test]
fn links_to_other_files_and_places_are_refused() {
    refused_everywhere(&[
        (
            |den, group, name| {
                group.unlink(name)?;
                group.link_external(&den.outside("canary.h5"), "x", name)
            },
            "link to somewhere else",
        ),
        (
            |_, group, name| {
                group.unlink(name)?;
                group.link_soft("/trials/seed", name)
            },
            "link to somewhere else",
        ),
    ]);
}

#[test]
fn values_outside_of_the_file_are_never_read() {
    refused_everywhere(&[
        (
            |den, group, name| {
                group.unlink(name)?;
                let outside = group.new_dataset::<f64>().shape([4]);
                outside
                    .external(&den.outside("canary"), 0, 32)
                    .create(name)
                    .map(drop)
            },
            "other files",
        ),
        (
            |den, group, name| {
                group.unlink(name)?;
                let all = || (Extents::from(3), Selection::All);
                let ((from, every), (to, all)) = (all(), all());
                group
                    .new_dataset::<f64>()
                    .shape([3])
                    .virtual_map(den.outside("canary.h5"), "x", from, every, to, all)
                    .layout(Layout::Virtual)
                    .create(name)
                    .map(drop)
            },
            "other files",
        ),
    ]);
}

/// That the tests above would see it.
#[test]
fn a_value_from_outside_would_be_seen_in_a_report() {
    let den = Den::new();
    den.change(Which::Sweep, |file| {
        let column = file.dataset("trials/test.bce").expect("a column");
        column.write_raw(&[CANARY; 4]).expect("written");
    });
    for words in &den.commands(Which::Sweep)[3..6] {
        let wrong = den.wrong(words).err().expect("it is shown");
        assert!(wrong.contains("shows what is outside"), "{wrong}");
    }
}

#[test]
fn sizes_beyond_all_memory_are_refused() {
    refused_everywhere(&[
        (
            |_, group, name| {
                group.unlink(name)?;
                let empty = group.new_dataset::<f64>().shape([1_usize << 60]);
                empty.chunk([1024]).create(name).map(drop)
            },
            "too large",
        ),
        (
            |_, group, name| {
                group.unlink(name)?;
                let bomb = group.new_dataset::<f64>().shape([1 << 20]).chunk([1 << 20]);
                bomb.deflate(9).create(name)?.write_raw(&vec![0.0; 1 << 20])
            },
            "too large",
        ),
    ]);
}

#[test]
fn many_small_chunks_cost_no_time() {
    refused_everywhere(&[(
        |_, group, name| {
            group.unlink(name)?;
            let many = group.new_dataset::<f64>().shape([70_000]).chunk([1]);
            many.create(name)?.write_raw(&vec![0.0; 70_000])
        },
        "too many",
    )]);
}

#[test]
fn a_group_that_is_inside_of_itself_ends() {
    refused_everywhere(&[(
        |_, group, name| {
            group.unlink(name)?;
            group.link_hard(&group.name(), name)
        },
        "is not an array",
    )]);
}

/// Far more than a file of this length says, and less than what is refused at once.
#[test]
fn a_gibibyte_out_of_nothing_is_read_and_found_wrong() {
    let den = Den::new();
    den.change(Which::Trial, |file| {
        let group = file
            .group(&format!("trial/{}/epochs", id(1)))
            .expect("a group");
        group.unlink("train_loss").expect("unlinked");
        let empty = group.new_dataset::<f64>().shape([1 << 27]).chunk([1 << 17]);
        empty.deflate(9).create("train_loss").expect("made");
    });
    let said = den.wrong(&den.commands(Which::Trial)[0]).expect("it ends");
    assert_eq!(said.status.code(), Some(5), "{}", said.text);
}

/// All changes by chance: `tests/storm/hostile.rs`.
#[test]
fn no_random_change_under_a_good_seal_hurts() {
    let den = Den::new();
    for seed in 0..20 {
        let wrong = den.mutated(seed);
        assert!(wrong.is_empty(), "seed {seed}: {wrong:?}");
    }
}

/// What no file can be made for that kills every HDF5 there is.
#[test]
fn a_file_that_kills_its_reader_is_an_error_and_a_finding() {
    let den = Den::new();
    let commands = den.commands(Which::Sweep);
    // The one that reads a folder in full goes on without the file, dies of the next, and still ends.
    let all = |words: &Vec<OsString>| *words == commands[1];
    for (fault, some) in [("segv@read", 7), ("memory@read", 1), ("spin@read", 1)] {
        for words in &commands[..some] {
            let said = den.say(words, &[("ABLATE_FAULT", fault)]);
            let Said { status, text } = said.expect("it ends");
            assert_eq!(status.code(), Some(5), "{fault}: {words:?}: {text}");
            let deaths = text.matches("does not survive reading").count();
            assert_eq!(deaths, if all(words) { 6 } else { 1 }, "{words:?}: {text}");
        }
    }
}
