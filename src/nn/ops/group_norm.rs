//! Group normalisation (Wu & He 2018), with ε = 1e-5 and biased variance as PyTorch's, and what follows it in the
//! same pass. candle's has no gradient of its own: it is composed of a dozen operations with a map each.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::kernel::level::{self, Level};
use super::kernel::normalise::{self, Backward, Gradients, Moments, Shape};
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Tensor, bail};
use std::sync::{Arc, OnceLock};

pub use super::kernel::normalised::Normalised;

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
    after: Normalised,
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
#[derive(Default)]
pub(super) struct Found {
    on_cpu: OnceLock<Vec<Moments>>,
    #[cfg(feature = "cuda")]
    on_gpu: glue::Kept,
}

impl Found {
    /// The moments, [images, groups].
    pub(super) fn moments(&self) -> Result<Vec<Moments>> {
        #[cfg(feature = "cuda")]
        if self.on_gpu.get().is_some() {
            return glue::moments(&self.on_gpu);
        }
        match self.on_cpu.get() {
            Some(moments) => Ok(moments.clone()),
            None => bail!("normalise: there are no moments before the way there"),
        }
    }

    /// Moves averages on the GPU by the moments, which are there.
    #[cfg(feature = "cuda")]
    pub(super) fn move_averages(
        &self,
        averages: [&Tensor; 2],
        unbiased: f64,
        momentum: f64,
    ) -> Result<()> {
        glue::move_averages(&self.on_gpu, averages, unbiased, momentum)
    }
}

/// Normalises the map, taken as one of this shape, and gives the moments it had.
pub(super) fn normalise(
    map: &Tensor,
    scale: &Tensor,
    shift: &Tensor,
    shape: Shape,
    after: Normalised,
) -> Result<(Tensor, Arc<Found>)> {
    let channels = [shape.channels];
    if map.elem_count() == 0 || scale.dims() != channels || shift.dims() != channels {
        bail!(
            "expected a map with pixels and a scale and shift of one number a channel, found {:?}, {:?} and {:?}",
            map.shape(),
            scale.shape(),
            shift.shape()
        );
    }
    let found = Arc::new(Found::default());
    let op = Normalise {
        level: level::current().map_err(candle_core::Error::msg)?,
        shape,
        after,
        found: found.clone(),
    };
    Ok((map.apply_op3(scale, shift, op)?, found))
}

struct Normalise {
    level: Level,
    shape: Shape,
    after: Normalised,
    found: Arc<Found>,
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
        if self.found.on_cpu.set(moments).is_err() {
            bail!("normalise: an operation is applied once");
        }
        Ok((CpuStorage::F32(out), map_layout.shape().clone()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        map: &CudaStorage,
        map_layout: &Layout,
        scale: &CudaStorage,
        scale_layout: &Layout,
        shift: &CudaStorage,
        shift_layout: &Layout,
    ) -> Result<(CudaStorage, candle_core::Shape)> {
        let arguments = [
            (map, map_layout),
            (scale, scale_layout),
            (shift, shift_layout),
        ];
        glue::normalise(self.shape, self.after, arguments, &self.found.on_gpu)
    }

    fn bwd(
        &self,
        map: &Tensor,
        scale: &Tensor,
        shift: &Tensor,
        _out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            let inputs = [map, scale, shift];
            let kept = &self.found.on_gpu;
            let found = glue::normalise_back(self.shape, self.after, inputs, gradient, kept)?;
            return Ok(found.map(Some).into());
        }
        let Some(moments) = self.found.on_cpu.get() else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    fn wave(shape: &[usize], offset: f64) -> Vec<f32> {
        let number = |at: usize| (offset + (1.7 * at as f64).sin()) as f32;
        (0..shape.iter().product()).map(number).collect()
    }

    fn var(numbers: Vec<f32>, shape: &[usize]) -> Var {
        Var::from_vec(numbers, shape, &Device::Cpu).expect("a shape that fits")
    }

    fn flat(tensor: &Tensor) -> Vec<f32> {
        tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")
    }

    /// An image and the gradient of Σ out² to it.
    fn out_and_gradient(numbers: Vec<f32>, shape: &[usize]) -> [Vec<f32>; 2] {
        let (x, c) = (var(numbers, shape), shape[3]);
        let (scale, shift) = (var(wave(&[c], 0.5), &[c]), var(wave(&[c], 0.2), &[c]));
        let out = group_norm(&x, &scale, &shift, 3, Normalised::Silu).expect("three groups");
        let store = out.sqr().and_then(|y| y.sum_all()?.backward());
        let gradients = store.expect("a way back");
        [flat(&out), flat(gradients.get(&x).expect("of the map"))]
    }

    #[test]
    fn an_image_has_the_same_bits_alone_and_among_others() {
        let shape = [3, 7, 5, 12];
        let numbers = wave(&shape, 0.0);
        let together = out_and_gradient(numbers.clone(), &shape);
        for (image, numbers) in numbers.chunks(7 * 5 * 12).enumerate() {
            let alone = out_and_gradient(numbers.to_vec(), &[1, 7, 5, 12]);
            for (together, alone) in together.iter().zip(alone) {
                assert_eq!(together[image * alone.len()..][..alone.len()], alone);
            }
        }
    }

    /// Oracle: the definition, in f64, of the same f32 numbers. A mean a thousand times the deviation takes no more
    /// digits than f32 numbers of that size lack anyway.
    #[test]
    fn a_large_mean_costs_no_digits() {
        let shape = [1, 20, 20, 3];
        let numbers = wave(&shape, 1000.0);
        let (one, zero) = (var(vec![1.0; 3], &[3]), var(vec![0.0; 3], &[3]));
        let x = var(numbers.clone(), &shape);
        let out = group_norm(&x, &one, &zero, 1, Normalised::Plain).expect("one group");
        let count = numbers.len() as f64;
        let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let squares = numbers.iter().map(|&x| (f64::from(x) - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count + 1e-5).sqrt();
        for (out, &x) in flat(&out).into_iter().zip(&numbers) {
            let right = (f64::from(x) - mean) / deviation;
            // Half a unit of the mean's last place is 3e-5.
            assert!((f64::from(out) - right).abs() < 6e-5, "{out} of {right}");
        }
    }

    #[test]
    fn one_nan_or_infinity_is_seen_in_all_of_its_group_and_no_other() {
        for wrong in [f32::NAN, f32::INFINITY] {
            let mut numbers = wave(&[1, 2, 2, 6], 0.0);
            numbers[7] = wrong;
            let [out, _] = out_and_gradient(numbers, &[1, 2, 2, 6]);
            for (at, x) in out.iter().enumerate() {
                assert_eq!(x.is_nan(), at % 6 < 2, "{at}");
            }
        }
    }

    #[test]
    fn groups_and_shapes_that_do_not_fit_are_refused() {
        let x = var(wave(&[1, 2, 2, 6], 0.0), &[1, 2, 2, 6]);
        let six = var(vec![1.0; 6], &[6]);
        let five = var(vec![1.0; 5], &[5]);
        for (scale, groups, text) in [
            (&six, 4, "4 groups"),
            (&six, 0, "0 groups"),
            (&five, 2, "[5]"),
        ] {
            let problem = group_norm(&x, scale, &six, groups, Normalised::Plain);
            let found = problem.expect_err("does not fit").to_string();
            assert!(found.contains(text), "{found}");
        }
    }
}
