//! A walk of small uniform steps (science.md R4s).

use crate::seed::Stream;

/// `rounds` times x + U(−amplitude, amplitude), clipped each time (science.md R4s).
pub(super) fn corrupt(image: &mut [f32], stream: &mut Stream, rounds: usize, amplitude: f32) {
    for _ in 0..rounds {
        for x in image.iter_mut() {
            let step = (stream.uniform_f32() * 2.0 - 1.0) * amplitude;
            *x = (*x + step).clamp(0.0, 1.0);
        }
    }
}
