//! Whether HDF5 works here: for `ablate doctor`.

use super::h5::{self, Build, Node};
use crate::durable::Temp;
use crate::error::Result;
use std::path::Path;

/// The version of the HDF5 library that is in use.
pub fn version() -> String {
    let (major, minor, patch) = hdf5::library_version();
    format!("HDF5 {major}.{minor}.{patch}")
}

/// Writes a small sealed file of numbers and texts in `folder`, reads it back and removes it.
///
/// # Errors
/// When the file system or HDF5 refuses, or something else comes back.
pub fn round_trip(folder: &Path) -> Result<()> {
    const NUMBERS: [f64; 3] = [0.5, -0.0, f64::MAX];
    const TEXTS: [&str; 2] = ["", "é"];
    let temp = Temp::new(folder, "doctor");
    let path = temp.path();
    let refused = h5::write_error(path);
    let file = h5::create(path, Build::InPlace)?;
    {
        let root = file.as_group().map_err(&refused)?;
        h5::dataset(&root, "numbers", &[NUMBERS.len()], &NUMBERS).map_err(&refused)?;
        h5::texts(&root, "texts", &TEXTS).map_err(&refused)?;
    }
    h5::finish(file, path)?;
    let root = Node::root(&h5::open_sealed(path)?, path)?;
    if root.column::<f64>("numbers")? != NUMBERS || root.texts("texts")? != TEXTS {
        return Err(root.refuse("", "is not what was written"));
    }
    Ok(())
}
