//! What the header of an image file says: how many images of which size, stored how.

use super::source::{MAX_RAW_BYTES, Source};
use crate::error::Result;

/// How a pixel is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixel {
    /// 0 to 255.
    U8,
    /// 0 to 1, little-endian.
    F32Little,
    /// 0 to 1, big-endian.
    F32Big,
    /// 0 to 1, little-endian.
    F64Little,
    /// 0 to 1, big-endian.
    F64Big,
}

impl Pixel {
    /// Bytes a pixel.
    pub fn bytes(self) -> u64 {
        match self {
            Self::U8 => 1,
            Self::F32Little | Self::F32Big => 4,
            Self::F64Little | Self::F64Big => 8,
        }
    }

    /// Turns stored bytes into values; whole pixels only.
    pub fn decode(self, bytes: &[u8]) -> Vec<f32> {
        let f32s =
            |f: fn([u8; 4]) -> f32| bytes.as_chunks().0.iter().map(|&chunk| f(chunk)).collect();
        let f64s = |f: fn([u8; 8]) -> f64| {
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|&chunk| f(chunk) as f32)
                .collect()
        };
        match self {
            Self::U8 => decode_u8(bytes),
            Self::F32Little => f32s(f32::from_le_bytes),
            Self::F32Big => f32s(f32::from_be_bytes),
            Self::F64Little => f64s(f64::from_le_bytes),
            Self::F64Big => f64s(f64::from_be_bytes),
        }
    }
}

/// 0…255 to [0, 1].
pub fn decode_u8(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

/// What a header says, checked for sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Images.
    pub n: usize,
    /// Height.
    pub h: usize,
    /// Width.
    pub w: usize,
    /// How a pixel is stored.
    pub pixel: Pixel,
}

impl Layout {
    /// Refuses empty and monstrous shapes.
    ///
    /// # Errors
    /// [`crate::Error::Data`] about `source`.
    pub fn checked(
        source: &Source,
        [n, h, w]: [usize; 3],
        pixel: Pixel,
        header_bytes: u64,
    ) -> Result<Self> {
        if n == 0 || h == 0 || w == 0 {
            return Err(source.bad(format!(
                "its header announces {n} images of {h}×{w}; every number must be at least 1"
            )));
        }
        let raw = [n, h, w].iter().try_fold(pixel.bytes(), |product, &size| {
            product.checked_mul(size as u64)
        });
        match raw.and_then(|bytes| bytes.checked_add(header_bytes)) {
            Some(raw) if raw <= MAX_RAW_BYTES => Ok(Self { n, h, w, pixel }),
            _ => Err(source.bad(format!(
                "its header announces {n} images of {h}×{w}; more than {} GiB are refused",
                MAX_RAW_BYTES >> 30
            ))),
        }
    }

    /// Bytes an image.
    pub fn image_bytes(&self) -> u64 {
        self.pixel.bytes() * self.h as u64 * self.w as u64
    }
}
