//! Where the tensors of a process are: on the processor, or on a GPU of its own.

use crate::config::Precision;
use crate::error::{Error, Result};
use candle_core::Device;
use std::cell::Cell;
use std::sync::{Mutex, OnceLock, PoisonError};

static CPU: Device = Device::Cpu;
static GPU: OnceLock<Device> = OnceLock::new();
static PRECISION: Mutex<Precision> = Mutex::new(Precision::F32);

thread_local! {
    static IN_F32: Cell<bool> = const { Cell::new(false) };
}

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

/// What convolutions multiply from now on, in the whole process: it trains one network at a time.
///
/// # Errors
/// When the tensors are on processors, or on a GPU that cannot multiply it.
pub fn use_precision(precision: Precision) -> Result<()> {
    let name = precision.name();
    if let Some(problem) = lacking(precision)? {
        return Err(Error::Usage {
            problem: format!("train.precision: {name} {problem}"),
            next: "set train.precision: f32, or f16 on a GPU that is older".into(),
        });
    }
    *PRECISION.lock().unwrap_or_else(PoisonError::into_inner) = precision;
    Ok(())
}

/// What convolutions multiply here.
pub fn precision() -> Precision {
    if IN_F32.get() {
        return Precision::F32;
    }
    *PRECISION.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does this with f32 alone, in this thread: what networks that measure or encode for a trial give does not depend on what
/// the trial multiplies.
pub fn in_f32<T>(work: impl FnOnce() -> T) -> T {
    let before = IN_F32.replace(true);
    let done = work();
    IN_F32.set(before);
    done
}

/// What the device lacks for it, if anything.
fn lacking(precision: Precision) -> Result<Option<String>> {
    if precision == Precision::F32 {
        return Ok(None);
    }
    if !on_gpu() {
        return Ok(Some("is for GPUs (--device cuda)".into()));
    }
    let (found, wanted) = (capability()?, precision.capability());
    Ok((found < wanted).then(|| {
        let ([major, minor], [has, and]) = (wanted, found);
        format!("needs compute capability {major}.{minor}; this GPU has {has}.{and}")
    }))
}

/// Waits until a GPU has done all that it was told to; on the processor everything is done at once.
///
/// # Errors
/// When something that the GPU was told to do earlier has failed.
pub fn wait() -> Result<()> {
    Ok(device().synchronize()?)
}

#[cfg(feature = "cuda")]
fn capability() -> Result<[i32; 2]> {
    Ok(super::ops::cuda::device::capability(device())?)
}

#[cfg(not(feature = "cuda"))]
fn capability() -> Result<[i32; 2]> {
    Ok([0, 0])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_multiply_f32_alone_and_measures_do_everywhere() {
        use_precision(Precision::F32).expect("every device");
        for precision in [Precision::Tf32, Precision::Bf16, Precision::F16] {
            let told = use_precision(precision).expect_err("no GPU").to_string();
            assert!(told.contains(precision.name()), "{told}");
        }
        // As if there were one.
        *PRECISION.lock().unwrap_or_else(PoisonError::into_inner) = Precision::F16;
        assert_eq!(
            in_f32(|| [precision(), in_f32(precision)]),
            [Precision::F32; 2]
        );
        assert_eq!(precision(), Precision::F16);
        use_precision(Precision::F32).expect("every device");
    }
}
