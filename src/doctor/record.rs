//! HDF5: its version, and a record written to the results folder's file system and read back.

use super::{Finding, existing};
use crate::record::probe;
use std::path::Path;

const TOPIC: &str = "hdf5";

/// Whether records can be kept.
pub fn check(results: &Path) -> Vec<Finding> {
    let version = probe::version();
    vec![match probe::round_trip(existing(results)) {
        Ok(()) => Finding::ok(TOPIC, format!("{version}: written and read back")),
        Err(error) => Finding::problem(
            TOPIC,
            error.exit_code(),
            format!("{version}: {error}"),
            "where the disk is sound, build with the bundled HDF5: --features hdf5-static",
        ),
    }]
}
