//! HDF5 underneath the record: sealed files, writing, and guarded reading. Knows nothing of trials.

mod deadly;
mod get;
mod guard;
mod put;
mod seal;

pub use deadly::{done_reading, watch};
pub use get::Node;
pub use put::{dataset, group, integer, integers, number, text, texts};
pub use seal::{Build, create, finish, open_sealed, open_trusted};

use crate::error::Error;
use std::path::Path;

/// Wraps an HDF5 error met while writing: "no space left" and its like become [`Error::Io`], which names the next
/// step. HDF5 gives the system's error only inside its text.
pub fn write_error(path: &Path) -> impl Fn(hdf5::Error) -> Error + '_ {
    |source| match system_error(&source.to_string()) {
        Some(code) => Error::Io {
            action: "write",
            path: path.to_owned(),
            source: std::io::Error::from_raw_os_error(code),
        },
        None => Error::Hdf5 {
            path: path.to_owned(),
            source,
        },
    }
}

fn system_error(text: &str) -> Option<i32> {
    let (_, rest) = text.split_once("errno = ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_error_is_found_in_hdf5_text() {
        // Text as printed by libhdf5 1.10.8 (H5FDsec2.c).
        let text = "file write failed: time = x, filename = 'a.h5', file descriptor = 3, errno = 28, error message = 'No space left on device'";
        assert_eq!(system_error(text), Some(28));
        assert_eq!(system_error("unable to open file"), None);
    }
}
