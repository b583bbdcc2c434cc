//! Buffers on the device.

use crate::nn::ops::cuda::program::Element;
use candle_core::cuda_backend::cudarc::driver::sys::{CUmemPool_attribute, CUresult};
use candle_core::cuda_backend::cudarc::driver::{
    CudaSlice, CudaStream, DevicePtr, DeviceRepr, DriverError, result,
};
use candle_core::cuda_backend::{CudaStorageSlice, WrapErr};
use candle_core::{CudaDevice, CudaStorage, Error, Result};
use std::ffi::c_void;
use std::ptr::from_mut;
use std::sync::Arc;

/// What the GPU's memory pool keeps of what this process frees, in bytes. By default it gives all of it back each time the host
/// waits for the GPU, and asks the driver for it anew. More than a small network needs; the rest goes to the other workers
/// of the GPU.
const KEPT: u64 = 1 << 30;

/// Lets the pool keep that much.
pub(super) fn keep_freed(stream: &CudaStream) -> Result<()> {
    if !stream.context().has_async_alloc() {
        return Ok(()); // no pool: cudarc allocates without one
    }
    let mut kept = KEPT;
    // SAFETY: the device is one that cudarc has opened, its default pool lives as long as it, and the value of this
    // attribute is a u64.
    unsafe {
        let pool = result::device::get_default_mem_pool(stream.context().cu_device()).w()?;
        result::mem_pool::set_attribute(
            pool,
            CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD,
            from_mut(&mut kept).cast::<c_void>(),
        )
        .w()
    }
}

/// A buffer that holds anything.
///
/// # Errors
/// When there is no room; tells the size asked for.
pub(super) fn allocate(
    operation: &str,
    device: &CudaDevice,
    element: Element,
    length: usize,
) -> Result<CudaStorage> {
    let stream: Arc<CudaStream> = device.cuda_stream();
    let refused = |error: DriverError| match error.0 {
        CUresult::CUDA_ERROR_OUT_OF_MEMORY => Error::msg(format!(
            "{operation}: the GPU has no room for {} bytes more",
            length * element.bytes()
        )),
        _ => Error::msg(format!("{operation}: {error}")),
    };
    // SAFETY: a kernel writes what is read later: tests/cuda_kernels runs the same programs with made buffers full of
    // NaN.
    let slice = unsafe {
        match element {
            Element::F32 => CudaStorageSlice::F32(stream.alloc(length).map_err(refused)?),
            Element::F64 => CudaStorageSlice::F64(stream.alloc(length).map_err(refused)?),
            Element::U8 => CudaStorageSlice::U8(stream.alloc(length).map_err(refused)?),
            Element::I32 => CudaStorageSlice::I32(stream.alloc(length).map_err(refused)?),
        }
    };
    let device = device.clone();
    Ok(CudaStorage { slice, device })
}

/// What a storage holds.
pub(super) fn contents(storage: &CudaStorage) -> Option<(Element, usize)> {
    match &storage.slice {
        CudaStorageSlice::F32(slice) => Some((Element::F32, slice.len())),
        CudaStorageSlice::F64(slice) => Some((Element::F64, slice.len())),
        CudaStorageSlice::U8(slice) => Some((Element::U8, slice.len())),
        CudaStorageSlice::I32(slice) => Some((Element::I32, slice.len())),
        _ => None,
    }
}

/// Where it lies on the device. One stream does all, so nothing has to be waited for.
pub(super) fn pointer(storage: &CudaStorage, stream: &CudaStream) -> u64 {
    fn of<T: DeviceRepr>(slice: &CudaSlice<T>, stream: &CudaStream) -> u64 {
        slice.device_ptr(stream).0
    }
    match &storage.slice {
        CudaStorageSlice::F32(slice) => of(slice, stream),
        CudaStorageSlice::F64(slice) => of(slice, stream),
        CudaStorageSlice::U8(slice) => of(slice, stream),
        CudaStorageSlice::I32(slice) => of(slice, stream),
        _ => 0, // `contents` has refused it
    }
}
