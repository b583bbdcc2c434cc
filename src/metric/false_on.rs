//! False-on: how many dark pixels came out bright.

use super::{Picture, Ratio, crossings};

/// P(output > ½ | target < ½), as counts; NaN when an output that counts is NaN.
pub(super) fn measure(picture: &Picture) -> Ratio {
    crossings(picture, |target| target < 0.5, |output| output > 0.5)
}

#[cfg(test)]
mod tests {
    use super::super::vectors::compare;
    use super::*;

    #[test]
    fn only_dark_targets_are_counted() {
        let false_on = |x: &[f32], y: &[f32]| compare(measure, x, y, [1, x.len()]);
        assert_eq!(
            false_on(&[0.9, 0.5, 0.1, 0.9, 0.9], &[0.0, 0.4, 0.0, 0.5, 1.0]),
            1.0 / 3.0
        );
        assert!(false_on(&[0.9], &[0.5]).is_nan());
    }

    #[test]
    fn an_output_that_is_nan_leaves_no_value() {
        assert!(compare(measure, &[f32::NAN, 0.5], &[0.0, 0.0], [1, 2]).is_nan());
    }
}
