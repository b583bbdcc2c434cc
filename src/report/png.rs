//! Pixels to PNG.

use crate::error::{Error, Result};
use png::ColorType;

/// A PNG of 8 bits a channel; `size` is width and height, `per_metre` how many pixels a metre has on paper.
///
/// # Errors
/// Only when it is too large for a PNG.
pub fn encode(
    [width, height]: [usize; 2],
    colour: ColorType,
    pixels: &[u8],
    per_metre: Option<u32>,
) -> Result<Vec<u8>> {
    let too_large = |_| Error::Internal(format!("a picture of {width}×{height} pixels"));
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(
        &mut out,
        u32::try_from(width).map_err(too_large)?,
        u32::try_from(height).map_err(too_large)?,
    );
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(per_metre.map(|per_metre| png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
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
    fn what_is_written_decodes_to_its_pixels() {
        let bytes = encode([2, 1], ColorType::GrayscaleAlpha, &[10, 255, 20, 255], None).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = [0; 4];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [10, 255, 20, 255]);
    }
}
