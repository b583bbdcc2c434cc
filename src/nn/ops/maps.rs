//! From candle's storage to plain slices and back, and the shapes of maps.

use candle_core::{CpuStorage, Device, Layout, Result, Storage, Tensor, bail};

/// The numbers of a contiguous f32 storage.
pub(super) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("expected a contiguous tensor, found {layout:?}");
    };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// Calls `f` with the numbers of a contiguous f32 tensor on the CPU.
pub(super) fn with_slice<T>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => slice(storage, layout).map(f),
        _ => bail!("expected a tensor on the CPU"),
    }
}

/// A tensor of the same shape as `like`.
pub(super) fn tensor_like(like: &Tensor, numbers: Vec<f32>) -> Result<Tensor> {
    Tensor::from_vec(numbers, like.shape(), &Device::Cpu)
}

/// [n, height, width, channels] of a map whose height and width are even.
pub(super) fn even_dims(layout: &Layout) -> Result<[usize; 4]> {
    let (n, height, width, channels) = layout.shape().dims4()?;
    if height % 2 != 0 || width % 2 != 0 || height * width * channels == 0 {
        bail!("expected even height and width, found {height}×{width} with {channels} channels");
    }
    Ok([n, height, width, channels])
}
