//! Probabilities of the normal distribution, by their logarithms.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// ln(Φ(high) − Φ(low)), where an open side is none: also far from 0, where both are 0 or 1 in f64.
pub(super) fn log_between(low: Option<f64>, high: Option<f64>) -> f64 {
    match (low, high) {
        (None, None) => 0.0,
        (None, Some(high)) => log_above(-high),
        (Some(low), None) => log_above(low),
        (Some(low), Some(high)) if low > 0.0 => log_difference(log_above(low), log_above(high)),
        (Some(low), Some(high)) if high < 0.0 => log_difference(log_above(-high), log_above(-low)),
        (Some(low), Some(high)) => {
            let (low, high) = (
                libm::erf(low * FRAC_1_SQRT_2),
                libm::erf(high * FRAC_1_SQRT_2),
            );
            libm::log((high - low) / 2.0)
        }
    }
}

/// ln(e^a − e^b) for a > b.
fn log_difference(a: f64, b: f64) -> f64 {
    a + libm::log(-libm::expm1(b - a))
}

/// ln(1 − Φ(z)).
fn log_above(z: f64) -> f64 {
    if z < 0.0 {
        return libm::log1p(-libm::erfc(-z * FRAC_1_SQRT_2) / 2.0);
    }
    if z < 30.0 {
        return libm::log(libm::erfc(z * FRAC_1_SQRT_2) / 2.0);
    }
    // erfc comes near the smallest f64; its asymptotic series (Abramowitz and Stegun 26.2.12) is exact to f64 here.
    let s = 1.0 / (z * z);
    let series = 1.0 - s * (1.0 - 3.0 * s * (1.0 - 5.0 * s * (1.0 - 7.0 * s * (1.0 - 9.0 * s))));
    -z * z / 2.0 - libm::log(z * (2.0 * PI).sqrt() / series)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: `scipy.special.log_ndtr(-z)`, SciPy 1.17.1.
    #[test]
    fn the_tail_of_the_normal_distribution() {
        #[rustfmt::skip]
        let right = [
            (-5.0, -2.8665161296376294e-7), (0.5, -1.1759117615936188), (3.0, -6.60772622151035),
            (29.5, -439.4294746091503), (30.0, -454.32124395634327), (40.0, -804.6084420137539),
            (1000.0, -500007.8266948122),
        ];
        for (z, right) in right {
            let found = log_above(z);
            assert!((found / right - 1.0).abs() < 1e-13, "{z}: {found} {right}");
        }
        let (below, above) = (log_above(30.0 - 1e-9), log_above(30.0));
        assert!(
            (below - above - 30.0e-9).abs() < 2e-9,
            "no seam at 30: {below} {above}"
        );
    }
}
