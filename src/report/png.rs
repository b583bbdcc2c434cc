//! Grey pictures to PNG.

use crate::error::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Transparent pixels between two pictures.
pub const GAP: usize = 2;

/// Grey and alpha, row-major: pictures of shape [n, h, w] in one row with transparent gaps.
pub fn side_by_side(pictures: &[u8], [n, h, w]: [usize; 3]) -> Vec<u8> {
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

/// A PNG of grey and alpha, `size` being width and height.
///
/// # Errors
/// Only when it is too large for a PNG.
pub fn encode([width, height]: [usize; 2], pixels: &[u8]) -> Result<Vec<u8>> {
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

/// The PNG as an address that holds it.
///
/// # Errors
/// As [`encode`].
pub fn url(size: [usize; 2], pixels: &[u8]) -> Result<String> {
    Ok(format!(
        "data:image/png;base64,{}",
        BASE64.encode(encode(size, pixels)?)
    ))
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
}
