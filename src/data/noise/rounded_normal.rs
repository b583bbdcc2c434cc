//! Whole numbers near a normal draw: half of the pixels or so are moved by one or more.

use crate::seed::Stream;

/// x + round(N(0, 1)), clipped (science.md R9).
pub(super) fn corrupt(image: &mut [f32], stream: &mut Stream) {
    for x in image {
        *x = (f64::from(*x) + stream.normal().round()).clamp(0.0, 1.0) as f32;
    }
}
