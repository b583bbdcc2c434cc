//! A walk of small uniform steps (science.md R4s).

use crate::seed::Stream;

/// `rounds` times x + U(−amplitude, amplitude), clipped each time (science.md R4s).
pub(super) fn corrupt(image: &mut [f32], stream: &mut Stream, rounds: usize, amplitude: f32) {
    let mut draws = vec![0.0; image.len()];
    for _ in 0..rounds {
        stream.fill_uniform_f32(&mut draws);
        for (x, draw) in image.iter_mut().zip(&draws) {
            let step = (draw * 2.0 - 1.0) * amplitude;
            *x = (*x + step).clamp(0.0, 1.0);
        }
    }
}
