//! The IDX format of MNIST: big-endian; u16 0, u8 type, u8 number of dimensions, their u32 sizes, row-major data.

use super::layout::{Layout, Pixel};
use super::source::Source;
use crate::error::Result;

/// Bytes before the first pixel of an image file.
pub const HEADER_BYTES: u64 = 16;

/// Bytes before the first label of a label file.
pub const LABELS_HEADER_BYTES: u64 = 8;

const IMAGES: u32 = 2051;
const LABELS: u32 = 2049;

/// Reads the header of an image file.
///
/// # Errors
/// [`crate::Error::Data`] when it is not an IDX file of u8 images.
pub fn layout(source: &mut Source) -> Result<Layout> {
    let magic = word(&source.take(4)?);
    if magic != IMAGES {
        return Err(source.bad(wrong_magic(magic)));
    }
    let sizes: Vec<usize> = source
        .take(12)?
        .chunks(4)
        .map(|size| word(size) as usize)
        .collect();
    Layout::checked(
        source,
        [sizes[0], sizes[1], sizes[2]],
        Pixel::U8,
        HEADER_BYTES,
    )
}

fn word(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |word, &byte| word << 8 | u32::from(byte))
}

/// Says what the first four bytes mean instead.
fn wrong_magic(magic: u32) -> String {
    let meaning = match (magic >> 16, magic >> 8 & 0xff, magic & 0xff) {
        _ if magic == LABELS => "this is a labels file; name the images file".to_owned(),
        (0, 8, dimensions) => format!("this IDX file has {dimensions} dimensions instead of 3"),
        (0, 9 | 11..=14, _) => "this IDX file does not hold u8 values".to_owned(),
        _ => "this is neither an IDX nor a .npy file".to_owned(),
    };
    format!("wrong magic number {magic}, {IMAGES} (IDX images of u8) expected: {meaning}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::files;
    use std::path::PathBuf;

    fn idx(magic: u32, sizes: [u32; 3], pixels: &[u8]) -> Vec<u8> {
        let words = std::iter::once(magic).chain(sizes);
        let mut bytes: Vec<u8> = words.flat_map(u32::to_be_bytes).collect();
        bytes.extend(pixels);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<files::ImageFile> {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("images");
        std::fs::write(&path, bytes).unwrap();
        files::read(&path, 2)
    }

    #[test]
    fn pixels_come_in_order_and_scaled() {
        let file = read(&idx(IMAGES, [2, 1, 2], &[0, 255, 51, 102])).unwrap();
        assert_eq!((file.layout.n, file.layout.h, file.layout.w), (2, 1, 2));
        assert_eq!(file.first.pixels, [0.0, 1.0, 0.2, 0.4]);
    }

    #[test]
    fn every_wrong_header_is_refused_with_its_reason() {
        let reason = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        let cases = [
            (idx(LABELS, [2, 1, 2], &[0; 4]), "labels file"),
            (idx(0x0801 + 1, [2, 1, 2], &[0; 4]), "2 dimensions"),
            (idx(0x0d03, [2, 1, 2], &[0; 4]), "u8 values"),
            (idx(0x504b_0304, [2, 1, 2], &[0; 4]), "neither"),
            (idx(IMAGES, [0, 1, 2], &[]), "at least 1"),
            (idx(IMAGES, [2, 1, 2], &[0; 3]), "truncated"),
            (idx(IMAGES, [2, 1, 2], &[0; 5]), "more bytes follow"),
            (idx(IMAGES, [u32::MAX; 3], &[0; 5]), "GiB"),
            (idx(IMAGES, [4_000_000, 28, 28], &[0; 5]), "truncated"),
            (b"\0\0".to_vec(), "truncated"),
            (Vec::new(), "truncated"),
        ];
        for (bytes, part) in cases {
            let reason = reason(&bytes);
            assert!(reason.contains(part), "{part}: {reason}");
        }
    }
}
