//! The program that jobs run: a copy of this one, named by its content.

use crate::durable::{self, Linked, Temp};
use crate::error::{Error, Result};
use crate::record::Folder;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The running program, to be frozen.
pub struct Program {
    bytes: Vec<u8>,
    sha256: String,
}

impl Program {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(Error::io("read", path))?;
        let sha256 = hex(&bytes);
        Ok(Self { bytes, sha256 })
    }

    /// Its file's name: `ablate-<12 digits of its SHA-256>`.
    pub fn name(&self) -> String {
        format!("ablate-{}", &self.sha256[..12])
    }

    /// Its SHA-256, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Where it lies, or would lie.
    pub fn place(&self, folder: &Folder) -> PathBuf {
        folder.bin().join(self.name())
    }

    /// Copies it into the sweep's folder, unless the very same is there.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn freeze(&self, folder: &Folder) -> Result<()> {
        let bin = folder.bin();
        fs::create_dir_all(&bin).map_err(Error::io("make", &bin))?;
        let place = self.place(folder);
        if fs::read(&place).is_ok_and(|old| old == self.bytes) {
            return Ok(());
        }
        let temp = Temp::new(&bin, "ablate");
        durable::write_synced(temp.path(), &self.bytes)?;
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755))
            .map_err(Error::io("make executable", temp.path()))?;
        match temp.link(&place)? {
            Linked::New => Ok(()),
            // Damaged, or another submission was as fast.
            Linked::Taken => durable::install(&temp, &place),
        }
    }
}

/// Whether a frozen program is what its name says; `None` when it has not the name of one.
///
/// # Errors
/// When it cannot be read.
pub fn fits_its_name(path: &Path) -> Result<Option<bool>> {
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(digits) = name.and_then(|name| name.strip_prefix("ablate-")) else {
        return Ok(None);
    };
    let mut sum = Sha256::new();
    let file = fs::File::open(path).map_err(Error::io("open", path))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    loop {
        let bytes = file.fill_buf().map_err(Error::io("read", path))?;
        let read = bytes.len();
        if read == 0 {
            break;
        }
        sum.update(bytes);
        file.consume(read);
    }
    let digest = text(&sum.finalize());
    Ok(Some(digits.len() == 12 && digest.starts_with(digits)))
}

fn hex(bytes: &[u8]) -> String {
    text(&Sha256::digest(bytes))
}

fn text(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frozen_program_may_be_run_and_is_mended_when_damaged() {
        let results = tempfile::tempdir().expect("a folder");
        let folder = Folder::create(results.path(), "x").expect("made");
        let source = results.path().join("program");
        fs::write(&source, "abc").expect("written");
        let program = Program::read(&source).expect("read");
        program.freeze(&folder).expect("frozen");
        let place = program.place(&folder);
        // Oracle: the example of FIPS 180-2.
        assert!(place.ends_with("bin/ablate-ba7816bf8f01"), "{place:?}");
        let mode = fs::metadata(&place).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        fs::write(&place, "abd").expect("damaged");
        program.freeze(&folder).expect("frozen");
        assert_eq!(fs::read(&place).expect("there"), b"abc");
        assert_eq!(fs::read_dir(folder.bin()).expect("listed").count(), 1);
    }
}
