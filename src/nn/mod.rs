//! Parameters, their initial values, and the hot operations with their gradients.
//! Maps are [n, height, width, channels] (channels last), f32, contiguous.

mod device;
pub mod init;
pub mod ops;
mod parameters;

pub use device::{device, on_gpu, use_gpu, wait};
pub use parameters::Parameters;
