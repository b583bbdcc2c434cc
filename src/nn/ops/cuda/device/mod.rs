//! Runs programs on a GPU, through candle's CUDA device. All `unsafe` of the CUDA side is here.
//!
//! Everything goes to the device's one stream, in whose order buffers are written, read and freed; the device must
//! have been made with a stream of its own (`Device::new_cuda_with_stream`), because candle's default is another
//! stream for every thread.

mod compile;
mod launch;
mod memory;

use super::program::{Element, Program, Slot};
use candle_core::cuda_backend::{CudaStorageSlice, WrapErr};
use candle_core::{CudaDevice, CudaStorage, Device, Error, Layout, Result, Tensor, bail};
pub use launch::launched;
use memory::{allocate, contents, keep_freed};

/// A GPU, with one stream for all threads.
///
/// # Errors
/// When there is no driver, or none of that number.
pub(crate) fn open(number: usize) -> Result<Device> {
    let device = CudaDevice::new_with_stream(number)?;
    // SAFETY: there is one stream, in whose order buffers are made, used and freed: nothing has to be tracked.
    unsafe { device.disable_event_tracking() };
    keep_freed(&device.cuda_stream())?;
    Ok(Device::Cuda(device))
}

/// The compute capability of a GPU.
///
/// # Errors
/// When the driver does not tell, or that is no GPU.
pub(crate) fn capability(device: &Device) -> Result<[i32; 2]> {
    let stream = device.as_cuda_device()?.cuda_stream();
    Ok(stream.context().compute_capability().w()?.into())
}

/// What a buffer that is given comes from.
enum Input<'a> {
    /// A part of a storage, from this element on.
    Part(&'a CudaStorage, usize),
    /// A tensor.
    Tensor(&'a Tensor),
    /// Copied to the device for this program.
    Copied(CudaStorage),
}

/// A program for an operation, with the inputs of the buffers that are given.
pub(crate) struct Work<'a> {
    operation: &'static str,
    device: CudaDevice,
    /// What is launched.
    pub(crate) program: Program,
    /// Of the given buffers, in their order.
    inputs: Vec<Input<'a>>,
}

impl<'a> Work<'a> {
    /// Nothing yet.
    pub(crate) fn new(operation: &'static str, device: &CudaDevice) -> Self {
        Self {
            operation,
            device: device.clone(),
            program: Program {
                precision: crate::nn::precision(),
                ..Program::default()
            },
            inputs: Vec::new(),
        }
    }

    /// Gives the numbers of an argument of an operation, f32.
    pub(crate) fn storage(&mut self, storage: &'a CudaStorage, layout: &Layout) -> Result<Slot> {
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!(
                "{}: expected a contiguous tensor, found {layout:?}",
                self.operation
            );
        };
        self.inputs.push(Input::Part(storage, start));
        Ok(self.program.given(Element::F32, end - start))
    }

    /// Gives the numbers of a tensor, f32.
    pub(crate) fn tensor(&mut self, tensor: &'a Tensor) -> Slot {
        self.inputs.push(Input::Tensor(tensor));
        self.program.given(Element::F32, tensor.elem_count())
    }

    /// Gives what an earlier program made.
    pub(crate) fn kept(&mut self, storage: &'a CudaStorage) -> Result<Slot> {
        let Some((element, length)) = contents(storage) else {
            bail!(
                "{}: kept numbers of a type that no kernel takes",
                self.operation
            );
        };
        self.inputs.push(Input::Part(storage, 0));
        Ok(self.program.given(element, length))
    }

    /// Gives numbers of the host.
    pub(crate) fn floats(&mut self, numbers: &[f32]) -> Result<Slot> {
        let slice = CudaStorageSlice::F32(self.device.clone_htod(numbers)?);
        Ok(self.copied(slice, Element::F32, numbers.len()))
    }

    /// Gives bytes of the host.
    pub(crate) fn bytes(&mut self, numbers: &[u8]) -> Result<Slot> {
        let slice = CudaStorageSlice::U8(self.device.clone_htod(numbers)?);
        Ok(self.copied(slice, Element::U8, numbers.len()))
    }

    /// Gives whole numbers of the host.
    pub(crate) fn ints(&mut self, numbers: &[i32]) -> Result<Slot> {
        let slice = CudaStorageSlice::I32(self.device.clone_htod(numbers)?);
        Ok(self.copied(slice, Element::I32, numbers.len()))
    }

    fn copied(&mut self, slice: CudaStorageSlice, element: Element, length: usize) -> Slot {
        let device = self.device.clone();
        self.inputs
            .push(Input::Copied(CudaStorage { slice, device }));
        self.program.given(element, length)
    }

    /// Runs the program and gives the buffers wanted, which it made.
    ///
    /// # Errors
    /// When the GPU has no room, in which case the size asked for is told; when inputs are not what the program was
    /// made for; when the driver refuses.
    pub(crate) fn run<const N: usize>(self, wanted: [Slot; N]) -> Result<[CudaStorage; N]> {
        let found = self.run_all(&wanted)?;
        <[CudaStorage; N]>::try_from(found).map_err(|_| Error::msg("a buffer is wanted once"))
    }

    /// As [`Work::run`], for any number.
    pub(crate) fn run_all(self, wanted: &[Slot]) -> Result<Vec<CudaStorage>> {
        let operation = self.operation;
        let problem = |problem: String| Error::msg(format!("{operation}: {problem}"));
        self.program.check().map_err(problem)?;
        let stream = self.device.cuda_stream();
        let mut made: Vec<Option<CudaStorage>> = Vec::new();
        for buffer in &self.program.buffers {
            made.push(match buffer.given {
                true => None,
                false => Some(allocate(
                    operation,
                    &self.device,
                    buffer.element,
                    buffer.length,
                )?),
            });
        }
        self.launch(&stream, &made)?;
        let take = |slot: &Slot| {
            let storage = made[slot.buffer].take();
            storage.ok_or_else(|| problem("a buffer that it did not make is wanted".into()))
        };
        wanted.iter().map(take).collect()
    }
}
