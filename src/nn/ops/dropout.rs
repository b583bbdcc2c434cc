//! Dropout (Srivastava et al. 2014) from keyed streams, so that what is dropped of an image depends neither on the
//! images beside it nor on the machine. candle's generator cannot be seeded.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::maps::{slice, tensor_like, with_slice};
use crate::seed::Key;
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

/// Sets each number of `map` [n, ..] to 0 with probability `rate`, drawn from the stream of its image's key, and
/// divides the others by 1 − `rate`.
///
/// # Errors
/// When there is not one key an image, `rate` is not in [0, 1), or `map` is not contiguous f32 on the CPU.
pub fn dropout(map: &Tensor, keys: &[Key], rate: f32) -> Result<Tensor> {
    if !(0.0..1.0).contains(&rate) || map.dim(0)? != keys.len() {
        bail!(
            "dropout: expected a rate from 0 to below 1 and a key for each image, found {rate} and {} keys for {:?}",
            keys.len(),
            map.shape()
        );
    }
    let size = map.elem_count() / keys.len().max(1);
    let mut draws = vec![0.0; size];
    let mut kept = Vec::with_capacity(map.elem_count());
    for key in keys {
        key.clone().stream().fill_uniform_f32(&mut draws);
        kept.extend(draws.iter().map(|&draw| draw >= rate));
    }
    let scale = 1.0 / (1.0 - rate);
    map.apply_op1(Dropout { kept, scale })
}

struct Dropout {
    kept: Vec<bool>,
    scale: f32,
}

impl Dropout {
    /// Multiplies, so that NaN is seen even where it is dropped.
    fn apply(&self, numbers: &[f32]) -> Vec<f32> {
        let factor = |kept| if kept { self.scale } else { 0.0 };
        let both = numbers.iter().zip(&self.kept);
        both.map(|(x, &kept)| x * factor(kept)).collect()
    }
}

impl CustomOp1 for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, map: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let out = self.apply(slice(map, layout)?);
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, map: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        glue::dropout(map, layout, &self.kept, self.scale)
    }

    fn bwd(&self, map: &Tensor, _out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::dropout_back(gradient, &self.kept, self.scale).map(Some);
        }
        let numbers = with_slice(gradient, |gradient| self.apply(gradient))?;
        tensor_like(map, numbers).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    fn keys(images: std::ops::Range<u64>) -> Vec<Key> {
        images
            .map(|image| Key::new(3, "dropout").number(image))
            .collect()
    }

    fn dropped(x: &Tensor, images: std::ops::Range<u64>, rate: f32) -> Vec<f32> {
        let out = dropout(x, &keys(images), rate).expect("a key for each image");
        out.flatten_all()
            .and_then(|out| out.to_vec1())
            .expect("f32")
    }

    fn ones(images: usize) -> Tensor {
        Tensor::ones((images, 10, 10, 5), candle_core::DType::F32, &Device::Cpu).expect("a tensor")
    }

    #[test]
    fn what_is_dropped_depends_on_the_image_alone() {
        let all = dropped(&ones(6), 0..6, 0.25);
        let (first, rest) = (dropped(&ones(2), 0..2, 0.25), dropped(&ones(4), 2..6, 0.25));
        assert_eq!(all, [first, rest].concat());
        assert_ne!(all[..500], all[500..1000]);
    }

    /// Oracle: the definition; the share within five standard deviations √(p(1−p)/n).
    #[test]
    fn the_rest_is_scaled_so_that_the_mean_stays() {
        for rate in [0.0f32, 0.25, 0.5] {
            let out = dropped(&ones(40), 0..40, rate);
            let kept = 1.0 / (1.0 - rate);
            assert!(out.iter().all(|&x| x == 0.0 || x == kept));
            let share = out.iter().filter(|&&x| x == 0.0).count() as f32 / out.len() as f32;
            let spread = (rate * (1.0 - rate) / out.len() as f32).sqrt();
            assert!((share - rate).abs() <= 5.0 * spread, "{share} of {rate}");
        }
    }

    #[test]
    fn the_gradient_passes_where_the_number_did_and_nan_is_seen() -> Result<()> {
        let x = Var::from_tensor(&ones(2))?;
        let out = dropout(&x, &keys(0..2), 0.5)?;
        let store = out.sum_all()?.backward()?;
        let gradient = store.get(&x).map(|g| g.flatten_all()?.to_vec1::<f32>());
        // Of ones, the result is the slope.
        assert_eq!(gradient.transpose()?, Some(out.flatten_all()?.to_vec1()?));
        let nan = (ones(1) * f64::NAN)?;
        assert!(dropped(&nan, 0..1, 0.5).iter().all(|x| x.is_nan()));
        Ok(())
    }

    #[test]
    fn rates_and_keys_that_do_not_fit_are_refused() {
        for (images, rate) in [(0..1, 0.5), (0..2, 1.0), (0..2, -0.1), (0..2, f32::NAN)] {
            let problem = dropout(&ones(2), &keys(images), rate)
                .expect_err("refused")
                .to_string();
            assert!(problem.contains("dropout: expected"), "{problem}");
        }
    }
}
