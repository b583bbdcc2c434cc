//! Salt and pepper: pixels jump to black or white (science.md R4).

use crate::seed::Stream;

/// x + round(U(−1, 1)), clipped (science.md R4). U(−1, 1) = 2u − 1 rounds to −1 for u < ¼ and to +1 for u ≥ ¾.
pub(super) fn corrupt(image: &mut [f32], stream: &mut Stream) {
    for x in image {
        let u = stream.uniform_f32();
        // Without branches, which would be guessed wrong half of the time.
        let jump = f32::from(u >= 0.75) - f32::from(u < 0.25);
        *x = (*x + jump).clamp(0.0, 1.0);
    }
}
