//! Mean squared error.

use super::{Picture, Ratio};

/// Σ (output − target)² over the pixels.
pub(super) fn measure(picture: &Picture) -> Ratio {
    let pairs = picture.output.iter().zip(picture.target);
    Ratio {
        total: pairs
            .map(|(&x, &y)| (f64::from(x) - f64::from(y)) * (f64::from(x) - f64::from(y)))
            .sum(),
        count: picture.target.len() as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{SIDE, a, assert_close, b, c, compare, disk};
    use super::*;

    /// Oracle: science.md §4, computed in float64 from the formula.
    #[test]
    fn the_vectors_are_met() {
        let mse = |x: &[f32], y: &[f32]| compare(measure, x, y, [SIDE, SIDE]);
        // The difference of nearby f32 pixels is good to 1e-6 relative only.
        assert!((mse(&a(), &b()) - 0.000888264775).abs() < 1e-9);
        assert!((mse(&a(), &c()) - 0.008853421181).abs() < 1e-8);
        assert_close(mse(&disk(1.0), &disk(0.0)), 0.265306122449);
        assert_close(mse(&disk(1.0), &disk(0.5)), 0.066326530612);
    }
}
