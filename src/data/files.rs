//! The user's own images by path: IDX or `.npy`, gzipped or not, told apart by content.

use super::source::{MAX_RAW_BYTES, Source, hex};
use super::{Images, Splits, enough, idx, npy, split};
use crate::config::{DataConfig, DataFacts, Dataset};
use crate::error::{Error, Result};
use sha2::{Digest as _, Sha256};
use std::path::Path;

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
    fn bytes(self) -> u64 {
        match self {
            Self::U8 => 1,
            Self::F32Little | Self::F32Big => 4,
            Self::F64Little | Self::F64Big => 8,
        }
    }

    /// Turns stored bytes into values; whole pixels only.
    fn decode(self, bytes: &[u8]) -> Vec<f32> {
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
    /// [`Error::Data`] about `source`.
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

    fn image_bytes(&self) -> u64 {
        self.pixel.bytes() * self.h as u64 * self.w as u64
    }
}

/// An image file that was read to its end.
#[derive(Debug)]
pub struct ImageFile {
    /// What its header says.
    pub layout: Layout,
    /// SHA-256 (hex) of the raw content, header included.
    pub sha256: String,
    /// Its first images, as many as were asked for or are there.
    pub first: Images,
}

/// Reads an image file to its end and keeps the first `keep` images.
///
/// # Errors
/// [`Error::Data`] for anything that is not a whole, well-formed file; [`Error::Io`] when the system fails.
pub fn read(path: &Path, keep: usize) -> Result<ImageFile> {
    let mut source = Source::open(path)?;
    let layout = match source.peek()? {
        Some(npy::FIRST_BYTE) => npy::layout(&mut source)?,
        _ => idx::layout(&mut source)?,
    };
    let kept = layout.n.min(keep);
    let bytes = source.take(kept as u64 * layout.image_bytes())?;
    source.skip((layout.n - kept) as u64 * layout.image_bytes())?;
    let pixels = layout.pixel.decode(&bytes);
    // Written so that NaN, which compares with nothing, is out of range too.
    if let Some(at) = pixels.iter().position(|x| !(0.0..=1.0).contains(x)) {
        let image = at / (layout.h * layout.w);
        return Err(source.bad(format!(
            "image {image} holds the value {}; values must lie in [0, 1]",
            pixels[at]
        )));
    }
    Ok(ImageFile {
        layout,
        sha256: source.finish()?,
        first: Images {
            n: kept,
            h: layout.h,
            w: layout.w,
            pixels,
        },
    })
}

/// Both files of a config, with as many images as it asks for.
fn read_both(config: &DataConfig) -> Result<[ImageFile; 2]> {
    let wanted = config.train.saturating_add(config.valid);
    let (train_path, test_path) = (
        Path::new(&config.train_images),
        Path::new(&config.test_images),
    );
    let train = read(train_path, wanted)?;
    let test = read(test_path, config.test)?;
    enough(
        train_path,
        "data.train + data.valid",
        wanted,
        train.layout.n,
    )?;
    enough(test_path, "data.test", config.test, test.layout.n)?;
    let size = |file: &ImageFile| (file.layout.h, file.layout.w);
    if size(&train) != size(&test) {
        return Err(Error::Data {
            path: test_path.to_owned(),
            problem: format!(
                "its images are {:?} pixels (height, width), those of {} are {:?}",
                size(&test),
                train_path.display(),
                size(&train)
            ),
            next: "bring both files to the same image size".into(),
        });
    }
    Ok([train, test])
}

/// What a plan must know of the user's files. Reads them whole.
///
/// # Errors
/// As [`read`]; [`Error::Data`] too when they hold fewer images than asked for or differ in size.
pub fn facts(config: &DataConfig) -> Result<DataFacts> {
    let [train, test] = read_both(config)?;
    let mut hash = Sha256::new();
    for file in [&train, &test] {
        hash.update(format!("{:?} {}\n", file.layout, file.sha256));
    }
    Ok(DataFacts {
        dataset: Dataset::Files,
        image: [train.layout.h, train.layout.w],
        train_available: train.layout.n,
        test_available: test.layout.n,
        digest: hex(&hash.finalize()),
    })
}

/// Loads the user's images.
///
/// # Errors
/// As [`facts`].
pub fn load(config: &DataConfig) -> Result<Splits> {
    let [train, test] = read_both(config)?;
    Ok(split(config, train.first, test.first))
}
