//! Row 16 of the promises on some damage of every kind to every file; `make storm` tries all (tests/storm/damaged.rs).

mod common;
mod damage;
mod scene;
mod shim;

use ablate::seed::Key;
use shim::{Tiny, verify};
use std::path::Path;

/// Cases that are tried here.
const SOME: u64 = 24;

#[test]
fn damage_is_told_or_made_good_and_never_taken_for_a_result() {
    let tiny = Tiny::new();
    let scene = match damage::half_done(&tiny) {
        Ok(scene) => scene,
        Err(missing) => return common::skip("damage to a half-done sweep", &missing),
    };
    assert_eq!(verify(&scene, None), Ok(()));
    let unsaid = verify(&scene, Some(Path::new("sweep.h5"))).expect_err("it is whole");
    assert!(unsaid.contains("does not name sweep.h5"), "{unsaid}");
    let all = damage::cases(&scene);
    assert!(all.len() > 500, "only {} cases", all.len());
    let mut dice = Key::new(16, "damage").stream();
    let some: Vec<_> = (0..SOME)
        .map(|_| all[dice.below(all.len() as u64) as usize].clone())
        .collect();
    let wrong = damage::visit(&tiny, &scene, &some);
    assert!(wrong.is_empty(), "{} violations, above", wrong.len());
}
