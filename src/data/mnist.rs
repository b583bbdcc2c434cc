//! MNIST: its four files, their published content, and where they are looked for.

use super::files::decode_u8;
use super::verified::{self, Published};
use super::{Images, Splits, enough, idx, split};
use crate::config::{DataConfig, DataFacts, Dataset};
use crate::error::{Error, Result};
use std::env;
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

/// ablate's own folder for data: `$XDG_CACHE_HOME/ablate`, else `~/.cache/ablate`.
pub fn cache_folder() -> Option<PathBuf> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("ablate"))
}

/// The folders that are searched, first match wins.
pub fn places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Some(folder) = env::var_os("ABLATE_DATA_DIR").filter(|folder| !folder.is_empty()) {
        let folder = PathBuf::from(folder);
        places.extend([folder.join("mnist"), folder]);
    }
    places.extend(cache_folder().map(|cache| cache.join("mnist")));
    places
}

/// The path of `file` in the first of `places` that has it, raw or gzipped.
pub fn find(file: &Published, places: &[PathBuf]) -> Option<PathBuf> {
    let candidates = |place: &PathBuf| {
        [
            place.join(&file.name),
            place.join(format!("{}.gz", file.name)),
        ]
    };
    places
        .iter()
        .flat_map(candidates)
        .find(|path| path.is_file())
}

/// Whether both image files are there.
pub fn found(places: &[PathBuf]) -> bool {
    files()[..=TEST]
        .iter()
        .all(|file| find(file, places).is_some())
}

fn find_images(part: usize, places: &[PathBuf]) -> Result<(Published, PathBuf)> {
    let file = files().swap_remove(part);
    match find(&file, places) {
        Some(path) => Ok((file, path)),
        None => Err(missing(&file, places)),
    }
}

/// Says that a file is in none of the places.
pub fn missing(file: &Published, places: &[PathBuf]) -> Error {
    let looked: Vec<String> = places
        .iter()
        .map(|place| place.display().to_string())
        .collect();
    Error::Data {
        path: PathBuf::from(&file.name),
        problem: format!(
            "MNIST's file was not found, raw or .gz; looked in {}",
            if looked.is_empty() { "no folder at all (HOME is not set)".into() } else { looked.join(", ") }
        ),
        next: "run `ablate data fetch mnist` where there is a network, or set ABLATE_DATA_DIR to the folder that has the files"
            .into(),
    }
}

/// What a plan must know of MNIST. The files must be there; their content is checked when it is loaded.
///
/// # Errors
/// [`Error::Data`] when a file is missing or more images are asked for than MNIST has.
pub fn facts(config: &DataConfig, places: &[PathBuf]) -> Result<DataFacts> {
    let (train, train_path) = find_images(TRAIN, places)?;
    let (test, test_path) = find_images(TEST, places)?;
    let wanted = config.train.saturating_add(config.valid);
    enough(
        &train_path,
        "data.train + data.valid",
        wanted,
        AVAILABLE[TRAIN],
    )?;
    enough(&test_path, "data.test", config.test, AVAILABLE[TEST])?;
    Ok(DataFacts {
        dataset: Dataset::Mnist,
        image: [SIDE, SIDE],
        train_available: AVAILABLE[TRAIN],
        test_available: AVAILABLE[TEST],
        digest: format!("{}+{}", train.sha256, test.sha256),
    })
}

/// Loads MNIST images, content checked.
///
/// # Errors
/// As [`facts`]; [`Error::Data`] too when a file is damaged.
pub fn load(config: &DataConfig, places: &[PathBuf]) -> Result<Splits> {
    facts(config, places)?;
    let train = images(TRAIN, config.train + config.valid, places)?;
    let test = images(TEST, config.test, places)?;
    Ok(split(config, train, test))
}

/// The first `n` images of a part.
fn images(part: usize, n: usize, places: &[PathBuf]) -> Result<Images> {
    let (file, path) = find_images(part, places)?;
    let header = idx::HEADER_BYTES as usize;
    let cache = cache_folder().map(|cache| cache.join("verified"));
    let raw = verified::prefix(&file, &path, header + n * SIDE * SIDE, cache.as_deref())?;
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
pub fn state(file: &Published, places: &[PathBuf]) -> Result<State> {
    let Some(path) = find(file, places) else {
        return Ok(State::Missing(missing(file, places)));
    };
    match verified::check(file, &path) {
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
    cache_folder()
        .map(|cache| cache.join("mnist"))
        .ok_or_else(|| Error::Usage {
            problem: "there is no cache folder: neither XDG_CACHE_HOME nor HOME is set".into(),
            next: "name a folder with --dir".into(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn touch(folder: &Path, name: &str) {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(name), b"").unwrap();
    }

    #[test]
    fn each_file_is_found_in_the_first_place_that_has_it_raw_before_gzip() {
        let root = tempfile::tempdir().unwrap();
        let places = [root.path().join("a"), root.path().join("b")];
        let files = files();
        assert!(!found(&places));
        touch(&places[1], "train-images-idx3-ubyte.gz");
        touch(&places[1], "t10k-images-idx3-ubyte");
        assert!(found(&places), "labels are not needed for images");
        assert_eq!(
            find(&files[0], &places),
            Some(places[1].join("train-images-idx3-ubyte.gz"))
        );
        touch(&places[1], "train-images-idx3-ubyte");
        assert_eq!(
            find(&files[0], &places),
            Some(places[1].join("train-images-idx3-ubyte"))
        );
        touch(&places[0], "train-images-idx3-ubyte.gz");
        assert_eq!(
            find(&files[0], &places),
            Some(places[0].join("train-images-idx3-ubyte.gz"))
        );
    }

    #[test]
    fn a_missing_file_names_every_place_and_the_command() {
        let places = [PathBuf::from("/a"), PathBuf::from("/b")];
        let text = facts(&DataConfig::default(), &places)
            .unwrap_err()
            .to_string();
        for part in [
            "train-images-idx3-ubyte",
            "/a, /b",
            "ablate data fetch mnist",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn facts_only_look_whether_the_files_are_there_and_count() {
        let root = tempfile::tempdir().unwrap();
        touch(root.path(), "train-images-idx3-ubyte");
        touch(root.path(), "t10k-images-idx3-ubyte");
        let places = [root.path().to_owned()];
        let ask = |train, valid, test| {
            facts(
                &DataConfig {
                    train,
                    valid,
                    test,
                    ..DataConfig::default()
                },
                &places,
            )
        };
        let facts = ask(50_000, 10_000, 10_000).unwrap();
        assert_eq!((facts.dataset, facts.image), (Dataset::Mnist, [28, 28]));
        assert!(facts.digest.starts_with("ba891046") && facts.digest.contains("+0fa7898d"));
        assert!(ask(50_000, 10_001, 1).is_err());
        assert!(ask(usize::MAX, 2, 1).is_err());
        assert!(ask(1, 0, 10_001).is_err());
    }

    #[test]
    fn loading_damaged_files_is_refused() {
        let root = tempfile::tempdir().unwrap();
        touch(root.path(), "train-images-idx3-ubyte");
        touch(root.path(), "t10k-images-idx3-ubyte");
        let places = [root.path().to_owned()];
        let outcome = load(&DataConfig::default(), &places);
        assert!(outcome.unwrap_err().to_string().contains("truncated"));
        for file in files() {
            assert!(!matches!(state(&file, &places).unwrap(), State::Good(_)));
        }
    }
}
