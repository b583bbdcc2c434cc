//! Files that were published with a SHA-256: read fast, yet never unchecked.
//!
//! Unpacking and hashing MNIST's 47 MB takes a worker longer than its first epoch, and of a trial's 1000 images only
//! the first 2 % are needed. So the first reader checks the whole content against the published SHA-256 and leaves
//! a *verdict* in the cache folder: which file it saw (path, size, times, inode) and the SHA-256 of every MiB block.
//! Later readers read only the blocks they need, from the file itself when it is raw, else from an unpacked copy
//! in the cache, and hash each. A block that does not match (bit rot, truncation, a torn write) or a file that is
//! no longer the one seen sends the reader back to the full check. A verdict can therefore save work but cannot
//! make wrong content pass, short of someone forging the user's own cache.

use super::source::{Packing, Source, hex};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

const BLOCK: usize = 1 << 20;

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

/// The first `bytes` raw bytes of `path`, after the whole content was checked now or by an earlier reader.
/// Without a cache folder, or with one that cannot be written, it is checked now.
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
        && let Some(raw) = Verdict::recall(file, path, cache).and_then(|v| v.read(bytes))
    {
        return Ok(raw);
    }
    let seen = Stamp::of(path).map_err(Error::io("read", path))?;
    let (packing, mut raw) = check(file, path)?;
    if let Some(cache) = cache
        && let Err(error) = Verdict::remember(file, seen, packing, &raw, cache)
    {
        tracing::debug!("no verdict kept in {}: {error}", cache.display());
    }
    raw.truncate(bytes);
    Ok(raw)
}

/// Tells one state of a file from another without reading it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Stamp {
    path: PathBuf,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    device: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        let meta = path.metadata()?;
        Ok(Self {
            path,
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
            device: meta.dev(),
            inode: meta.ino(),
        })
    }
}

/// What an earlier reader found out.
#[derive(Serialize, Deserialize)]
struct Verdict {
    seen: Stamp,
    /// The file that holds the raw content: the one seen, or its unpacked copy.
    raw: PathBuf,
    /// SHA-256 (hex) of each block of the raw content.
    blocks: Vec<String>,
}

impl Verdict {
    fn path(file: &Published, cache: &Path) -> PathBuf {
        cache.join(format!("{}.verdict.json", file.sha256))
    }

    /// An earlier verdict, if it is about `path` as it is now.
    fn recall(file: &Published, path: &Path, cache: &Path) -> Option<Self> {
        let text = std::fs::read(Self::path(file, cache)).ok()?;
        let verdict: Self = serde_json::from_slice(&text).ok()?;
        (verdict.seen == Stamp::of(path).ok()?).then_some(verdict)
    }

    /// The first `bytes` raw bytes, if every block that holds them is sound.
    fn read(&self, bytes: usize) -> Option<Vec<u8>> {
        let mut file = File::open(&self.raw).ok()?;
        let mut raw = Vec::new();
        for expected in self.blocks.iter().take(bytes.div_ceil(BLOCK)) {
            let start = raw.len();
            (&mut file).take(BLOCK as u64).read_to_end(&mut raw).ok()?;
            if hex(&Sha256::digest(&raw[start..])) != *expected {
                return None;
            }
        }
        raw.truncate(bytes);
        (raw.len() == bytes).then_some(raw)
    }

    /// Leaves a verdict for later readers. Each file appears whole or not at all, so readers that start at the
    /// same time do each other no harm.
    fn remember(
        file: &Published,
        seen: Stamp,
        packing: Packing,
        raw: &[u8],
        cache: &Path,
    ) -> io::Result<()> {
        std::fs::create_dir_all(cache)?;
        let raw_path = match packing {
            Packing::Raw => seen.path.clone(),
            Packing::Gzip => {
                let copy = cache.join(format!("{}.raw", file.sha256));
                replace(&copy, raw)?;
                copy
            }
        };
        let blocks = raw
            .chunks(BLOCK)
            .map(|block| hex(&Sha256::digest(block)))
            .collect();
        let verdict = Self {
            seen,
            raw: raw_path,
            blocks,
        };
        replace(&Self::path(file, cache), &serde_json::to_vec(&verdict)?)
    }
}

/// Puts `content` at `path` in one step. Not synced: the block digests find what a power loss may tear.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(content))
        .and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three blocks of content with its digest, as raw and as gzip file, and a cache folder.
    struct House {
        folder: tempfile::TempDir,
        file: Published,
        content: Vec<u8>,
    }

    impl House {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let content: Vec<u8> = (0..2 * BLOCK + 5).map(|i| (i * i >> 3) as u8).collect();
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
            Verdict::recall(&self.file, &self.path(name), &cache)?.read(self.content.len())
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
        let path = Verdict::path(&house.file, &house.path("cache"));
        let text = std::fs::read(&path).unwrap();
        for length in [0, 1, text.len() / 2, text.len() - 1] {
            std::fs::write(&path, &text[..length]).unwrap();
            assert_eq!(house.read("numbers.gz", 5).unwrap(), house.content[..5]);
        }
    }
}
