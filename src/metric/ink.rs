//! Ink ratio: does the network fill in (above 1) or wipe out (below 1)?

use super::{Picture, Ratio};

/// Σ output against Σ target: mean(x̂)/mean(x0) once pooled.
pub(super) fn measure(picture: &Picture) -> Ratio {
    let sum = |pixels: &[f32]| pixels.iter().map(|&x| f64::from(x)).sum();
    Ratio {
        total: sum(picture.output),
        count: sum(picture.target),
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::compare;
    use super::*;

    #[test]
    fn half_the_ink_is_a_half_and_no_target_ink_is_nan() {
        let ink = |x: &[f32], y: &[f32]| compare(measure, x, y, [1, 2]);
        assert_eq!(ink(&[0.25, 0.25], &[0.0, 1.0]), 0.5);
        assert!(ink(&[0.25, 0.25], &[0.0, 0.0]).is_nan());
    }
}
