//! The GPU of this process.

use crate::common::note_skipped;
use crate::trials;
use ablate::nn::{device, use_gpu};
use candle_core::Device;
use std::sync::OnceLock;

/// Opened by whoever comes first; `None`, which is noted, where there is none. A process that has a GPU makes all its
/// tensors there, so that what the processor trains is trained before.
pub fn gpu() -> Option<&'static Device> {
    static OPENED: OnceLock<bool> = OnceLock::new();
    let opened = OPENED.get_or_init(|| {
        trials::on_processor();
        match use_gpu(0) {
            Ok(()) => true,
            Err(error) => {
                note_skipped("operations and training on a GPU", &error.to_string());
                false
            }
        }
    });
    opened.then(device)
}
