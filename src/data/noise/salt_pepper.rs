//! Salt and pepper: pixels jump to black or white (science.md R4).

use crate::seed::Stream;

/// x + round(U(−1, 1)), clipped (science.md R4). U(−1, 1) = 2u − 1 rounds to −1 for u < ¼ and to +1 for u ≥ ¾.
pub(super) fn corrupt(image: &mut [f32], stream: &mut Stream) {
    for x in image {
        match stream.uniform_f32() {
            u if u < 0.25 => *x = (*x - 1.0).max(0.0),
            u if u >= 0.75 => *x = (*x + 1.0).min(1.0),
            _ => (),
        }
    }
}
