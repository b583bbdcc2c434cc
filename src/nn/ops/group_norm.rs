//! Group normalisation (Wu & He 2018), with ε = 1e-5 and biased variance as PyTorch's, and what follows it in the
//! same pass. candle's has no gradient of its own: it is composed of a dozen operations with a map each.

use super::kernel::level::{self, Level};
use super::kernel::normalise::{self, Backward, Gradients, Moments, Shape};
use super::maps::{slice, tensor_like, with_slice};
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Tensor, bail};
use std::sync::{Arc, OnceLock};

pub use super::kernel::nonlinearity::Nonlinearity;

/// Normalises the map [n, h, w, c] to mean 0 and variance 1 over each image and group of c/`groups` neighbouring
/// channels, times `scale` [c] plus `shift` [c], then `after`.
///
/// # Errors
/// When `groups` does not divide c, shapes do not fit, tensors are not contiguous f32 on the CPU, or `ABLATE_SIMD`
/// names a level that is not there.
pub fn group_norm(
    map: &Tensor,
    scale: &Tensor,
    shift: &Tensor,
    groups: usize,
    after: Nonlinearity,
) -> Result<Tensor> {
    let (n, height, width, channels) = map.dims4()?;
    if groups == 0 || channels % groups != 0 {
        bail!("group_norm: {channels} channels cannot be cut into {groups} groups");
    }
    let shape = Shape {
        images: n,
        pixels: height * width,
        channels,
        groups,
    };
    Ok(normalise(map, scale, shift, shape, after)?.0)
}

/// What [`Normalise`] found in the map, once it is applied.
pub(super) type Found = Arc<OnceLock<Vec<Moments>>>;

/// Normalises the map, taken as one of this shape, and gives the moments it had.
pub(super) fn normalise(
    map: &Tensor,
    scale: &Tensor,
    shift: &Tensor,
    shape: Shape,
    after: Nonlinearity,
) -> Result<(Tensor, Found)> {
    let channels = [shape.channels];
    if map.elem_count() == 0 || scale.dims() != channels || shift.dims() != channels {
        bail!(
            "expected a map with pixels and a scale and shift of one number a channel, found {:?}, {:?} and {:?}",
            map.shape(),
            scale.shape(),
            shift.shape()
        );
    }
    let moments = Found::default();
    let op = Normalise {
        level: level::current().map_err(candle_core::Error::msg)?,
        shape,
        after,
        moments: moments.clone(),
    };
    Ok((map.apply_op3(scale, shift, op)?, moments))
}

struct Normalise {
    level: Level,
    shape: Shape,
    after: Nonlinearity,
    moments: Found,
}

impl CustomOp3 for Normalise {
    fn name(&self) -> &'static str {
        "normalise"
    }

    fn cpu_fwd(
        &self,
        map: &CpuStorage,
        map_layout: &Layout,
        scale: &CpuStorage,
        scale_layout: &Layout,
        shift: &CpuStorage,
        shift_layout: &Layout,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        let map = slice(map, map_layout)?;
        let affine = (slice(scale, scale_layout)?, slice(shift, shift_layout)?);
        let (out, moments) = normalise::forward(self.level, self.shape, map, affine, self.after);
        if self.moments.set(moments).is_err() {
            bail!("normalise: an operation is applied once");
        }
        Ok((CpuStorage::F32(out), map_layout.shape().clone()))
    }

    fn bwd(
        &self,
        map: &Tensor,
        scale: &Tensor,
        shift: &Tensor,
        _out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Some(moments) = self.moments.get() else {
            bail!("normalise: there is no way back before the way there");
        };
        let found: Gradients = with_slice(map, |x| {
            with_slice(scale, |scale| {
                with_slice(shift, |shift| {
                    with_slice(gradient, |gradient| {
                        self.level.run(Backward {
                            shape: self.shape,
                            x,
                            scale,
                            shift,
                            after: self.after,
                            moments,
                            gradient,
                        })
                    })
                })
            })
        })????;
        Ok((
            Some(tensor_like(map, found.x)?),
            Some(tensor_like(scale, found.scale)?),
            Some(tensor_like(shift, found.shift)?),
        ))
    }
}
