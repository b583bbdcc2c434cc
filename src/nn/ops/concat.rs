//! Two maps side by side along channels. Not candle's `cat`, whose backward pass adds strided views, an order of
//! magnitude slower than copying rows.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

/// Joins [n, h, w, a] and [n, h, w, b] to [n, h, w, a+b].
///
/// # Errors
/// When the maps differ in more than channels, or are not contiguous f32 on the CPU.
pub fn concat(first: &Tensor, second: &Tensor) -> Result<Tensor> {
    first.apply_op2(second, Concat)
}

struct Concat;

/// Of both maps, which fit.
fn channels(first: &Layout, second: &Layout) -> Result<[usize; 2]> {
    let (n, height, width, a) = first.shape().dims4()?;
    let (n2, height2, width2, b) = second.shape().dims4()?;
    if (n, height, width) != (n2, height2, width2) || a * b == 0 {
        bail!(
            "concat: expected maps that differ only in channels, found {:?} and {:?}",
            first.shape(),
            second.shape()
        );
    }
    Ok([a, b])
}

impl CustomOp2 for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn cpu_fwd(
        &self,
        first: &CpuStorage,
        first_layout: &Layout,
        second: &CpuStorage,
        second_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, height, width, _) = first_layout.shape().dims4()?;
        let [a, b] = channels(first_layout, second_layout)?;
        let (first, second) = (slice(first, first_layout)?, slice(second, second_layout)?);
        let mut out = Vec::with_capacity(first.len() + second.len());
        for (first, second) in first.chunks_exact(a).zip(second.chunks_exact(b)) {
            out.extend_from_slice(first);
            out.extend_from_slice(second);
        }
        Ok((CpuStorage::F32(out), (n, height, width, a + b).into()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        first: &CudaStorage,
        first_layout: &Layout,
        second: &CudaStorage,
        second_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let channels = channels(first_layout, second_layout)?;
        glue::concat((first, first_layout), (second, second_layout), channels)
    }

    fn bwd(
        &self,
        first: &Tensor,
        second: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            let part = |of: &Tensor, start| {
                of.track_op()
                    .then(|| glue::concat_back(of, gradient, start))
                    .transpose()
            };
            return Ok((part(first, 0)?, part(second, first.dim(3)?)?));
        }
        let (a, both) = (first.dim(3)?, out.dim(3)?);
        let part = |of: &Tensor, from: usize, to: usize| {
            let numbers = with_slice(gradient, |g| {
                let mut part = Vec::with_capacity(of.elem_count());
                for pixel in g.chunks_exact(both) {
                    part.extend_from_slice(&pixel[from..to]);
                }
                part
            })?;
            tensor_like(of, numbers)
        };
        Ok((
            first.track_op().then(|| part(first, 0, a)).transpose()?,
            second
                .track_op()
                .then(|| part(second, a, both))
                .transpose()?,
        ))
    }
}
