//! MNIST: its four files and their published content.

use super::layout::decode_u8;
use super::places::{Places, own_folder};
use super::published::{self, Published};
use super::{Classes, Images, Splits, enough, idx, split};
use crate::config::{DataConfig, DataFacts, Dataset};
use crate::error::{Error, Result};
use std::path::PathBuf;

/// Name, raw length and SHA-256 of the raw content (science.md §6).
const FILES: [(&str, u64, &str); 4] = [
    (
        "train-images-idx3-ubyte",
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    (
        "t10k-images-idx3-ubyte",
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    (
        "train-labels-idx1-ubyte",
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    (
        "t10k-labels-idx1-ubyte",
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
];

/// Where the files are published, as `<mirror><name>.gz`.
pub const MIRRORS: [&str; 2] = [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
];

const TRAIN: usize = 0;
const TEST: usize = 1;
const TRAIN_LABELS: usize = 2;
const TEST_LABELS: usize = 3;
const AVAILABLE: [usize; 2] = [60_000, 10_000];
const SIDE: usize = 28;

/// The four files: training and test images, then their labels.
pub fn files() -> Vec<Published> {
    let published = |(name, raw_bytes, sha256): (&str, u64, &str)| Published {
        name: name.into(),
        raw_bytes,
        sha256: sha256.into(),
    };
    FILES.into_iter().map(published).collect()
}

/// Whether both image files are there.
pub fn have_images(places: &Places) -> bool {
    files()[..=TEST]
        .iter()
        .all(|file| places.find(file).is_some())
}

fn find(number: usize, places: &Places) -> Result<(Published, PathBuf)> {
    let file = files().swap_remove(number);
    match places.find(&file) {
        Some(path) => Ok((file, path)),
        None => Err(places.missing(&file)),
    }
}

/// What a plan must know of MNIST. The files must be there; their content is checked when it is loaded.
///
/// # Errors
/// [`Error::Data`] when a file is missing.
pub fn facts(places: &Places) -> Result<DataFacts> {
    find(TRAIN, places)?;
    find(TEST, places)?;
    let labels = [TRAIN_LABELS, TEST_LABELS].map(|number| find(number, places));
    Ok(DataFacts {
        classes: labels.iter().all(Result::is_ok),
        ..published()
    })
}

/// The same without a file: of what was published, for who only looks at results.
pub fn published() -> DataFacts {
    let [train, test] = [TRAIN, TEST].map(|number| files().swap_remove(number).sha256);
    DataFacts {
        dataset: Dataset::Mnist,
        image: [SIDE, SIDE],
        train_available: AVAILABLE[TRAIN],
        test_available: AVAILABLE[TEST],
        classes: true,
        digest: format!("{train}+{test}"),
    }
}

/// Loads MNIST images, content checked.
///
/// # Errors
/// As [`facts`]; [`Error::Data`] too when a file is damaged or more images are asked for than MNIST has.
pub fn load(config: &DataConfig, places: &Places) -> Result<Splits> {
    let (_, train) = find(TRAIN, places)?;
    let (_, test) = find(TEST, places)?;
    enough(config, [&train, &test], AVAILABLE)?;
    let train = images(TRAIN, config.train + config.valid, places)?;
    let test = images(TEST, config.test, places)?;
    Ok(split(config, train, test))
}

/// Loads the classes of the same images, content checked.
///
/// # Errors
/// As [`load`], of the label files.
pub fn classes(config: &DataConfig, places: &Places) -> Result<Classes> {
    let (_, train) = find(TRAIN_LABELS, places)?;
    let (_, test) = find(TEST_LABELS, places)?;
    enough(config, [&train, &test], AVAILABLE)?;
    let train = labels(TRAIN_LABELS, config.train + config.valid, places)?;
    let test = labels(TEST_LABELS, config.test, places)?;
    Ok(Classes::split(config, train, test))
}

/// The first raw bytes of a file, header included.
fn start(number: usize, bytes: usize, places: &Places) -> Result<Vec<u8>> {
    let (file, path) = find(number, places)?;
    published::prefix(&file, &path, bytes, places.cache.as_deref())
}

/// The first `n` classes of a label file.
fn labels(number: usize, n: usize, places: &Places) -> Result<Vec<u8>> {
    let header = idx::LABELS_HEADER_BYTES as usize;
    Ok(start(number, header + n, places)?.split_off(header))
}

/// The first `n` images of a part.
fn images(part: usize, n: usize, places: &Places) -> Result<Images> {
    let header = idx::HEADER_BYTES as usize;
    let raw = start(part, header + n * SIDE * SIDE, places)?;
    Ok(Images {
        n,
        h: SIDE,
        w: SIDE,
        pixels: decode_u8(&raw[header..]),
    })
}

/// One file of MNIST as [`state`] finds it.
pub enum State {
    /// There, and its content is the published one.
    Good(PathBuf),
    /// There, but not as published.
    Damaged(Error),
    /// In none of the places.
    Missing(Error),
}

/// Reads a file whole and says how it is.
///
/// # Errors
/// [`Error::Io`] when the system fails.
pub fn state(file: &Published, places: &Places) -> Result<State> {
    let Some(path) = places.find(file) else {
        return Ok(State::Missing(places.missing(file)));
    };
    match published::check(file, &path) {
        Ok(_) => Ok(State::Good(path)),
        Err(damage @ Error::Data { .. }) => Ok(State::Damaged(damage)),
        Err(other) => Err(other),
    }
}

/// The folder that `ablate data fetch mnist` fills when none is named.
///
/// # Errors
/// [`Error::Usage`] when neither XDG_CACHE_HOME nor HOME is set.
pub fn default_folder() -> Result<PathBuf> {
    own_folder()
        .map(|own| own.join("mnist"))
        .ok_or_else(|| Error::Usage {
            problem: "there is no cache folder: neither XDG_CACHE_HOME nor HOME is set".into(),
            next: "name a folder with --dir".into(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env;
    use std::path::Path;

    fn touch(folder: &Path, name: &str) {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(name), b"").unwrap();
    }

    fn places(folders: &[&Path]) -> Places {
        Places {
            folders: folders.iter().map(|&folder| folder.to_owned()).collect(),
            cache: None,
        }
    }

    #[test]
    fn a_missing_file_names_every_place_and_the_command() {
        let places = places(&[Path::new("/a"), Path::new("/b")]);
        let text = facts(&places).unwrap_err().to_string();
        for part in [
            "train-images-idx3-ubyte",
            "/a, /b",
            "ablate data fetch mnist",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn facts_only_look_whether_the_files_are_there_and_loading_counts() {
        let root = tempfile::tempdir().unwrap();
        touch(root.path(), "train-images-idx3-ubyte");
        touch(root.path(), "t10k-images-idx3-ubyte");
        let places = places(&[root.path()]);
        assert!(have_images(&places), "labels are not needed for images");
        let facts = facts(&places).unwrap();
        assert_eq!((facts.dataset, facts.image), (Dataset::Mnist, [28, 28]));
        assert_eq!(
            (facts.train_available, facts.test_available),
            (60_000, 10_000)
        );
        assert!(!facts.classes, "the label files are not there");
        assert!(facts.digest.starts_with("ba891046") && facts.digest.contains("+0fa7898d"));
        let refused = |train, valid, test| {
            let config = DataConfig {
                train,
                valid,
                test,
                ..DataConfig::default()
            };
            let reason = load(&config, &places).unwrap_err().to_string();
            assert!(reason.contains("asks for"), "{reason}");
        };
        refused(50_000, 10_001, 1);
        refused(usize::MAX, 2, 1);
        refused(1, 0, 10_001);
    }

    #[test]
    fn loading_damaged_files_is_refused() {
        let root = tempfile::tempdir().unwrap();
        touch(root.path(), "train-images-idx3-ubyte");
        touch(root.path(), "t10k-images-idx3-ubyte");
        let places = places(&[root.path()]);
        let outcome = load(&DataConfig::default(), &places);
        assert!(outcome.unwrap_err().to_string().contains("truncated"));
        for file in files() {
            assert!(!matches!(state(&file, &places).unwrap(), State::Good(_)));
        }
    }

    /// The places of the real files, with a cache of their own; none where they are not.
    fn real(cache: &Path) -> Option<Places> {
        let places = Places {
            cache: Some(cache.into()),
            ..Places::from_env()
        };
        let there = env::var_os("ABLATE_DATA_DIR").is_some() && have_images(&places);
        if !there {
            eprintln!("skipped: MNIST is not in ABLATE_DATA_DIR");
        }
        there.then_some(places)
    }

    /// Oracle: the entropy (nats a pixel) of the first 1000 training and all test images, science.md §1.
    #[test]
    fn the_real_files_have_the_published_entropy() {
        let cache = tempfile::tempdir().unwrap();
        let Some(places) = real(cache.path()) else {
            return;
        };
        let entropy = |images: &Images| {
            let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
            let of = |&x: &f32| term(f64::from(x)) + term(1.0 - f64::from(x));
            images.pixels.iter().map(of).sum::<f64>() / images.pixels.len() as f64
        };
        let splits = load(&DataConfig::default(), &places).unwrap();
        assert!((entropy(&splits.train) - 0.058_472_962_0).abs() < 1e-8);
        assert!((entropy(&splits.test) - 0.058_079_701_4).abs() < 1e-8);
        let again = load(&DataConfig::default(), &places).unwrap();
        assert_eq!((again.train, again.test), (splits.train, splits.test));
    }

    /// Oracle: the first digits of both parts as the file's publisher shows them, and how often each digit is among
    /// the 10,000 test images (Y. LeCun's MNIST page and many since).
    #[test]
    fn the_real_labels_are_the_published_ones() {
        let cache = tempfile::tempdir().unwrap();
        let Some(places) = real(cache.path()) else {
            return;
        };
        let config = DataConfig {
            train: 5,
            valid: 5,
            ..DataConfig::default()
        };
        let classes = classes(&config, &places).unwrap();
        assert_eq!(classes.train, [5, 0, 4, 1, 9]);
        assert_eq!(classes.valid, [2, 1, 3, 1, 4]);
        let mut counts = [0; 10];
        for &class in &classes.test {
            counts[usize::from(class)] += 1;
        }
        assert_eq!(classes.test[..5], [7, 2, 1, 0, 4]);
        let published = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];
        assert_eq!(counts, published);
        assert!(facts(&places).unwrap().classes);
    }
}
