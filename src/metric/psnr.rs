//! Peak signal-to-noise ratio, dB.

use super::{Picture, Ratio, mse};

/// What a perfect image gets, so that one of them does not make a mean infinite.
const CAP: f64 = 100.0;

/// 10·log10(R²/MSE) of the image with range R = 1, capped at 100 dB; counts as one image. NaN stays NaN.
pub(super) fn measure(picture: &Picture) -> Ratio {
    let decibels = -10.0 * libm::log10(mse::measure(picture).value());
    Ratio {
        // Not `min`: it would take the cap for NaN.
        total: if decibels > CAP { CAP } else { decibels },
        count: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{SIDE, a, assert_close, b, c, compare, disk};
    use super::*;

    /// Oracle: science.md §4, computed in float64 from the formula.
    #[test]
    fn the_vectors_are_met() {
        let psnr = |x: &[f32], y: &[f32]| compare(measure, x, y, [SIDE, SIDE]);
        assert_close(psnr(&a(), &b()), 30.5145755981);
        assert_close(psnr(&a(), &c()), 20.5288887473);
        assert_close(psnr(&disk(1.0), &disk(0.0)), 5.7625272772);
        assert_close(psnr(&disk(1.0), &disk(0.5)), 11.7831271905);
    }

    #[test]
    fn a_perfect_image_is_capped() {
        assert_eq!(compare(measure, &a(), &a(), [SIDE, SIDE]), 100.0);
    }

    #[test]
    fn an_image_with_nan_has_no_value() {
        assert!(compare(measure, &[f32::NAN, 0.5], &[0.0, 0.5], [1, 2]).is_nan());
    }
}
