//! The largest of each 2×2 block. Not candle's, whose gradient is a quarter of the right one. Of equal values the
//! first (in reading order) takes the gradient, as in PyTorch.

use super::maps::{even_dims, slice, tensor_like, with_slice};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// Max-pools [n, h, w, c] by 2: [n, h/2, w/2, c].
///
/// # Errors
/// When height or width is odd, or `x` is not contiguous f32 on the CPU.
pub fn max_pool2(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(MaxPool2)
}

struct MaxPool2;

/// The larger; NaN when either is.
fn larger(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() { b } else { a }
}

impl CustomOp1 for MaxPool2 {
    fn name(&self) -> &'static str {
        "max_pool2"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let [n, height, width, channels] = even_dims(layout)?;
        let x = slice(x, layout)?;
        let mut out = vec![0.0; x.len() / 4];
        let row = width * channels;
        for (lines, out) in x.chunks_exact(2 * row).zip(out.chunks_exact_mut(row / 2)) {
            let (upper, lower) = lines.split_at(row);
            let blocks = upper
                .chunks_exact(2 * channels)
                .zip(lower.chunks_exact(2 * channels));
            for ((upper, lower), out) in blocks.zip(out.chunks_exact_mut(channels)) {
                let (a, b) = upper.split_at(channels);
                let (c, d) = lower.split_at(channels);
                for at in 0..channels {
                    out[at] = larger(larger(larger(a[at], b[at]), c[at]), d[at]);
                }
            }
        }
        Ok((
            CpuStorage::F32(out),
            (n, height / 2, width / 2, channels).into(),
        ))
    }

    fn bwd(&self, x: &Tensor, out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let [_, _, width, channels] = even_dims(x.layout())?;
        let numbers = with_slice(x, |x| {
            with_slice(out, |out| {
                with_slice(gradient, |g| spread(x, out, g, width, channels))
            })
        })???;
        tensor_like(x, numbers).map(Some)
    }
}

/// Gives the gradient of each block to the first of its four values that equals the block's maximum.
fn spread(x: &[f32], out: &[f32], gradient: &[f32], width: usize, channels: usize) -> Vec<f32> {
    let mut to = vec![0.0; x.len()];
    let row = width * channels;
    let lines = x.chunks_exact(2 * row).zip(to.chunks_exact_mut(2 * row));
    let pooled = out
        .chunks_exact(row / 2)
        .zip(gradient.chunks_exact(row / 2));
    for ((x, to), (out, gradient)) in lines.zip(pooled) {
        let (to_upper, to_lower) = to.split_at_mut(row);
        for (block, (out, g)) in out
            .chunks_exact(channels)
            .zip(gradient.chunks_exact(channels))
            .enumerate()
        {
            let left = 2 * block * channels;
            let (a, b) = x[left..left + 2 * channels].split_at(channels);
            let (c, _) = x[row + left..row + left + 2 * channels].split_at(channels);
            let (to_a, to_b) = to_upper[left..left + 2 * channels].split_at_mut(channels);
            let (to_c, to_d) = to_lower[left..left + 2 * channels].split_at_mut(channels);
            for at in 0..channels {
                let (is_a, is_b, is_c) = (a[at] == out[at], b[at] == out[at], c[at] == out[at]);
                let pick = |yes: bool| if yes { g[at] } else { 0.0 };
                to_a[at] = pick(is_a);
                to_b[at] = pick(!is_a & is_b);
                to_c[at] = pick(!is_a & !is_b & is_c);
                to_d[at] = pick(!is_a & !is_b & !is_c);
            }
        }
    }
    to
}
