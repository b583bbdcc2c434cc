//! Convolution, ReLU and 2×2 max-pool as one operation, where nobody else wants the map before the pool: it is never
//! kept, and its gradient, four times as large as the pool's, never passes through autograd.

use super::conv2d::{Activation, Conv2d, Scale};
#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::kernel::pool;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use std::sync::OnceLock;

/// The 2×2 max-pool of the ReLU of the convolution of `map` [n, h, w, in] (h and w even) with `weight` [k, k, in, out]
/// plus `bias` [out]: [n, h/2, w/2, out].
///
/// # Errors
/// When shapes do not fit, tensors are not contiguous f32 on the CPU, or `ABLATE_SIMD` names a level that is not there.
pub fn conv2d_relu_max_pool2(map: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    // The largest of four is positive where the largest of their ReLUs is: ReLU may wait until the pool is done.
    let conv = Conv2d::new(&[(map, Scale::Full)], weight, bias, Activation::None)?;
    let op = ConvPool {
        conv,
        winners: OnceLock::new(),
        #[cfg(feature = "cuda")]
        on_gpu: glue::Kept::new(),
    };
    map.apply_op3(weight, bias, op)
}

struct ConvPool {
    conv: Conv2d,
    /// Which of its four pixels each output came from, nobody where ReLU cut it off.
    winners: OnceLock<Vec<u8>>,
    /// The same on the GPU.
    #[cfg(feature = "cuda")]
    on_gpu: glue::Kept,
}

/// Whether a pool fits.
fn even(height: usize, width: usize) -> Result<()> {
    if !height.is_multiple_of(2) || !width.is_multiple_of(2) {
        bail!("conv2d_relu_max_pool2: expected even height and width, found {height}×{width}");
    }
    Ok(())
}

impl CustomOp3 for ConvPool {
    fn name(&self) -> &'static str {
        "conv2d_relu_max_pool2"
    }

    fn cpu_fwd(
        &self,
        map: &CpuStorage,
        map_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let map = (slice(map, map_layout)?, map_layout.dims());
        let (weights, bias) = (slice(weight, weight_layout)?, slice(bias, bias_layout)?);
        let (shape, before) = self.conv.forward(&[map], weights, bias)?;
        let [height, width] = [shape.height, shape.width];
        even(height, width)?;
        let (mut out, mut winners) = pool::forward(self.conv.level, &before, width, shape.output);
        for (y, winner) in out.iter_mut().zip(&mut winners) {
            // Not `max`, which would turn NaN into 0.
            (*y, *winner) = match *y <= 0.0 {
                true => (0.0, pool::NOBODY),
                false => (*y, *winner),
            };
        }
        if self.winners.set(winners).is_err() {
            bail!("conv2d_relu_max_pool2: an operation is applied once");
        }
        let dims = (shape.n, height / 2, width / 2, shape.output);
        Ok((CpuStorage::F32(out), dims.into()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        map: &CudaStorage,
        map_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
        bias: &CudaStorage,
        bias_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let arguments = [
            (map, map_layout),
            (weight, weight_layout),
            (bias, bias_layout),
        ];
        let weights = weight_layout.shape().elem_count();
        let name = self.name();
        self.conv
            .with_form(name, &[map_layout.dims()], weights, |form| {
                let [height, width] = [form.shape.height, form.shape.width];
                even(height, width)?;
                glue::conv_pool(form, arguments, &self.on_gpu)
            })
    }

    fn bwd(
        &self,
        map: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            let parameters = [weight, bias];
            let (name, weights) = (self.name(), weight.elem_count());
            let (mut maps, found) = self.conv.with_form(name, &[map.dims()], weights, |form| {
                glue::conv_pool_back(form, map, parameters, gradient, &self.on_gpu)
            })?;
            let mut found = found.into_iter();
            return Ok((maps.pop().flatten(), found.next(), found.next()));
        }
        let Some(winners) = self.winners.get() else {
            bail!("conv2d_relu_max_pool2: there is no way back before the way there");
        };
        let (_, _, width, channels) = out.dims4()?;
        let level = self.conv.level;
        let before = with_slice(gradient, |gradient| {
            pool::backward(level, gradient, winners, 2 * width, channels)
        })?;
        let (mut maps, mut packed) = with_slice(weight, |weights| {
            with_slice(bias, |bias| {
                // Without an activation the convolution's way back does not look at what it gave.
                self.conv.backward(&[map], weights, bias, &before, &before)
            })
        })???;
        let to_bias = packed.split_off(weight.elem_count());
        Ok((
            maps.pop().flatten(),
            Some(tensor_like(weight, packed)?),
            Some(tensor_like(bias, to_bias)?),
        ))
    }
}
