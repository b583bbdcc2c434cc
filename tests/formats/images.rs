//! Image files: IDX and `.npy`, packed or not.

use super::Held;
use ablate::data::first_of_file;
use ablate::error::ExitCode;

/// A file is refused as data, or gives images of the size that it says.
pub fn check(bytes: &[u8]) {
    let held = Held::new(bytes);
    match first_of_file(&held.path(), 4) {
        Ok(images) => {
            assert!(images.n <= 4);
            assert_eq!(images.pixels.len(), images.n * images.h * images.w);
            assert!(
                images
                    .pixels
                    .iter()
                    .all(|pixel| (0.0..=1.0).contains(pixel))
            );
        }
        Err(error) => assert_eq!(error.exit_code(), ExitCode::BadData, "{error}"),
    }
}
