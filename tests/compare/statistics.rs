//! The statistics of a comparison, against published and hand-made numbers.

use crate::report_fake::{Fake, FakeArm, make};
use crate::{METRIC, near, parsed, text};

/// One point with these values, one a seed.
fn one_point(values: &[f64]) -> Fake {
    let arm = FakeArm {
        axes: vec!["[]".into()],
        level: 0.1,
        params: 10,
    };
    let mut fake = make(&["model.skip.at"], &[arm], values.len() as u64);
    for (row, value) in fake.record.trials.iter_mut().zip(values) {
        row.metrics.insert(METRIC.into(), *value);
    }
    fake
}

/// Oracle: science.md §5. Its A − B is other − reference here.
#[test]
fn the_reference_vectors_have_the_reference_statistics() {
    let a = one_point(&[0.1664, 0.1620, 0.1652, 0.1594, 0.1601]);
    let b = one_point(&[0.1447, 0.1460, 0.1439, 0.1451, 0.1472]);
    let json = parsed(&[("b", &b), ("a", &a)]);
    let difference = &json["comparisons"][0]["points"][0]["difference"];
    near(&difference["t"], 9.5343249416, 1e-9);
    near(&difference["p_t"], 6.757623857e-4, 1e-12);
    near(&difference["d_z"], 4.2638797378, 1e-9);
    near(&difference["interval"][0], 0.0122196222, 1e-10);
    near(&difference["interval"][1], 0.0222603778, 1e-10);
    assert_eq!(difference["p"], 0.0625);
    assert_eq!(
        (&difference["lower"], &difference["higher"]),
        (&0.into(), &5.into())
    );
    let text = text(&[("b", &b), ("a", &a)]);
    assert!(text.contains("higher than in b (95% interval [+0.0122, +0.0223]; p = 0.062, exact sign-flip; lower in 0 of 5 seeds)"), "{text}");
}

/// Oracle: science.md §5, Holm over all points of all sweeps: two p of 0.0625 become 0.125.
#[test]
fn holm_counts_the_points_of_all_sweeps() {
    let a = one_point(&[0.1664, 0.1620, 0.1652, 0.1594, 0.1601]);
    let b = one_point(&[0.1447, 0.1460, 0.1439, 0.1451, 0.1472]);
    let json = parsed(&[("b", &b), ("a", &a), ("a again", &a)]);
    for comparison in json["comparisons"].as_array().expect("two") {
        assert_eq!(comparison["points"][0]["p_holm"], 0.125);
    }
}

/// Oracle: by hand. Ratios 2 and 8 have the geometric mean 4; the t-interval of two logs reaches far.
#[test]
fn wall_time_is_a_geometric_mean_with_the_interval_of_the_logarithms() {
    let one = one_point(&[0.1, 0.2]);
    let mut other = one_point(&[0.1, 0.2]);
    for (at, ratio) in [(0, 2.0), (1, 8.0)] {
        other.record.trials[at].wall_seconds = ratio * one.record.trials[at].wall_seconds;
    }
    let json = parsed(&[("a", &one), ("b", &other)]);
    let wall = &json["comparisons"][0]["wall_ratio"];
    near(&wall["geometric_mean"], 4.0, 1e-12);
    // ln 4 ± t(.975, 1) · ln 2, because the sd of {ln 2, ln 8} is √2 · ln 2 and n = 2; t = tan(.475 π) = 12.7062.
    let half = (0.475 * std::f64::consts::PI).tan() * 2_f64.ln();
    near(&wall["interval"][0], (4_f64.ln() - half).exp(), 1e-9);
    near(&wall["interval"][1], (4_f64.ln() + half).exp(), 1e-1);
}
