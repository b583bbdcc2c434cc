//! A strip: pictures side by side, as a PNG.

use crate::error::{Error, Result};
use crate::outcome::Samples;

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
    encode(size(samples, shown), &side_by_side(pictures, [shown, h, w]))
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

fn encode([width, height]: [usize; 2], pixels: &[u8]) -> Result<Vec<u8>> {
    let too_large = |_| Error::Internal(format!("a strip of {width}×{height} pixels"));
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(
        &mut out,
        u32::try_from(width).map_err(too_large)?,
        u32::try_from(height).map_err(too_large)?,
    );
    encoder.set_color(png::ColorType::GrayscaleAlpha);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels)?;
        writer.finish()
    });
    written.map_err(|error| Error::Internal(format!("PNG: {error}")))?;
    Ok(out)
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
    fn a_strip_decodes_to_its_pixels() {
        let bytes = encode([2, 1], &[10, 255, 20, 255]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = [0; 4];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [10, 255, 20, 255]);
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
