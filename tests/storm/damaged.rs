//! Row 16 of the promises: all damage to every file of a half-done sweep.

use crate::damage;
use crate::shim::Tiny;

#[test]
fn no_damage_is_taken_for_a_result() {
    let tiny = Tiny::new();
    let scene = damage::half_done(&tiny).expect("a C compiler, cc");
    let cases = damage::cases(&scene);
    eprintln!("damage: {} cases", cases.len());
    let wrong = damage::visit(&tiny, &scene, &cases);
    let (cases, wrongs) = (cases.len(), wrong.len());
    crate::report(&format!(
        "damage to a file: {cases} cases, {wrongs} violations"
    ));
    assert!(wrong.is_empty(), "{} violations, above", wrong.len());
}
