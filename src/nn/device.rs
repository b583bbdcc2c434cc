//! Where the tensors of a process are: on the processor, or on a GPU of its own.

use crate::error::{Error, Result};
use candle_core::Device;
use std::sync::OnceLock;

static CPU: Device = Device::Cpu;
static GPU: OnceLock<Device> = OnceLock::new();

/// Where tensors are made and networks trained.
pub fn device() -> &'static Device {
    GPU.get().unwrap_or(&CPU)
}

/// Whether that is a GPU.
pub fn on_gpu() -> bool {
    GPU.get().is_some()
}

/// Makes all tensors from now on on this GPU, of those that the process sees. For a whole process, at its start.
///
/// # Errors
/// When this build knows no GPUs, the driver finds none of that number, or the process has one already.
pub fn use_gpu(number: usize) -> Result<()> {
    let refused = |problem: String| Error::Usage {
        problem,
        next: "ask for a GPU, and see `ablate doctor`".into(),
    };
    let device = open(number).map_err(refused)?;
    let again = |_| refused("this process has a GPU already".into());
    GPU.set(device).map_err(again)
}

/// Waits until a GPU has done all that it was told to; on the processor everything is done at once.
///
/// # Errors
/// When something that the GPU was told to do earlier has failed.
pub fn wait() -> Result<()> {
    Ok(device().synchronize()?)
}

#[cfg(feature = "cuda")]
fn open(number: usize) -> std::result::Result<Device, String> {
    super::ops::cuda::device::open(number).map_err(|error| format!("GPU {number}: {error}"))
}

#[cfg(not(feature = "cuda"))]
fn open(number: usize) -> std::result::Result<Device, String> {
    Err(format!(
        "GPU {number}: this build has no GPU code; ablate-cuda has (`make cuda`)"
    ))
}
