//! Whether two sweeps are the same: identical trials, equal values, different numbers.

use crate::report_fake::{grid, skip_or_not};
use crate::{METRIC, across, text};
use ablate::report::across::pair::Alike;
use ablate::report::across::{json, page, sheet, terminal};

#[test]
fn the_same_record_twice_is_identical_and_gives_the_same_bytes() {
    let (one, other) = (grid(), grid());
    let fakes = [("here", &one), ("there", &other)];
    let shown = text(&fakes);
    assert!(
        shown.contains("Identical. All 46 pairs that ended in both"),
        "{shown}"
    );
    assert!(!shown.contains("What differs"), "{shown}");
    assert!(shown.contains("1.00 times as long"), "{shown}");
    let all = |fakes| {
        across(fakes, |a| {
            (
                terminal::text(a, Some(80)),
                page::text(a),
                sheet::text(a).expect("a table"),
                json::text(a),
            )
        })
    };
    assert!(all(&fakes) == all(&fakes));
}

/// One metric is a bit off, the parameters are not: the same numbers are told from the same bits.
#[test]
fn equal_values_are_told_from_identical_trials() {
    let one = skip_or_not();
    let mut other = skip_or_not();
    for detail in other.details.values_mut() {
        detail.epochs.insert("extra", vec![1.0; 20]);
    }
    let shown = text(&[("a", &one), ("b", &other)]);
    assert!(shown.contains("The same numbers. test.bce is equal to the last bit in all 16 pairs. 16 of 16 have networks of the same parameters"), "{shown}");
    let row = &mut other.record.trials[3];
    let value = row.metrics.get_mut(METRIC).expect("a value");
    *value = f64::from_bits(value.to_bits() + 1);
    across(&[("a", &one), ("b", &other)], |across| {
        let versus = &across.versus[0];
        assert_eq!((versus.equal(), versus.valued()), (15, 16));
        assert_eq!(versus.alike(Alike::Parameters), 15);
        assert_eq!(versus.alike(Alike::Everything), 0);
        let text = terminal::text(across, Some(120));
        assert!(
            text.contains("Different numbers. test.bce is equal in 15 of 16 pairs."),
            "{text}"
        );
    });
}
