//! A folder to try things in, removed when dropped.

use crate::durable::Temp;
use std::io;
use std::path::{Path, PathBuf};

/// The folder.
pub struct Probe {
    folder: PathBuf,
}

impl Probe {
    /// Makes one in `parent`, by a name that nobody else uses.
    pub fn make(parent: &Path) -> io::Result<Self> {
        let folder = Temp::new(parent, "doctor").path().to_owned();
        std::fs::create_dir(&folder)?;
        Ok(Self { folder })
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // What cannot be removed cannot be helped; the name says whose it was.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
