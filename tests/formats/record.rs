//! Records: HDF5 files under a good seal. libhdf5 does not survive everything, so they are read as users read them: by the program,
//! in its limited child.

use super::seal::sealed;
use std::ffi::OsString;
use std::process::Command;

/// A file is whole, or `ablate verify` says that it is not and lives to say so.
pub fn check(bytes: &[u8]) {
    let place = tempfile::tempdir_in("/dev/shm").expect("memory");
    let path = place.path().join("sweep.h5");
    std::fs::write(&path, sealed(bytes.to_vec())).expect("written");
    let output = Command::new(binary()).arg("verify").arg(&path).output();
    let output = output.expect("started");
    let said = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 5)), "{}: {said}", output.status);
}

/// The program that was built with the tests, or that of `ABLATE_TEST_BINARY`.
fn binary() -> OsString {
    let built = option_env!("CARGO_BIN_EXE_ablate").map(OsString::from);
    let named = std::env::var_os("ABLATE_TEST_BINARY");
    named.or(built).expect("ABLATE_TEST_BINARY names an ablate")
}
