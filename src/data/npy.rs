//! NumPy's `.npy` format: u8 images, or f32 and f64 images with values in [0, 1].

use super::layout::{Layout, Pixel};
use super::source::{MAX_RAW_BYTES, Source};
use crate::error::Result;
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, TypeStr};

/// The first byte of every `.npy` file; no IDX file begins with it.
pub const FIRST_BYTE: u8 = 0x93;

/// NumPy's own limit is 10,000; longer headers are not images.
const MAX_HEADER_BYTES: u64 = 10_000;

/// Reads the header.
///
/// # Errors
/// [`crate::Error::Data`] when the array is no stack of grey images in C order.
pub fn layout(source: &mut Source) -> Result<Layout> {
    let (header, bytes) = header(source)?;
    let pixel = match header.dtype() {
        DType::Plain(kind) => pixel(&kind),
        _ => None,
    };
    let Some(pixel) = pixel else {
        return Err(source.bad(format!(
            "its dtype is {}; expected u8, or f32 or f64 with values in [0, 1]",
            header.dtype().descr()
        )));
    };
    if header.order() != Order::C {
        return Err(source.bad(
            "the array is in Fortran order; save it with np.save(path, np.ascontiguousarray(a))",
        ));
    }
    let sizes: Option<Vec<usize>> = header
        .shape()
        .iter()
        .map(|&size| usize::try_from(size).ok())
        .collect();
    match sizes.as_deref() {
        Some(&[n, h, w] | &[n, h, w, 1]) => Layout::checked(source, [n, h, w], pixel, bytes),
        _ => Err(source.bad(format!(
            "its shape is {:?}; expected [images, height, width] or [images, height, width, 1]",
            header.shape()
        ))),
    }
}

/// The header and its length. The length field is checked before anything of that length is read.
fn header(source: &mut Source) -> Result<(NpyHeader, u64)> {
    let mut bytes = source.take(8)?;
    let width = if bytes[6] == 1 { 2 } else { 4 };
    let field = source.take(width)?;
    let length = field
        .iter()
        .rev()
        .fold(0, |n, &byte| n << 8 | u64::from(byte));
    bytes.extend(field);
    if length > MAX_HEADER_BYTES {
        return Err(source.bad(format!(
            "its .npy header claims {length} bytes; more than {MAX_HEADER_BYTES} are refused"
        )));
    }
    let text = source.take(length)?;
    if !plausible(&text) {
        return Err(source.bad(format!(
            "its .npy header is nested too deeply, or announces more than the {} GiB that are accepted",
            MAX_RAW_BYTES >> 30
        )));
    }
    bytes.extend(text);
    NpyHeader::from_reader(bytes.as_slice())
        .map(|header| (header, bytes.len() as u64))
        .map_err(|error| source.bad(format!("its .npy header cannot be read: {error}")))
}

/// Guards the parser: each bracket within another doubles its time, and it multiplies sizes unchecked. Digits that number at most
/// 19 in all multiply to less than 10^19 < 2^64; the largest accepted stack of images needs 14.
fn plausible(text: &[u8]) -> bool {
    let count = |wanted: fn(&u8) -> bool| text.iter().filter(|byte| wanted(byte)).count();
    count(|byte| b"([{".contains(byte)) <= 8 && count(u8::is_ascii_digit) <= 19
}

fn pixel(kind: &TypeStr) -> Option<Pixel> {
    let big = kind.endianness() == Endianness::Big;
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Uint, 1) => Some(Pixel::U8),
        (TypeChar::Float, 4) => Some(if big { Pixel::F32Big } else { Pixel::F32Little }),
        (TypeChar::Float, 8) => Some(if big { Pixel::F64Big } else { Pixel::F64Little }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::files;

    /// A version 1.0 file as NumPy's format document describes it.
    fn npy(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut text =
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
        text.push_str(&" ".repeat(63 - (10 + text.len()) % 64));
        text.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<f32>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("images.npy");
        std::fs::write(&path, bytes).unwrap();
        Ok(files::read(&path, 1)?.first.pixels)
    }

    #[test]
    fn all_accepted_types_give_the_same_pixels() {
        let values = [0.0f32, 1.0];
        let f32s = |f: fn(f32) -> [u8; 4]| values.iter().flat_map(|&x| f(x)).collect::<Vec<_>>();
        let f64s =
            |f: fn(f64) -> [u8; 8]| values.iter().flat_map(|&x| f(x.into())).collect::<Vec<_>>();
        for (descr, data) in [
            ("|u1", vec![0, 255]),
            ("<f4", f32s(f32::to_le_bytes)),
            (">f4", f32s(f32::to_be_bytes)),
            ("<f8", f64s(f64::to_le_bytes)),
            (">f8", f64s(f64::to_be_bytes)),
        ] {
            for shape in ["(1, 1, 2)", "(1, 1, 2, 1)"] {
                assert_eq!(
                    read(&npy(descr, "False", shape, &data)).unwrap(),
                    values,
                    "{descr}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_stack_of_grey_images_is_refused_with_its_reason() {
        let float = |x: f32| npy("<f4", "False", "(1, 1, 1)", &x.to_le_bytes());
        let mut long = npy("|u1", "False", "(1, 1, 1)", &[0]);
        long[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
        let deep = "(".repeat(5000);
        for (bytes, part) in [
            (npy("<i8", "False", "(1, 1, 1)", &[0; 8]), "dtype"),
            (npy("|O", "False", "(1, 1, 1)", &[0; 8]), "dtype"),
            (npy("|u1", "True", "(1, 1, 1)", &[0]), "Fortran"),
            (npy("|u1", "False", "(1, 4)", &[0; 4]), "shape"),
            (npy("|u1", "False", "(1, 1, 1, 3)", &[0; 3]), "shape"),
            (npy("|u1", "False", "(1, 1, 2)", &[0]), "truncated"),
            (
                npy("|u1", "False", "(1, 1, 1)", &[0, 0]),
                "more bytes follow",
            ),
            (
                npy("<f8", "False", "(4294967296, 4294967296, 4294967296)", &[]),
                "GiB",
            ),
            (npy("<f8", "False", "(99999, 9999, 9999)", &[]), "GiB"),
            (npy("|u1", "False", &deep, &[]), "nested"),
            (float(f32::NAN), "NaN"),
            (float(1.5), "1.5"),
            (float(-0.1), "-0.1"),
            (long, "header claims 65535"),
            (b"\x93NUMPY".to_vec(), "truncated"),
        ] {
            let reason = read(&bytes).unwrap_err().to_string();
            assert!(reason.contains(part), "{part}: {reason}");
        }
    }
}
