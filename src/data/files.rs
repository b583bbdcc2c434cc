//! The user's own images by path: IDX or `.npy`, gzipped or not, told apart by content.

use super::layout::Layout;
use super::source::{Source, hex};
use super::{Images, Splits, enough, idx, npy, split};
use crate::config::{DataConfig, DataFacts, Dataset};
use crate::error::{Error, Result};
use sha2::{Digest as _, Sha256};
use std::path::Path;

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
/// As [`read`]; [`Error::Data`] too when they differ in size.
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
        classes: false,
        digest: hex(&hash.finalize()),
    })
}

/// Why there are no classes of the user's images.
pub fn no_classes(config: &DataConfig) -> Error {
    Error::Data {
        path: Path::new(&config.train_images).to_owned(),
        problem: "the classes of the images of dataset: files are not known".into(),
        next: "use data.dataset: mnist or digits for tasks that need classes".into(),
    }
}

/// Loads the user's images.
///
/// # Errors
/// As [`facts`]; [`Error::Data`] too when they hold fewer images than asked for.
pub fn load(config: &DataConfig) -> Result<Splits> {
    let [train, test] = read_both(config)?;
    let paths = [&config.train_images, &config.test_images].map(Path::new);
    enough(config, paths, [train.layout.n, test.layout.n])?;
    Ok(split(config, train.first, test.first))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes an IDX file of `n` images of height 1 and `width`, image i holding 10·i everywhere.
    fn write(folder: &Path, name: &str, n: u32, width: u32) -> String {
        let header = [2051, n, 1, width].into_iter().flat_map(u32::to_be_bytes);
        let image = |i: u32| std::iter::repeat_n((10 * i) as u8, width as usize);
        let bytes: Vec<u8> = header.chain((0..n).flat_map(image)).collect();
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    fn config(train_images: &str, test_images: &str) -> DataConfig {
        DataConfig {
            dataset: Dataset::Files,
            train: 2,
            valid: 1,
            test: 1,
            train_images: train_images.into(),
            test_images: test_images.into(),
            ..DataConfig::default()
        }
    }

    #[test]
    fn the_first_images_of_each_file_become_the_splits() {
        let root = tempfile::tempdir().unwrap();
        let train = write(root.path(), "train", 4, 2);
        let test = write(root.path(), "test", 2, 2);
        let config = config(&train, &test);
        let splits = load(&config).unwrap();
        assert_eq!((splits.train.n, splits.valid.n, splits.test.n), (2, 1, 1));
        assert_eq!(splits.valid.pixels, [20.0 / 255.0; 2]);
        let facts = facts(&config).unwrap();
        assert_eq!(
            (facts.image, facts.train_available, facts.test_available),
            ([1, 2], 4, 2)
        );
    }

    #[test]
    fn the_digest_is_of_the_content_not_of_the_name() {
        let root = tempfile::tempdir().unwrap();
        let train = write(root.path(), "train", 4, 2);
        let test = write(root.path(), "test", 2, 2);
        let digest = |train: &str, test: &str| facts(&config(train, test)).unwrap().digest;
        let first = digest(&train, &test);
        assert_eq!(
            first,
            digest(&write(root.path(), "other name", 4, 2), &test)
        );
        assert_ne!(first, digest(&write(root.path(), "longer", 5, 2), &test));
        assert_ne!(first, digest(&train, &train), "both files count");
    }

    #[test]
    fn too_few_images_and_unequal_sizes_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let [small, train] = [2, 4].map(|n| write(root.path(), &n.to_string(), n, 2));
        let wide = write(root.path(), "wide", 4, 3);
        let reason = |train: &str, test: &str| load(&config(train, test)).unwrap_err().to_string();
        let few = reason(&small, &train);
        assert!(
            few.contains("data.train + data.valid asks for 3 images, 2 are there"),
            "{few}"
        );
        let unequal = reason(&train, &wide);
        assert!(unequal.contains("(1, 3) pixels"), "{unequal}");
    }
}
