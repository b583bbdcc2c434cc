//! Group and batch normalisation.

use super::{Kept, gpu, keep, kept, on_gpu};
use crate::nn::ops::cuda::device::Work;
use crate::nn::ops::cuda::plan::normalise;
use crate::nn::ops::kernel::normalise::{Moments, Shape};
use crate::nn::ops::kernel::normalised::Normalised;
use candle_core::{CudaStorage, Layout, Result, Tensor, bail};

/// Normalises by its own moments; keeps these.
pub(in crate::nn::ops) fn normalise(
    shape: Shape,
    after: Normalised,
    arguments: [(&CudaStorage, &Layout); 3],
    moments: &Kept,
) -> Result<(CudaStorage, candle_core::Shape)> {
    let [map, scale, shift] = arguments;
    let mut work = Work::new("normalise", &map.0.device);
    let slots = [
        work.storage(map.0, map.1)?,
        work.storage(scale.0, scale.1)?,
        work.storage(shift.0, shift.1)?,
    ];
    let (out, found) = normalise::forward(&mut work.program, shape, slots, after);
    let [out, found] = work.run([out, found])?;
    keep(moments, "normalise", vec![found])?;
    Ok((out, map.1.shape().clone()))
}

/// Its way back, to map, scale and shift.
pub(in crate::nn::ops) fn normalise_back(
    shape: Shape,
    after: Normalised,
    [map, scale, shift]: [&Tensor; 3],
    gradient: &Tensor,
    moments: &Kept,
) -> Result<[Tensor; 3]> {
    let mut work = Work::new("normalise", gpu(gradient)?);
    let [x, a, b] = [map, scale, shift].map(|tensor| work.tensor(tensor));
    let moments = work.kept(&kept(moments, "normalise")?[0])?;
    let gradient = work.tensor(gradient);
    let slots = [x, a, b, moments, gradient];
    let found = normalise::back(&mut work.program, shape, slots, after);
    let [to_map, to_scale, to_shift] = work.run(found)?;
    Ok([
        on_gpu(map, to_map)?,
        on_gpu(scale, to_scale)?,
        on_gpu(shift, to_shift)?,
    ])
}

/// The moments that [`normalise`] kept, brought to the host, which waits for the GPU.
pub(in crate::nn::ops) fn moments(state: &Kept) -> Result<Vec<Moments>> {
    let storage = &kept(state, "normalise")?[0];
    let numbers = storage.as_cuda_slice::<f64>()?;
    let numbers = storage.device.clone_dtoh(numbers)?;
    let pairs = numbers.as_chunks::<2>().0;
    let moments = pairs
        .iter()
        .map(|&[mean, variance]| Moments { mean, variance });
    Ok(moments.collect())
}

/// Moves running averages, mean and variance, by the moments that [`normalise`] kept.
pub(in crate::nn::ops) fn move_averages(
    state: &Kept,
    averages: [&Tensor; 2],
    unbiased: f64,
    momentum: f64,
) -> Result<()> {
    let channels = averages[0].elem_count();
    let moments = &kept(state, "normalise")?[0];
    let lengths = [
        2 * averages[1].elem_count(),
        moments.as_cuda_slice::<f64>()?.len(),
    ];
    if lengths.iter().any(|length| *length != 2 * channels) {
        bail!("batch_norm: expected one running average a channel");
    }
    let mut work = Work::new("batch_norm", gpu(averages[0])?);
    let moments = work.kept(moments)?;
    let [mean, variance] = averages.map(|average| work.tensor(average));
    let slots = [moments, mean, variance];
    normalise::move_running(&mut work.program, slots, channels, unbiased, momentum);
    work.run([]).map(|[]| ())
}

/// Normalises by the given mean, variance, scale and shift, without a gradient.
pub(in crate::nn::ops) fn normalise_by(
    map: &Tensor,
    given: [&Tensor; 4],
    after: Normalised,
) -> Result<Tensor> {
    let (_, _, _, channels) = map.dims4()?;
    if map.elem_count() == 0 {
        bail!("normalise_by: expected a map with pixels");
    }
    let mut work = Work::new("normalise_by", gpu(map)?);
    let x = work.tensor(map);
    let [mean, variance, scale, shift] = given.map(|tensor| work.tensor(tensor));
    let slots = [x, mean, variance, scale, shift];
    let count = map.elem_count();
    let out = normalise::by(&mut work.program, slots, count, channels, after);
    let [out] = work.run([out])?;
    on_gpu(map, out)
}
