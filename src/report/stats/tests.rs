use super::*;

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "found {found}, expected {expected}"
    );
}

/// Oracle: science.md §5 (float64, published formulas).
#[test]
fn the_reference_pair_has_the_reference_statistics() {
    let a = [0.1664, 0.1620, 0.1652, 0.1594, 0.1601];
    let b = [0.1447, 0.1460, 0.1439, 0.1451, 0.1472];
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let paired = Paired::of(&differences);
    near(paired.t.unwrap(), 9.5343249416, 1e-9);
    near(paired.p_t.unwrap(), 6.757623857e-4, 1e-12);
    near(paired.d_z.unwrap(), 4.2638797378, 1e-9);
    let interval = paired.summary.interval.unwrap();
    near(interval.low, 0.0122196222, 1e-10);
    near(interval.high, 0.0222603778, 1e-10);
    assert_eq!(paired.p, Some((0.0625, Test::SignFlip)));
    assert_eq!((paired.lower, paired.higher), (0, 5));
}

/// Oracle: science.md §5, counted by hand over 64 assignments.
#[test]
fn sign_flip_counts_ties() {
    let p = sign_flip(&[3.0, 1.0, -2.0, 4.0, 5.0, -1.0]);
    assert_eq!(p, 16.0 / 64.0);
    let scaled: Vec<f64> = [3.0, 1.0, -2.0, 4.0, 5.0, -1.0].map(|d| d * 0.1).to_vec();
    assert_eq!(sign_flip(&scaled), 16.0 / 64.0, "ties survive rounding");
}

/// The sum of what f64 can hold is beyond it: nothing is made of it, and nothing is found.
#[test]
fn values_beyond_all_bounds_prove_nothing() {
    let huge = Paired::of(&[-1.7e308, -1.7e308, -1.6e308]);
    assert_eq!((huge.summary.mean, huge.p, huge.t), (None, None, None));
    let infinite = Paired::of(&[f64::NEG_INFINITY, 1.0, 2.0]);
    assert_eq!((infinite.summary.n, infinite.summary.mean), (2, Some(1.5)));
}

/// Oracle: a plain loop over all masks.
#[test]
fn sign_flip_equals_the_plain_enumeration() {
    let differences: Vec<f64> = (0..11).map(|i| f64::from(i * 37 % 11) - 3.5).collect();
    let observed = differences.iter().sum::<f64>().abs();
    let extreme = (0..1_u32 << 11).filter(|mask| {
        let signed = differences
            .iter()
            .enumerate()
            .map(|(i, d)| if mask >> i & 1 == 1 { -d } else { *d });
        signed.sum::<f64>().abs() >= observed - 1e-9
    });
    assert_eq!(sign_flip(&differences), extreme.count() as f64 / 2048.0);
}

/// Oracle: science.md §5.
#[test]
fn smallest_p_and_quantiles_match_the_tables() {
    for (n, p) in [
        (3, 0.25),
        (4, 0.125),
        (5, 0.0625),
        (6, 0.03125),
        (8, 0.0078125),
    ] {
        assert_eq!(smallest_sign_flip(n), p);
        assert_eq!(sign_flip(&vec![1.0; n]), p);
    }
    for (n, t) in [(3, 4.3027), (5, 2.7764), (8, 2.3646), (10, 2.2622)] {
        near(t_quantile(n), t, 5e-5);
    }
}

/// Oracle: science.md §5.
#[test]
fn holm_matches_the_reference() {
    let adjusted = holm(&[0.001, 0.012, 0.014, 0.04, 0.2]);
    for (found, expected) in adjusted.iter().zip([0.005, 0.048, 0.048, 0.08, 0.2]) {
        near(*found, expected, 1e-12);
    }
    assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0], "never above one");
    let shuffled = holm(&[0.2, 0.001]);
    assert_eq!(shuffled, [0.2, 0.002], "in the order given");
}

#[test]
fn too_few_pairs_say_only_what_can_be_said() {
    let none = Paired::of(&[]);
    assert_eq!((none.summary.mean, none.p, none.d_z), (None, None, None));
    let one = Paired::of(&[-0.5]);
    assert_eq!(one.summary.mean, Some(-0.5));
    assert_eq!(
        (one.summary.sd, one.summary.interval, one.t),
        (None, None, None)
    );
    assert_eq!(one.p, Some((1.0, Test::SignFlip)));
    let two = Paired::of(&[-0.5, -0.7]);
    assert!(two.summary.interval.is_some());
    assert_eq!(two.p, Some((0.5, Test::SignFlip)));
}

#[test]
fn equal_differences_have_no_t_and_no_effect_size() {
    let paired = Paired::of(&[0.25; 4]);
    assert_eq!((paired.t, paired.p_t, paired.d_z), (None, None, None));
    assert_eq!(paired.p, Some((0.125, Test::SignFlip)));
}

#[test]
fn above_twenty_pairs_the_p_value_is_students_and_says_so() {
    let differences: Vec<f64> = (0..21).map(|i| f64::from(i) / 10.0 - 0.4).collect();
    let paired = Paired::of(&differences);
    assert_eq!(paired.p, paired.p_t.map(|p| (p, Test::StudentT)));
    assert!(matches!(
        Paired::of(&differences[..20]).p,
        Some((_, Test::SignFlip))
    ));
}
