//! Convolutions, alone and before a pool.

use super::{Kept, gpu, keep, kept, shaped};
use crate::nn::ops::cuda::device::Work;
use crate::nn::ops::cuda::plan::conv::{Conv, Source};
use crate::nn::ops::cuda::plan::pool;
use crate::nn::ops::cuda::program::Slot;
use crate::nn::ops::kernel::conv::{Activation, Scale, Shape};
use candle_core::{CudaStorage, Layout, Result, Tensor};

/// What a convolution is, without its numbers.
#[derive(Clone, Copy)]
pub(in crate::nn::ops) struct Form<'a> {
    /// For messages.
    pub(in crate::nn::ops) operation: &'static str,
    /// Its sizes.
    pub(in crate::nn::ops) shape: Shape,
    /// Channels and size of each map.
    pub(in crate::nn::ops) sources: &'a [(usize, Scale)],
    /// What is done to every output.
    pub(in crate::nn::ops) activation: Activation,
}

impl Form<'_> {
    /// Calls `f` with the convolution of these.
    fn with<T>(&self, maps: &[Slot], [weights, bias]: [Slot; 2], f: impl FnOnce(&Conv) -> T) -> T {
        let both = maps.iter().zip(self.sources);
        let sources: Vec<Source> = both
            .map(|(&map, &(channels, scale))| Source {
                map,
                channels,
                scale,
            })
            .collect();
        f(&Conv {
            shape: self.shape,
            sources: &sources,
            weights,
            bias,
            activation: self.activation,
        })
    }

    fn weight_count(&self) -> usize {
        let inputs: usize = self.sources.iter().map(|(channels, _)| channels).sum();
        self.shape.kernel * self.shape.kernel * inputs * self.shape.output
    }

    fn dims(&self) -> [usize; 4] {
        let Shape {
            n,
            height,
            width,
            output,
            ..
        } = self.shape;
        [n, height, width, output]
    }

    fn out_shape(&self) -> candle_core::Shape {
        candle_core::Shape::from(self.dims().to_vec())
    }

    /// Weights and bias, in one tensor or two.
    fn parameters(&self, slots: &[Slot]) -> [Slot; 2] {
        match *slots {
            [weights, bias] => [weights, bias],
            _ => [slots[0], slots[0].at(self.weight_count())],
        }
    }
}

/// An argument of an operation.
pub(in crate::nn::ops) type Argument<'a> = (&'a CudaStorage, &'a Layout);

/// The convolution of `maps`; parameters are weights and bias, in one tensor or two.
pub(in crate::nn::ops) fn conv2d(
    form: Form<'_>,
    maps: &[Argument<'_>],
    parameters: &[Argument<'_>],
) -> Result<(CudaStorage, candle_core::Shape)> {
    let mut work = Work::new(form.operation, &maps[0].0.device);
    let mut slots = Vec::new();
    for (storage, layout) in maps.iter().chain(parameters) {
        slots.push(work.storage(storage, layout)?);
    }
    let (maps, parameters) = slots.split_at(maps.len());
    let parameters = form.parameters(parameters);
    let out = form.with(maps, parameters, |conv| conv.forward(&mut work.program));
    let [out] = work.run([out])?;
    Ok((out, form.out_shape()))
}

/// Gradients of maps, where they are learned from, and of parameters, in as many tensors as these are.
pub(in crate::nn::ops) type Gradients = (Vec<Option<Tensor>>, Vec<Tensor>);

/// Its way back.
pub(in crate::nn::ops) fn conv2d_back(
    form: Form<'_>,
    maps: &[&Tensor],
    parameters: &[&Tensor],
    out: &Tensor,
    gradient: &Tensor,
) -> Result<Gradients> {
    let mut work = Work::new(form.operation, gpu(gradient)?);
    let (out, gradient) = (work.tensor(out), work.tensor(gradient));
    back(form, work, maps, parameters, [out, gradient])
}

/// The gradients, given the slots of what came out and of its gradient.
fn back<'a>(
    form: Form<'_>,
    mut work: Work<'a>,
    maps: &[&'a Tensor],
    parameters: &[&'a Tensor],
    [out, gradient]: [Slot; 2],
) -> Result<Gradients> {
    let of_maps: Vec<Slot> = maps.iter().map(|map| work.tensor(map)).collect();
    let of_parameters: Vec<Slot> = parameters.iter().map(|of| work.tensor(of)).collect();
    let made = parameters.iter().map(|of| of.elem_count());
    let made: Vec<Slot> = made.map(|count| work.program.floats(count)).collect();
    let to = form.parameters(&made);
    let wanted: Vec<bool> = maps.iter().map(|map| map.track_op()).collect();
    let found = form.with(&of_maps, form.parameters(&of_parameters), |conv| {
        conv.back(&mut work.program, out, gradient, &wanted, to)
    });
    let slots: Vec<Slot> = made
        .iter()
        .copied()
        .chain(found.iter().flatten().copied())
        .collect();
    let mut storages = work.run_all(&slots)?.into_iter();
    let mut next = |like: &&Tensor| {
        let storage = storages.next();
        let storage =
            storage.ok_or_else(|| candle_core::Error::msg("conv2d: a gradient is missing"))?;
        shaped(maps[0], storage, like.shape().clone())
    };
    let to_parameters = parameters.iter().map(&mut next).collect::<Result<_>>()?;
    let pairs = maps.iter().zip(&found);
    let to_maps = pairs.map(|(map, found)| found.is_some().then(|| next(map)).transpose());
    Ok((to_maps.collect::<Result<_>>()?, to_parameters))
}

/// The pool of the ReLU of a convolution; keeps what came before the pool, and the winners.
pub(in crate::nn::ops) fn conv_pool(
    form: Form<'_>,
    [map, weights, bias]: [Argument<'_>; 3],
    state: &Kept,
) -> Result<(CudaStorage, candle_core::Shape)> {
    let mut work = Work::new(form.operation, &map.0.device);
    let slot = work.storage(map.0, map.1)?;
    let parameters = [
        work.storage(weights.0, weights.1)?,
        work.storage(bias.0, bias.1)?,
    ];
    let before = form.with(&[slot], parameters, |conv| conv.forward(&mut work.program));
    let (out, winners) = pool::max_pool2(&mut work.program, before, form.dims(), true);
    let [out, winners] = work.run([out, winners])?;
    keep(state, form.operation, vec![winners])?;
    let [n, height, width, channels] = form.dims();
    Ok((out, (n, height / 2, width / 2, channels).into()))
}

/// Its way back.
pub(in crate::nn::ops) fn conv_pool_back(
    form: Form<'_>,
    map: &Tensor,
    parameters: [&Tensor; 2],
    gradient: &Tensor,
    state: &Kept,
) -> Result<Gradients> {
    let mut work = Work::new(form.operation, gpu(gradient)?);
    let slot = work.tensor(gradient);
    let winners = work.kept(&kept(state, form.operation)?[0])?;
    let before = pool::max_pool2_back(&mut work.program, slot, winners, form.dims());
    // Without an activation the convolution's way back does not look at what it gave.
    back(form, work, &[map], &parameters, [before, before])
}
