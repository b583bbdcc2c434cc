//! Convolution: out[n,y,x,o] = bias[o] + Σ in[n, y+dy−k/2, x+dx−k/2, i] · weight[dy,dx,i,o], zeros outside.
//!
//! Not candle's: its gradients are naive loops, it always computes that of the input images, and its matrix product
//! cuts sums by detected cache sizes, which changes the last bit between machines.

use super::kernel::conv::{self, Shape};
use super::kernel::level::{self, Level};
use super::maps::{slice, tensor_like, with_slice};
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Tensor, bail};

/// Convolves `input` [n, h, w, in] with `weight` [k, k, in, out] (k odd) and adds `bias` [out]: [n, h, w, out].
///
/// # Errors
/// When shapes do not fit, tensors are not contiguous f32 on the CPU, or `ABLATE_SIMD` names a level that is not there.
pub fn conv2d(input: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let level = level::current().map_err(candle_core::Error::msg)?;
    input.apply_op3(weight, bias, Conv2d { level })
}

struct Conv2d {
    level: Level,
}

fn shape(input: &[usize], weight: &[usize], bias: &[usize]) -> Result<Shape> {
    match (input, weight, bias) {
        (&[n, height, width, channels], &[k, k2, i, output], &[b])
            if k == k2
                && k % 2 == 1
                && i == channels
                && b == output
                && height * width * i * output > 0 =>
        {
            Ok(Shape {
                n,
                height,
                width,
                input: i,
                output,
                kernel: k,
            })
        }
        _ => bail!(
            "conv2d: expected input [n, h, w, in], weight [k, k, in, out] with odd k and bias [out], found {input:?}, {weight:?}, {bias:?}"
        ),
    }
}

impl CustomOp3 for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        let shape = shape(
            input_layout.dims(),
            weight_layout.dims(),
            bias_layout.dims(),
        )?;
        let out = conv::forward(
            self.level,
            shape,
            slice(input, input_layout)?,
            slice(weight, weight_layout)?,
            slice(bias, bias_layout)?,
        );
        let dims = (shape.n, shape.height, shape.width, shape.output);
        Ok((CpuStorage::F32(out), dims.into()))
    }

    fn bwd(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let shape = shape(input.dims(), weight.dims(), bias.dims())?;
        with_slice(gradient, |g| {
            let to_input = || {
                let numbers =
                    with_slice(weight, |w| conv::input_gradient(self.level, shape, g, w))?;
                tensor_like(input, numbers)
            };
            let to_weight = || {
                let numbers =
                    with_slice(input, |x| conv::weight_gradient(self.level, shape, x, g))?;
                tensor_like(weight, numbers)
            };
            let to_bias = || tensor_like(bias, conv::bias_gradient(shape, g));
            // An image that nothing was learned for needs no gradient: the most expensive one of the first layer.
            Ok((
                input.track_op().then(to_input).transpose()?,
                weight.track_op().then(to_weight).transpose()?,
                bias.track_op().then(to_bias).transpose()?,
            ))
        })?
    }
}
