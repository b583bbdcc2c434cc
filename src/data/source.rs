//! The raw bytes of a data file, gzip unpacked on the way, hashed as they are read.

use crate::error::{Error, Result};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// More raw bytes than this are refused, so that a gzip bomb costs seconds and not a disk: 4 GiB, five million
/// images of 28×28.
pub const MAX_RAW_BYTES: u64 = 4 << 30;

/// How a file holds its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    Raw,
    /// Compressed; told by gzip's magic number, not by the name.
    Gzip,
}

/// An open data file. Memory grows with the bytes that are really there, never with what a header claims.
pub struct Source {
    path: PathBuf,
    packing: Packing,
    reader: BufReader<Box<dyn Read>>,
    hash: Sha256,
    position: u64,
}

impl Source {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error::Data`] when there is no such file, [`Error::Io`] when it cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| cannot_open(path, error))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let start = reader.fill_buf().map_err(Error::io("read", path))?;
        let packing = match start {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            _ => Packing::Raw,
        };
        let reader: Box<dyn Read> = match packing {
            Packing::Raw => Box::new(reader),
            Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
        };
        Ok(Self {
            path: path.to_owned(),
            packing,
            reader: BufReader::with_capacity(1 << 16, reader),
            hash: Sha256::new(),
            position: 0,
        })
    }

    /// How the file holds its content.
    pub fn packing(&self) -> Packing {
        self.packing
    }

    /// The first raw byte not yet read, if there is one.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn peek(&mut self) -> Result<Option<u8>> {
        match self.reader.fill_buf() {
            Ok(bytes) => Ok(bytes.first().copied()),
            Err(error) => Err(self.unreadable(error)),
        }
    }

    /// The next `count` raw bytes.
    ///
    /// # Errors
    /// [`Error::Data`] when the file ends before that or its compression is damaged, [`Error::Io`] when the
    /// system fails.
    pub fn take(&mut self, count: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(count).read_to_end(&mut bytes);
        if let Err(error) = read {
            return Err(self.unreadable(error));
        }
        self.hash.update(&bytes);
        self.position += bytes.len() as u64;
        if (bytes.len() as u64) < count {
            let expected = self.position - bytes.len() as u64 + count;
            return Err(self.bad(format!(
                "the file is truncated: it ends after {} raw bytes, at least {expected} were expected",
                self.position
            )));
        }
        Ok(bytes)
    }

    /// Reads past `count` raw bytes; they count for the digest.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn skip(&mut self, count: u64) -> Result<()> {
        const BLOCK: u64 = 1 << 20;
        let mut left = count;
        while left > 0 {
            let block = left.min(BLOCK);
            self.take(block)?;
            left -= block;
        }
        Ok(())
    }

    /// Checks that nothing follows, and gives the SHA-256 (hex) of all raw bytes.
    ///
    /// # Errors
    /// [`Error::Data`] when bytes follow.
    pub fn finish(mut self) -> Result<String> {
        if self.peek()?.is_some() {
            return Err(self.bad(format!(
                "more bytes follow the {} raw bytes that its header announces",
                self.position
            )));
        }
        Ok(hex(&self.hash.finalize()))
    }

    /// An [`Error::Data`] about this file.
    pub fn bad(&self, problem: impl Into<String>) -> Error {
        Error::Data {
            path: self.path.clone(),
            problem: problem.into(),
            next: "replace the file with a good copy (MNIST: `ablate data fetch mnist`; your own images: np.save of u8, or of float32 in [0, 1], shaped [n, h, w])".into(),
        }
    }

    /// The decoder reports damage as an I/O error; only other kinds are the system's fault.
    fn unreadable(&self, error: io::Error) -> Error {
        match (self.packing, error.kind()) {
            (
                Packing::Gzip,
                ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof,
            ) => self.bad(format!("its gzip compression is damaged: {error}")),
            _ => Error::io("read", &self.path)(error),
        }
    }
}

fn cannot_open(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::Data {
            path: path.to_owned(),
            problem: "there is no such file".into(),
            next: "check the path; relative paths start in the folder where ablate runs".into(),
        },
        _ => Error::io("open", path)(error),
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn write(content: &[u8], packing: Packing) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        match packing {
            Packing::Raw => file.write_all(content).unwrap(),
            Packing::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(&mut file, Default::default());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap();
            }
        }
        file
    }

    /// Oracle: FIPS 180-4's example, SHA-256("abc").
    #[test]
    fn raw_and_gzip_have_the_same_digest() {
        for packing in [Packing::Raw, Packing::Gzip] {
            let file = write(b"abc", packing);
            let mut source = Source::open(file.path()).unwrap();
            assert_eq!(source.packing(), packing);
            assert_eq!(source.take(1).unwrap(), b"a");
            source.skip(2).unwrap();
            assert_eq!(
                source.finish().unwrap(),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            );
        }
    }

    #[test]
    fn short_and_long_files_are_refused_with_their_length() {
        let file = write(b"abc", Packing::Raw);
        let short = Source::open(file.path()).unwrap().take(u64::MAX);
        assert!(short.unwrap_err().to_string().contains("after 3 raw bytes"));
        let long = Source::open(file.path()).unwrap().finish();
        assert!(long.unwrap_err().to_string().contains("more bytes follow"));
    }

    #[test]
    fn gzip_cut_at_any_byte_is_damage_and_never_data() {
        let whole = write(&[7; 300], Packing::Gzip);
        let packed = std::fs::read(whole.path()).unwrap();
        for length in 2..packed.len() {
            let file = write(&packed[..length], Packing::Raw);
            let mut source = Source::open(file.path()).unwrap();
            let outcome = source.take(300).and_then(|_| source.finish());
            assert!(
                matches!(outcome, Err(Error::Data { .. })),
                "cut at {length}"
            );
        }
    }

    #[test]
    fn a_missing_file_is_a_data_error() {
        let outcome = Source::open(Path::new("/nowhere/images.npy"));
        assert!(matches!(outcome, Err(Error::Data { .. })));
    }
}
