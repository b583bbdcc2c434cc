//! A strip: pictures side by side, as a PNG.

use super::png::encode;
use crate::error::Result;
use crate::outcome::Samples;
use png::ColorType;

/// At most so many pictures in a strip.
pub const PICTURES: usize = 16;

/// Transparent pixels between two pictures.
pub const GAP: usize = 2;

/// Whether the pixels are as many as the shape says; a foreign file may say anything.
pub fn is_whole(samples: &Samples) -> bool {
    let pixels = samples
        .shape
        .iter()
        .try_fold(samples.epochs.len(), |n, side| n.checked_mul(*side));
    pixels.is_some_and(|n| n > 0 && n == samples.pixels.len())
}

/// Width and height in pixels of a strip of so many pictures.
pub fn size(samples: &Samples, shown: usize) -> [usize; 2] {
    let [_, h, w] = samples.shape;
    [shown * w + (shown - 1) * GAP, h]
}

/// The first `shown` pictures of the epoch at position `index`, as a PNG of grey and alpha. The samples must be
/// [whole](is_whole) and hold at least so many.
///
/// # Errors
/// Only such as the code rules out: it is written to memory.
pub fn png(samples: &Samples, index: usize, shown: usize) -> Result<Vec<u8>> {
    let [n, h, w] = samples.shape;
    let pictures = &samples.pixels[index * n * h * w..][..shown * h * w];
    let pixels = side_by_side(pictures, [shown, h, w]);
    encode(
        size(samples, shown),
        ColorType::GrayscaleAlpha,
        &pixels,
        None,
    )
}

/// Grey and alpha, row-major: pictures of shape [n, h, w] in one row with transparent gaps.
fn side_by_side(pictures: &[u8], [n, h, w]: [usize; 3]) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(2 * h * (n * w + (n - 1) * GAP));
    for row in 0..h {
        for picture in 0..n {
            if picture > 0 {
                pixels.extend([0; 2 * GAP]);
            }
            let line = &pictures[(picture * h + row) * w..][..w];
            pixels.extend(line.iter().flat_map(|&grey| [grey, u8::MAX]));
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_side_by_side_with_a_transparent_gap() {
        let pixels = side_by_side(&[1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
        let opaque = |grey: u8| [grey, 255];
        let gap = [[0, 0]; GAP];
        let rows = [
            [opaque(1), opaque(2), opaque(5), opaque(6)],
            [opaque(3), opaque(4), opaque(7), opaque(8)],
        ];
        let expected: Vec<u8> = rows
            .iter()
            .flat_map(|row| [&row[..2], &gap[..], &row[2..]].concat())
            .flatten()
            .collect();
        assert_eq!(pixels, expected);
    }

    #[test]
    fn shapes_that_lie_are_not_shown() {
        let samples = |shape, pixels| Samples {
            name: "output".into(),
            epochs: vec![1],
            shape,
            pixels,
        };
        assert!(is_whole(&samples([1, 2, 2], vec![0; 4])));
        assert!(!is_whole(&samples([1, 2, 2], vec![0; 5])));
        assert!(!is_whole(&samples([0, 2, 2], vec![])));
        assert!(!is_whole(&samples([usize::MAX, 2, 2], vec![0; 4])));
    }
}
