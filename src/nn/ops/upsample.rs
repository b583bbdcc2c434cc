//! Every pixel four times. Not candle's, whose backward pass overwrites a gradient that is already there: a map used
//! by an upsampling and by a skip loses the skip's part.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::maps::{slice, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor, bail};

/// Nearest-neighbour upsampling of [n, h, w, c] by 2: [n, 2h, 2w, c].
///
/// # Errors
/// When `x` is not a contiguous f32 map on the CPU.
pub fn upsample2(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(Upsample2)
}

struct Upsample2;

impl CustomOp1 for Upsample2 {
    fn name(&self) -> &'static str {
        "upsample2"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, height, width, channels) = layout.shape().dims4()?;
        if width * channels == 0 {
            bail!(
                "upsample2: expected a map with pixels, found {:?}",
                layout.shape()
            );
        }
        let x = slice(x, layout)?;
        let mut out = Vec::with_capacity(4 * x.len());
        for line in x.chunks_exact(width * channels) {
            let start = out.len();
            for pixel in line.chunks_exact(channels) {
                out.extend_from_slice(pixel);
                out.extend_from_slice(pixel);
            }
            out.extend_from_within(start..);
        }
        Ok((
            CpuStorage::F32(out),
            (n, 2 * height, 2 * width, channels).into(),
        ))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, x: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        glue::upsample2(x, layout)
    }

    /// Each pixel takes the sum of its four copies.
    fn bwd(&self, x: &Tensor, _out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::upsample2_back(x, gradient).map(Some);
        }
        let (_, _, width, channels) = x.dims4()?;
        let row = 2 * width * channels;
        let numbers = with_slice(gradient, |g| {
            let mut to = vec![0.0; g.len() / 4];
            for (lines, to) in g.chunks_exact(2 * row).zip(to.chunks_exact_mut(row / 2)) {
                let (upper, lower) = lines.split_at(row);
                let blocks = upper
                    .chunks_exact(2 * channels)
                    .zip(lower.chunks_exact(2 * channels));
                for ((upper, lower), to) in blocks.zip(to.chunks_exact_mut(channels)) {
                    let (a, b) = upper.split_at(channels);
                    let (c, d) = lower.split_at(channels);
                    for at in 0..channels {
                        to[at] = (a[at] + b[at]) + (c[at] + d[at]);
                    }
                }
            }
            to
        })?;
        Tensor::from_vec(numbers, x.shape(), &Device::Cpu).map(Some)
    }
}
