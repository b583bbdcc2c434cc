//! `ablate verify`: every damage is listed with what it costs, nothing whole is, and the command that it names mends it.

#[path = "../common/mod.rs"]
mod common;
mod damage;
#[path = "../record/fixture.rs"]
#[allow(dead_code, reason = "the record's tests take the rest")]
mod fixture;
mod leftovers;
mod mending;
#[path = "../scene/mod.rs"]
mod scene;

use ablate::record::Folder;
use ablate::verify::{Asked, Commands, Finding, Verdict};
use std::path::Path;

/// Reads a made-up folder, of which every trial is asked for.
fn verify(folder: &Folder) -> Verdict {
    let commands = Commands::new(
        folder.root(),
        Some(Path::new("x.yaml")),
        Path::new("results"),
    );
    let asked = Asked::Unknown("made up".into());
    ablate::verify::folder(folder, &asked, &commands, &mut |_, _| {}).expect("listed")
}

/// The one damage of a folder.
fn the_only_damage(folder: &Folder) -> Finding {
    let verdict = verify(folder);
    let damages: Vec<_> = verdict.damages().cloned().collect();
    match <[Finding; 1]>::try_from(damages) {
        Ok([only]) => only,
        Err(damages) => panic!("{damages:#?}"),
    }
}
