//! The 3×3 neighbourhoods of every other pixel, side by side along channels: a 1×1 convolution of them is a 3×3
//! convolution with stride 2, as U-Nets go down by.

#[cfg(feature = "cuda")]
use super::cuda::glue;
#[cfg(feature = "cuda")]
use super::cuda::plan;
use super::maps::{even_dims, slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// Side of a neighbourhood.
const KERNEL: usize = 3;

/// Of the map [n, h, w, c]: [n, h/2, w/2, 9c], where pixel (y, x) holds rows 2y−1 to 2y+1 and columns 2x−1 to 2x+1,
/// row by row, zeros outside. So weights [3, 3, c, out] reshaped to [1, 1, 9c, out] are those of PyTorch's
/// Conv2d(kernel 3, stride 2, padding 1).
///
/// # Errors
/// When height or width is odd, or `map` is not contiguous f32 on the CPU.
pub fn patches_stride2(map: &Tensor) -> Result<Tensor> {
    map.apply_op1(PatchesStride2)
}

struct PatchesStride2;

/// Calls `f(pixel of the map, place in the patches)`, both counted in channels, for every pixel that a patch holds.
fn pairs([n, height, width, _]: [usize; 4], mut f: impl FnMut(usize, usize)) {
    let (rows, columns) = (height / 2, width / 2);
    for image in 0..n {
        for y in 0..rows {
            for x in 0..columns {
                let patch = (image * rows + y) * columns + x;
                for tap in 0..KERNEL * KERNEL {
                    // One more than the row and column, which may be −1 but, the sizes being even, never beyond.
                    let (row, column) = (2 * y + tap / KERNEL, 2 * x + tap % KERNEL);
                    if row > 0 && column > 0 {
                        let pixel = (image * height + row - 1) * width + column - 1;
                        f(pixel, patch * KERNEL * KERNEL + tap);
                    }
                }
            }
        }
    }
}

impl CustomOp1 for PatchesStride2 {
    fn name(&self) -> &'static str {
        "patches_stride2"
    }

    fn cpu_fwd(&self, map: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let dims = even_dims(layout)?;
        let [n, height, width, channels] = dims;
        let map = slice(map, layout)?;
        let size = (n, height / 2, width / 2, KERNEL * KERNEL * channels);
        let mut out = vec![0.0; map.len() / 4 * KERNEL * KERNEL];
        pairs(dims, |pixel, place| {
            out[place * channels..][..channels]
                .copy_from_slice(&map[pixel * channels..][..channels]);
        });
        Ok((CpuStorage::F32(out), size.into()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, map: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let dims = even_dims(layout)?;
        let [n, height, width, channels] = dims;
        let shape = (n, height / 2, width / 2, KERNEL * KERNEL * channels).into();
        glue::moved(
            "patches_stride2",
            (map, layout),
            dims,
            plan::maps::patches,
            shape,
        )
    }

    /// Each pixel takes the sum over the patches that hold it.
    fn bwd(&self, map: &Tensor, _out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::moved_back(
                "patches_stride2",
                map,
                gradient,
                even_dims(map.layout())?,
                plan::maps::patches_back,
            )
            .map(Some);
        }
        let dims = even_dims(map.layout())?;
        let channels = dims[3];
        let numbers = with_slice(gradient, |gradient| {
            let mut to = vec![0.0; map.elem_count()];
            pairs(dims, |pixel, place| {
                let from = &gradient[place * channels..][..channels];
                let to = &mut to[pixel * channels..][..channels];
                to.iter_mut().zip(from).for_each(|(to, g)| *to += g);
            });
            to
        })?;
        tensor_like(map, numbers).map(Some)
    }
}
