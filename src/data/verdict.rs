//! What an earlier reader found out about a published file: read fast, yet never unchecked.
//!
//! Unpacking and hashing MNIST's 47 MB takes a third of a second, in every worker, and a trial on 1000 images needs
//! 2 % of them. So the first reader checks the whole content against the published SHA-256 and leaves
//! a *verdict* in the cache folder: which file it saw (path, size, times, inode) and the SHA-256 of every MiB block.
//! Later readers read only the blocks they need, from the file itself when it is raw, else from an unpacked copy
//! in the cache, and hash each. A block that does not match (bit rot, truncation, a torn write) or a file that is
//! no longer the one seen sends the reader back to the full check. A verdict can therefore save work but cannot
//! make wrong content pass, short of someone forging the user's own cache.

use super::source::{Packing, hex};
use crate::durable;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Bytes that are hashed together.
pub const BLOCK: usize = 1 << 20;

/// Tells one state of a file from another without reading it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamp {
    path: PathBuf,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    device: u64,
    inode: u64,
}

impl Stamp {
    /// The state of `path` now.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn of(path: &Path) -> io::Result<Self> {
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
pub struct Verdict {
    seen: Stamp,
    /// The file that holds the raw content: the one seen, or its unpacked copy.
    raw: PathBuf,
    /// SHA-256 (hex) of each block of the raw content.
    blocks: Vec<String>,
}

impl Verdict {
    fn path(sha256: &str, cache: &Path) -> PathBuf {
        cache.join(format!("{}.verdict.json", sha256))
    }

    /// An earlier verdict, if it is about `path` as it is now.
    pub fn recall(sha256: &str, path: &Path, cache: &Path) -> Option<Self> {
        let text = std::fs::read(Self::path(sha256, cache)).ok()?;
        let verdict: Self = serde_json::from_slice(&text).ok()?;
        (verdict.seen == Stamp::of(path).ok()?).then_some(verdict)
    }

    /// The first `bytes` raw bytes, if every block that holds them is sound.
    pub fn read(&self, bytes: usize) -> Option<Vec<u8>> {
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
    ///
    /// # Errors
    /// When the cache folder cannot be written.
    pub fn remember(
        sha256: &str,
        seen: Stamp,
        packing: Packing,
        raw: &[u8],
        cache: &Path,
    ) -> Result<()> {
        std::fs::create_dir_all(cache).map_err(Error::io("make", cache))?;
        durable::remove_stale(cache)?;
        let raw_path = match packing {
            Packing::Raw => seen.path.clone(),
            Packing::Gzip => {
                let copy = cache.join(format!("{}.raw", sha256));
                durable::replace(&copy, raw)?;
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
        let text = serde_json::to_vec(&verdict).map_err(|e| Error::Internal(e.to_string()))?;
        durable::replace(&Self::path(sha256, cache), &text)
    }
}
