//! Files that were published with a SHA-256: their content is checked before it is used.

use super::source::{Packing, Source};
use super::verdict::{Stamp, Verdict};
use crate::error::{Error, Result};
use std::path::Path;

/// A file whose content is known beforehand.
#[derive(Clone, Debug)]
pub struct Published {
    /// Name without `.gz`.
    pub name: String,
    /// Length of the raw content.
    pub raw_bytes: u64,
    /// SHA-256 (hex) of the raw content.
    pub sha256: String,
}

/// Reads the whole of `path` and checks it.
///
/// # Errors
/// [`Error::Data`] when the content is not the published one.
pub fn check(file: &Published, path: &Path) -> Result<(Packing, Vec<u8>)> {
    let mut source = Source::open(path)?;
    let packing = source.packing();
    let raw = source.take(file.raw_bytes)?;
    let damaged = source.bad(format!(
        "its content is not {}: the SHA-256 of the raw bytes should be {}",
        file.name, file.sha256
    ));
    match source.finish()? {
        found if found == file.sha256 => Ok((packing, raw)),
        _ => Err(damaged),
    }
}

/// The first `bytes` raw bytes of `path`, after the whole content was checked now or by an earlier reader, who left
/// a [`Verdict`] in the cache folder. Without a cache folder, or with one that cannot be written, it is checked now.
///
/// # Errors
/// As [`check`].
pub fn prefix(
    file: &Published,
    path: &Path,
    bytes: usize,
    cache: Option<&Path>,
) -> Result<Vec<u8>> {
    if let Some(cache) = cache
        && let Some(raw) = Verdict::recall(&file.sha256, path, cache).and_then(|v| v.read(bytes))
    {
        return Ok(raw);
    }
    let seen = Stamp::of(path).map_err(Error::io("read", path))?;
    let (packing, mut raw) = check(file, path)?;
    if let Some(cache) = cache
        && let Err(error) = Verdict::remember(&file.sha256, seen, packing, &raw, cache)
    {
        tracing::debug!("no verdict kept in {}: {error}", cache.display());
    }
    raw.truncate(bytes);
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::source::hex;
    use crate::data::verdict::BLOCK;
    use sha2::{Digest as _, Sha256};
    use std::fs::File;
    use std::io::Write as _;
    use std::path::PathBuf;

    /// Three blocks of content with its digest, as raw and as gzip file, and a cache folder.
    struct House {
        folder: tempfile::TempDir,
        file: Published,
        content: Vec<u8>,
    }

    impl House {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let content: Vec<u8> = (0..2 * BLOCK + 5).map(|i| ((i * i) >> 3) as u8).collect();
            let file = Published {
                name: "numbers".into(),
                raw_bytes: content.len() as u64,
                sha256: hex(&Sha256::digest(&content)),
            };
            std::fs::write(folder.path().join("numbers"), &content).unwrap();
            let packed = File::create(folder.path().join("numbers.gz")).unwrap();
            let mut encoder = flate2::write::GzEncoder::new(packed, Default::default());
            encoder.write_all(&content).unwrap();
            encoder.finish().unwrap();
            Self {
                folder,
                file,
                content,
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn read(&self, name: &str, bytes: usize) -> Result<Vec<u8>> {
            prefix(
                &self.file,
                &self.path(name),
                bytes,
                Some(&self.path("cache")),
            )
        }

        fn verdict(&self, name: &str) -> Option<Vec<u8>> {
            let cache = self.path("cache");
            Verdict::recall(&self.file.sha256, &self.path(name), &cache)?.read(self.content.len())
        }
    }

    #[test]
    fn the_second_reader_is_served_by_the_verdict_of_the_first() {
        for name in ["numbers", "numbers.gz"] {
            let house = House::new();
            assert_eq!(house.verdict(name), None);
            for _ in 0..2 {
                assert_eq!(
                    house.read(name, BLOCK + 1).unwrap(),
                    house.content[..BLOCK + 1]
                );
                assert_eq!(house.verdict(name).as_deref(), Some(&house.content[..]));
            }
        }
    }

    #[test]
    fn a_damaged_or_truncated_copy_in_the_cache_is_never_used() {
        let house = House::new();
        house.read("numbers.gz", 1).unwrap();
        let copy = house
            .path("cache")
            .join(format!("{}.raw", house.file.sha256));
        let mut damaged = house.content.clone();
        damaged[BLOCK + 3] ^= 1;
        for content in [&damaged[..], &house.content[..BLOCK], &[]] {
            std::fs::write(&copy, content).unwrap();
            assert_eq!(house.verdict("numbers.gz"), None);
            assert_eq!(
                house.read("numbers.gz", BLOCK + 9).unwrap(),
                house.content[..BLOCK + 9]
            );
            assert_eq!(std::fs::read(&copy).unwrap(), house.content, "mended");
        }
    }

    #[test]
    fn a_changed_source_is_checked_again_even_when_size_and_time_agree() {
        let house = House::new();
        for name in ["numbers", "numbers.gz"] {
            house.read(name, 1).unwrap();
            let path = house.path(name);
            let modified = path.metadata().unwrap().modified().unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 3;
            bytes[middle] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            File::options()
                .append(true)
                .open(&path)
                .unwrap()
                .set_modified(modified)
                .unwrap();
            let outcome = house.read(name, house.content.len());
            assert!(matches!(outcome, Err(Error::Data { .. })), "{name}");
        }
    }

    #[test]
    fn without_a_writable_cache_content_is_checked_in_memory() {
        let house = House::new();
        let path = house.path("numbers.gz");
        let blocked = house.path("numbers").join("no-folder");
        for cache in [None, Some(blocked.as_path())] {
            assert_eq!(
                prefix(&house.file, &path, 3, cache).unwrap(),
                house.content[..3]
            );
        }
    }

    #[test]
    fn damaged_verdicts_are_ignored() {
        let house = House::new();
        house.read("numbers.gz", 1).unwrap();
        let path = house
            .path("cache")
            .join(format!("{}.verdict.json", house.file.sha256));
        let text = std::fs::read(&path).unwrap();
        for length in [0, 1, text.len() / 2, text.len() - 1] {
            std::fs::write(&path, &text[..length]).unwrap();
            assert_eq!(house.read("numbers.gz", 5).unwrap(), house.content[..5]);
        }
    }
}
