//! A map without its border: a 3×3 convolution that keeps the size, cropped, is one without padding.

#[cfg(feature = "cuda")]
use super::cuda::glue;
#[cfg(feature = "cuda")]
use super::cuda::plan;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use std::ops::Range;

/// Takes one pixel off every border of the map [n, h, w, c]: [n, h−2, w−2, c].
///
/// # Errors
/// When height or width is below 3, or `map` is not contiguous f32 on the CPU.
pub fn crop(map: &Tensor) -> Result<Tensor> {
    map.apply_op1(Crop)
}

struct Crop;

/// Where the rows that stay lie in the map, without their ends, in order.
fn inner([n, height, width, channels]: [usize; 4]) -> impl Iterator<Item = Range<usize>> {
    let rows = (0..n).flat_map(move |image| (1..height - 1).map(move |y| image * height + y));
    rows.map(move |row| (row * width + 1) * channels..(row * width + width - 1) * channels)
}

fn dims(layout: &Layout) -> Result<[usize; 4]> {
    let (n, height, width, channels) = layout.shape().dims4()?;
    if height < 3 || width < 3 || channels == 0 {
        bail!("crop: nothing is left of {height}×{width} pixels with {channels} channels");
    }
    Ok([n, height, width, channels])
}

impl CustomOp1 for Crop {
    fn name(&self) -> &'static str {
        "crop"
    }

    fn cpu_fwd(&self, map: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let [n, height, width, channels] = dims(layout)?;
        let map = slice(map, layout)?;
        let mut out = Vec::with_capacity(map.len());
        for row in inner([n, height, width, channels]) {
            out.extend_from_slice(&map[row]);
        }
        let size = (n, height - 2, width - 2, channels);
        Ok((CpuStorage::F32(out), size.into()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, map: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let dims = dims(layout)?;
        let [n, height, width, channels] = dims;
        let shape = (n, height - 2, width - 2, channels).into();
        glue::moved("crop", (map, layout), dims, plan::maps::crop, shape)
    }

    fn bwd(&self, map: &Tensor, _out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::moved_back(
                "crop",
                map,
                gradient,
                dims(map.layout())?,
                plan::maps::crop_back,
            )
            .map(Some);
        }
        let dims = dims(map.layout())?;
        let row = (dims[2] - 2) * dims[3];
        let numbers = with_slice(gradient, |gradient| {
            let mut to = vec![0.0; map.elem_count()];
            for (place, row) in inner(dims).zip(gradient.chunks_exact(row)) {
                to[place].copy_from_slice(row);
            }
            to
        })?;
        tensor_like(map, numbers).map(Some)
    }
}
