//! Sealed HDF5 files: a 512-byte user block in front holds length and CRC-32 of the rest.
//!
//! libhdf5 may crash on damaged files (flipped bits, truncation), so damage is found before it looks at one. HDF5
//! readers (h5py, h5dump, viewers) pass over a user block by themselves. The digests inside say the rest.

use crate::error::{Error, Result};
use hdf5::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// Size of the user block; the smallest that HDF5 allows.
const BLOCK: usize = 512;

/// Where a new file is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// In memory, and written at once when it is closed: for what a trial holds, which is in memory anyway.
    InMemory,
    /// In the file: for what may be larger than memory.
    InPlace,
}

/// By how much the memory of a file that is built there grows.
const GROWTH: usize = 1 << 16;

/// Files up to this size are read whole when they are opened: HDF5 reads a small file in some hundred pieces.
const SMALL: u64 = 4 << 20;

/// Makes a new file to write to, with the block still empty. The same calls always give the same bytes: no times are
/// kept. No locks are taken, because Lustre and NFS may have none and nothing visible is ever written in place;
/// so a system where they fail needs no `HDF5_USE_FILE_LOCKING`.
///
/// # Errors
/// When it exists or cannot be made.
pub fn create(path: &Path, build: Build) -> Result<File> {
    hdf5::silence_errors(true);
    File::with_options()
        .with_fapl(|access| {
            if build == Build::InMemory {
                access.core_options(GROWTH, true);
            }
            access.libver_v18().file_locking(false)
        })
        .with_fcpl(|creation| {
            creation
                .userblock(BLOCK as u64)
                .obj_track_times(false)
                .attr_phase_change(super::put::COMPACT, 0)
        })
        .create_excl(path)
        .map_err(|error| why_not_made(path, &error))
}

/// HDF5 does not say why it cannot make a file: the system does, asked again.
fn why_not_made(path: &Path, error: &hdf5::Error) -> Error {
    let again = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    let source = match (again, super::system_error(&error.to_string())) {
        // It was made, and what was written into it failed.
        (Err(there), Some(code)) if there.kind() == std::io::ErrorKind::AlreadyExists => {
            std::io::Error::from_raw_os_error(code)
        }
        (Err(source), _) => source,
        (Ok(_), _) => std::io::Error::other(format!("HDF5: {error}")),
    };
    Error::io("make", path)(source)
}

/// Closes, seals and syncs a file that [`create`] made. Every handle into it must be gone.
///
/// # Errors
/// When anything on the way fails; the file is worthless then.
pub fn finish(file: File, path: &Path) -> Result<()> {
    file.close().map_err(super::write_error(path))?;
    let mut raw = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(Error::io("open", path))?;
    let (bytes, crc) = measure(&mut raw).map_err(Error::io("read", path))?;
    raw.seek(SeekFrom::Start(0))
        .and_then(|_| raw.write_all(&block(bytes, crc)))
        .map_err(Error::io("write", path))?;
    raw.sync_all().map_err(Error::io("fsync", path))
}

/// Opens a sealed file read-only after its length and CRC-32 were checked.
///
/// # Errors
/// [`Error::Io`] when it is not there or cannot be read, [`Error::Record`] when the seal does not fit,
/// [`Error::Format`] when it is a seal of another version.
pub fn open_sealed(path: &Path) -> Result<File> {
    let mut raw = std::fs::File::open(path).map_err(Error::io("open", path))?;
    let mut found = Vec::with_capacity(BLOCK);
    (&raw)
        .take(BLOCK as u64)
        .read_to_end(&mut found)
        .map_err(Error::io("read", path))?;
    let (bytes, crc) = measure(&mut raw).map_err(Error::io("read", path))?;
    if let Some(version) = other_version(&found) {
        return Err(Error::Format {
            path: path.to_owned(),
            problem: format!("seal version {version}, but this ablate reads version 1"),
        });
    }
    if found != block(bytes, crc) {
        let problem = if found.starts_with(MAGIC) {
            "damaged: its length or checksum is not what was written"
        } else {
            "not a file that ablate wrote (its first line is missing)"
        };
        return Err(Error::Record {
            path: path.to_owned(),
            problem: problem.into(),
            next: NEXT.into(),
        });
    }
    open_trusted(path)
}

/// Opens read-only a file whose seal this process has checked before.
///
/// # Errors
/// When it is gone, or HDF5 cannot open it or does not survive it.
pub fn open_trusted(path: &Path) -> Result<File> {
    super::deadly::begin(path)?;
    hdf5::silence_errors(true);
    let small = std::fs::metadata(path).is_ok_and(|facts| facts.len() <= SMALL);
    let opened = File::with_options()
        .with_fapl(|access| {
            if small {
                access.core_options(GROWTH, false);
            }
            access.file_locking(false)
        })
        .open(path);
    // HDF5 does not tell "gone" from "damaged"; the caller must know.
    opened.map_err(|error| match std::fs::metadata(path) {
        Ok(_) => Error::hdf5(path)(error),
        Err(gone) => Error::io("open", path)(gone),
    })
}

/// What to do about any damaged record.
pub const NEXT: &str = "run the same `ablate run` again: it makes damaged or missing results anew (copy the file first if you changed it by hand)";

const MAGIC: &[u8] = b"ablate record 1\n";

/// The version in the first line, when it is a number but not this one.
fn other_version(found: &[u8]) -> Option<u64> {
    let line = found.split(|byte| *byte == b'\n').next()?;
    let digits = line.strip_prefix(b"ablate record ")?;
    let version = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (version != 1).then_some(version)
}

fn block(bytes: u64, crc: u32) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let text = format!("bytes {bytes}\ncrc32 {crc:08x}\n");
    block[..MAGIC.len()].copy_from_slice(MAGIC);
    block[MAGIC.len()..MAGIC.len() + text.len()].copy_from_slice(text.as_bytes());
    block
}

/// Length of the whole file and CRC-32 of what follows the block.
fn measure(raw: &mut std::fs::File) -> std::io::Result<(u64, u32)> {
    raw.seek(SeekFrom::Start(BLOCK as u64))?;
    let mut hasher = crc32fast::Hasher::new();
    let mut bytes = BLOCK as u64;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match raw.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hasher.finalize())),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                bytes += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
