//! Parameters, their initial values, and the hot operations with their gradients.
//! Maps are [n, height, width, channels] (channels last), f32, contiguous.

mod device;
pub mod init;
pub mod ops;
mod parameters;

pub use device::{device, in_f32, on_gpu, precision, use_gpu, use_precision, wait};
pub use parameters::Parameters;
