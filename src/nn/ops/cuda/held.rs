//! What an optimiser keeps on the GPU between steps, and its steps. The host waits for the GPU only where it says so.

use super::device::Work;
use super::plan::optimizer::{self, Step, Variable};
use super::program::Slot;
use crate::config::{OptimizerKind, TrainConfig};
use crate::nn::Parameters;
use candle_core::backprop::GradStore;
use candle_core::cuda_backend::CudaStorageSlice;
use candle_core::{CudaDevice, CudaStorage, Device, Result, Tensor, bail};

/// Numbers of one trial, flat over all parameters in the order of their names.
pub(crate) struct Numbers {
    /// Parameters.
    pub(crate) parameters: Vec<f32>,
    /// Adam: running mean of gradients. SGD: momentum buffer.
    pub(crate) first: Vec<f32>,
    /// Adam: running mean of squared gradients. SGD: empty.
    pub(crate) second: Vec<f32>,
    /// Moving average of the parameters.
    pub(crate) average: Option<Vec<f32>>,
    /// Sum of the losses of the epoch so far.
    pub(crate) loss_sum: f64,
}

/// What went wrong first.
pub(crate) struct Bad {
    /// In which step, from 1.
    pub(crate) step: u64,
    /// At which of all parameters' numbers; `None`: in the loss.
    pub(crate) place: Option<usize>,
}

/// The same numbers, on the GPU.
pub(crate) struct Held {
    config: TrainConfig,
    device: CudaDevice,
    parameters: CudaStorage,
    first: CudaStorage,
    second: Option<CudaStorage>,
    average: Option<CudaStorage>,
    told: CudaStorage,
    sum: CudaStorage,
}

impl Held {
    /// Copies them to this device.
    ///
    /// # Errors
    /// When it is no GPU, or has no room.
    pub(crate) fn new(config: &TrainConfig, device: &Device, numbers: &Numbers) -> Result<Self> {
        let device = device.as_cuda_device()?.clone();
        let on_gpu = |slice| CudaStorage {
            slice,
            device: device.clone(),
        };
        let floats = |numbers: &Vec<f32>| {
            let slice = device.clone_htod(&numbers[..])?;
            Ok::<_, candle_core::Error>(on_gpu(CudaStorageSlice::F32(slice)))
        };
        Ok(Self {
            config: config.clone(),
            parameters: floats(&numbers.parameters)?,
            first: floats(&numbers.first)?,
            second: match config.optimizer {
                OptimizerKind::Adam | OptimizerKind::AdamW => Some(floats(&numbers.second)?),
                OptimizerKind::Sgd => None,
            },
            average: numbers.average.as_ref().map(floats).transpose()?,
            told: on_gpu(CudaStorageSlice::I32(device.clone_htod(&[0, -1])?)),
            sum: on_gpu(CudaStorageSlice::F64(
                device.clone_htod(&[numbers.loss_sum])?,
            )),
            device,
        })
    }

    /// Begins a step: from the gradients of these variables (none: the loss does not change with it) to their next values.
    ///
    /// # Errors
    /// When the GPU has no room, or a gradient is not on it.
    pub(crate) fn step(
        &mut self,
        variables: &Parameters,
        gradients: &GradStore,
        loss: &Tensor,
        step: Step,
    ) -> Result<()> {
        let mut work = Work::new("optimiser step", &self.device);
        let mut all = Vec::with_capacity(variables.0.len());
        for variable in variables.0.values() {
            let (parameter, gradient) = (variable.as_tensor(), gradients.get(variable));
            all.push(Variable {
                parameter: work.tensor(parameter),
                gradient: gradient.map(|gradient| work.tensor(gradient)),
                count: parameter.elem_count(),
            });
        }
        let loss = work.tensor(loss);
        let held = optimizer::Held {
            parameters: work.kept(&self.parameters)?,
            first: work.kept(&self.first)?,
            second: match &self.second {
                Some(second) => Some(work.kept(second)?),
                None => None,
            },
            average: match &self.average {
                Some(average) => Some(work.kept(average)?),
                None => None,
            },
            told: work.kept(&self.told)?,
            sum: work.kept(&self.sum)?,
        };
        optimizer::step(&mut work.program, &self.config, step, held, &all, loss);
        let nothing: [Slot; 0] = [];
        work.run(nothing).map(|[]| ())
    }

    /// Waits for all steps that were begun: the sum of the epoch's losses, and what went wrong first.
    ///
    /// # Errors
    /// When the GPU fails.
    pub(crate) fn told(&self) -> Result<(f64, Option<Bad>)> {
        let told = self.device.clone_dtoh(self.told.as_cuda_slice::<i32>()?)?;
        let sum = self.device.clone_dtoh(self.sum.as_cuda_slice::<f64>()?)?;
        let (&[step, place], &[sum]) = (&told[..], &sum[..]) else {
            bail!("optimiser step: what the GPU tells is of another length");
        };
        let bad = (step != 0).then(|| Bad {
            step: step as u64,
            place: usize::try_from(place).ok(),
        });
        Ok((sum, bad))
    }

    /// Waits for the parameters and their moving average.
    ///
    /// # Errors
    /// When the GPU fails.
    pub(crate) fn weights(&self) -> Result<(Vec<f32>, Option<Vec<f32>>)> {
        let average = self.average.as_ref().map(|average| self.floats(average));
        Ok((self.floats(&self.parameters)?, average.transpose()?))
    }

    /// Waits for the moments: first and second, which is empty for SGD.
    ///
    /// # Errors
    /// When the GPU fails.
    pub(crate) fn moments(&self) -> Result<[Vec<f32>; 2]> {
        let second = self.second.as_ref().map(|second| self.floats(second));
        Ok([
            self.floats(&self.first)?,
            second.transpose()?.unwrap_or_default(),
        ])
    }

    fn floats(&self, storage: &CudaStorage) -> Result<Vec<f32>> {
        self.device.clone_dtoh(storage.as_cuda_slice::<f32>()?)
    }
}
