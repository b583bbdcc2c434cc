//! Cross-entropy of a guess, nats.

use super::{Guess, Ratio};

/// ln Σ e^{z_k} − z_y, from logits, with the largest taken out so that nothing overflows; counts as one image.
pub(super) fn measure(guess: &Guess) -> Ratio {
    let logits = || guess.logits.iter().map(|&z| f64::from(z));
    let largest = logits().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits().map(|z| libm::exp(z - largest)).sum();
    Ratio {
        total: libm::log(sum) + (largest - f64::from(guess.logits[guess.class])),
        count: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(logits: &[f32], class: usize) -> f64 {
        measure(&Guess { logits, class }).value()
    }

    /// Oracle: by hand. e^z = 1, 2, 5: the classes have ⅛, ¼ and ⅝.
    #[test]
    fn it_is_minus_the_logarithm_of_the_share_of_the_right_class() {
        let logits = [0.0, 2.0f32.ln(), 5.0f32.ln()];
        for (class, share) in [(0, 0.125), (1, 0.25), (2, 0.625f64)] {
            let (found, right) = (of(&logits, class), -share.ln());
            assert!((found - right).abs() < 1e-6, "{found} {right}");
        }
        assert!((of(&[3.0; 10], 4) - 10f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn extreme_logits_stay_finite_and_nan_stays_nan() {
        assert_eq!(of(&[1e30, -1e30], 0), 0.0);
        assert!(of(&[1e30, -1e30], 1).is_finite());
        assert!(of(&[f32::NAN, 0.0], 1).is_nan());
    }
}
