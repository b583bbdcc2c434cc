//! Moving numbers between maps.

use super::{gpu, on_gpu};
use crate::nn::ops::cuda::device::Work;
use crate::nn::ops::cuda::plan::maps;
use crate::nn::ops::cuda::program::{Program, Slot};
use candle_core::{CudaStorage, Layout, Result, Shape, Tensor};

/// How an operation on one map is launched.
type Plan = fn(&mut Program, Slot, [usize; 4]) -> Slot;

/// An operation on one map of these dimensions, which gives one of that shape.
pub(in crate::nn::ops) fn moved(
    operation: &'static str,
    (map, layout): (&CudaStorage, &Layout),
    dims: [usize; 4],
    plan: Plan,
    shape: Shape,
) -> Result<(CudaStorage, Shape)> {
    let mut work = Work::new(operation, &map.device);
    let slot = work.storage(map, layout)?;
    let out = plan(&mut work.program, slot, dims);
    let [out] = work.run([out])?;
    Ok((out, shape))
}

/// Its way back, to a tensor like `to`; `dims` are what the plan wants to know.
pub(in crate::nn::ops) fn moved_back(
    operation: &'static str,
    to: &Tensor,
    gradient: &Tensor,
    dims: [usize; 4],
    plan: Plan,
) -> Result<Tensor> {
    let mut work = Work::new(operation, gpu(gradient)?);
    let slot = work.tensor(gradient);
    let found = plan(&mut work.program, slot, dims);
    let [found] = work.run([found])?;
    on_gpu(to, found)
}

/// Two maps side by side, of so many channels.
pub(in crate::nn::ops) fn concat(
    first: (&CudaStorage, &Layout),
    second: (&CudaStorage, &Layout),
    [a, b]: [usize; 2],
) -> Result<(CudaStorage, Shape)> {
    let (n, height, width, _) = first.1.shape().dims4()?;
    let mut work = Work::new("concat", &first.0.device);
    let slots = [
        work.storage(first.0, first.1)?,
        work.storage(second.0, second.1)?,
    ];
    let out = maps::concat(&mut work.program, slots, n * height * width, [a, b]);
    let [out] = work.run([out])?;
    Ok((out, (n, height, width, a + b).into()))
}

/// The part of the gradient that belongs to `of`, whose channels begin at `start`.
pub(in crate::nn::ops) fn concat_back(
    of: &Tensor,
    gradient: &Tensor,
    start: usize,
) -> Result<Tensor> {
    let (n, height, width, channels) = gradient.dims4()?;
    let mut work = Work::new("concat", gpu(gradient)?);
    let slot = work.tensor(gradient);
    let size = [n * height * width, channels];
    let part = maps::take_channels(&mut work.program, slot, size, start, of.dim(3)?);
    let [part] = work.run([part])?;
    on_gpu(of, part)
}

/// A vector added to every pixel of its image.
pub(in crate::nn::ops) fn add_per_image(
    map: (&CudaStorage, &Layout),
    vectors: (&CudaStorage, &Layout),
) -> Result<(CudaStorage, Shape)> {
    let (n, height, width, channels) = map.1.shape().dims4()?;
    let mut work = Work::new("add_per_image", &map.0.device);
    let (x, v) = (
        work.storage(map.0, map.1)?,
        work.storage(vectors.0, vectors.1)?,
    );
    let out = maps::add_per_image(&mut work.program, x, v, [n, height, width, channels]);
    let [out] = work.run([out])?;
    Ok((out, map.1.shape().clone()))
}

/// Rows of a table.
pub(in crate::nn::ops) fn lookup(
    table: (&CudaStorage, &Layout),
    indices: &[usize],
    width: usize,
) -> Result<(CudaStorage, Shape)> {
    let mut work = Work::new("lookup", &table.0.device);
    let slot = work.storage(table.0, table.1)?;
    let numbers = work.ints(&ints(indices))?;
    let out = maps::lookup(&mut work.program, slot, numbers, indices.len(), width);
    let [out] = work.run([out])?;
    Ok((out, (indices.len(), width).into()))
}

/// Its way back.
pub(in crate::nn::ops) fn lookup_back(
    table: &Tensor,
    gradient: &Tensor,
    indices: &[usize],
) -> Result<Tensor> {
    let (rows, width) = table.dims2()?;
    let mut work = Work::new("lookup", gpu(gradient)?);
    let slot = work.tensor(gradient);
    let numbers = work.ints(&ints(indices))?;
    let size = [rows, width];
    let to = maps::lookup_back(&mut work.program, slot, numbers, size, indices.len());
    let [to] = work.run([to])?;
    on_gpu(table, to)
}

/// Indices are below the rows of a table, which `Program::check` finds to be few enough.
fn ints(indices: &[usize]) -> Vec<i32> {
    indices.iter().map(|&index| index as i32).collect()
}
