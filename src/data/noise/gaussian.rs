//! Normal noise.

use crate::seed::Stream;

/// x + N(0, sigma²), clipped.
pub(super) fn corrupt(image: &mut [f32], stream: &mut Stream, sigma: f64) {
    for x in image {
        *x = (f64::from(*x) + sigma * stream.normal()).clamp(0.0, 1.0) as f32;
    }
}
