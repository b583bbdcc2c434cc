//! Kernels, launched with pointers and numbers.

use super::compile::compiled;
use super::memory::{contents, pointer};
use super::{Input, Work};
use crate::nn::ops::cuda::products;
use crate::nn::ops::cuda::program::{Argument, THREADS};
use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaStream, LaunchConfig, PushKernelArg};
use candle_core::{CudaStorage, Layout, Result, Storage, StorageRef, bail};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counted for measurements.
static LAUNCHED: AtomicU64 = AtomicU64::new(0);

/// Kernels of ours that this process has launched so far; candle's own are not counted.
pub fn launched() -> u64 {
    LAUNCHED.load(Ordering::Relaxed)
}

impl Work<'_> {
    /// Launches all kernels, in order.
    pub(super) fn launch(&self, stream: &CudaStream, made: &[Option<CudaStorage>]) -> Result<()> {
        // Tensors stay locked until all is launched.
        let mut locked = Vec::new();
        for input in &self.inputs {
            if let Input::Tensor(tensor) = input {
                locked.push(tensor.storage_and_layout());
            }
        }
        let mut tensors = locked.iter();
        let mut inputs = self.inputs.iter();
        let mut pointers = Vec::new();
        for (buffer, made) in self.program.buffers.iter().zip(made) {
            let (storage, start) = match made {
                Some(made) => (made, 0),
                None => match inputs.next() {
                    Some(Input::Part(storage, start)) => (*storage, *start),
                    Some(Input::Copied(storage)) => (storage, 0),
                    Some(Input::Tensor(_)) => self.on_gpu(tensors.next())?,
                    None => bail!("{}: an input is missing", self.operation),
                },
            };
            let enough = contents(storage).is_some_and(|(element, length)| {
                element == buffer.element && length >= start + buffer.length
            });
            if !enough {
                bail!(
                    "{}: a buffer is not the {} numbers that it should be",
                    self.operation,
                    buffer.length
                );
            }
            pointers.push(pointer(storage, stream) + (start * buffer.element.bytes()) as u64);
        }
        let precision = self.program.precision;
        let source = compiled(stream, precision)?;
        let module = products(precision); // under which candle keeps our kernels once they are loaded
        for launch in &self.program.launches {
            let function = self
                .device
                .get_or_load_custom_func(launch.kernel, module, &source)?;
            let values: Vec<Value> = launch
                .arguments
                .iter()
                .map(|argument| self.value(*argument, &pointers))
                .collect();
            let mut builder = function.builder();
            for value in &values {
                match value {
                    Value::Pointer(pointer) => builder.arg(pointer),
                    Value::Int(number) => builder.arg(number),
                    Value::Float(number) => builder.arg(number),
                    Value::Double(number) => builder.arg(number),
                };
            }
            let [x, y, z] = launch.grid.map(|side| side as u32);
            let config = LaunchConfig {
                grid_dim: (x, y, z),
                block_dim: (THREADS as u32, 1, 1),
                shared_mem_bytes: 0,
            };
            // SAFETY: buffers are as long as the program says (above), and with those lengths no kernel reads or writes
            // outside of them: tests/cuda_kernels runs the same programs with pages around each buffer that nobody
            // may touch, and refuses arguments of other types than the kernel takes. What is changed in place is a variable's
            // or an optimiser's own buffer, and whoever else has used it did so earlier on the one stream.
            unsafe { builder.launch(config) }.w()?;
        }
        LAUNCHED.fetch_add(self.program.launches.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// The numbers of a locked tensor.
    fn on_gpu<'s>(
        &self,
        locked: Option<&'s (StorageRef<'_>, &Layout)>,
    ) -> Result<(&'s CudaStorage, usize)> {
        if let Some((storage, layout)) = locked
            && let Storage::Cuda(storage) = &**storage
            && let Some((start, _)) = layout.contiguous_offsets()
        {
            return Ok((storage, start));
        }
        bail!("{}: expected contiguous tensors on the GPU", self.operation)
    }

    fn value(&self, argument: Argument, pointers: &[u64]) -> Value {
        match argument {
            Argument::Buffer(slot) => {
                let bytes = self.program.buffers[slot.buffer].element.bytes();
                Value::Pointer(pointers[slot.buffer] + (slot.start * bytes) as u64)
            }
            // Program::check has seen that it fits.
            Argument::Int(number) => Value::Int(number as i32),
            Argument::Float(number) => Value::Float(number),
            Argument::Double(number) => Value::Double(number),
        }
    }
}

/// An argument as the driver takes it.
enum Value {
    Pointer(u64),
    Int(i32),
    Float(f32),
    Double(f64),
}
