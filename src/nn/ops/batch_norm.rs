//! Batch normalisation (Ioffe & Szegedy 2015): each channel over all images, which is group normalisation of one
//! image with all pixels and groups of one channel. In evaluation by statistics gathered before.

use super::group_norm::{Found, Normalised, normalise};
use super::kernel::level;
use super::kernel::normalise::{self, Moments, Shape};
use super::maps::{tensor_like, with_slice};
use candle_core::{Result, Tensor, Var, bail};
use std::sync::Arc;

/// The moments of a batch, where they were found.
pub struct BatchMoments {
    found: Arc<Found>,
    pixels: usize,
}

/// What a batch had, one number a channel: what running averages are made of.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchStatistics {
    /// Mean.
    pub mean: Vec<f32>,
    /// Unbiased variance: over m − 1, as PyTorch keeps it (and normalises by that over m).
    pub variance: Vec<f32>,
}

/// Normalises the map [n, h, w, c] to mean 0 and variance 1 (ε = 1e-5) over all but channels, times `scale` [c] plus
/// `shift` [c], then `after`.
///
/// # Errors
/// When there is but one number a channel, shapes do not fit, tensors are not contiguous f32 on the CPU, or
/// `ABLATE_SIMD` names a level that is not there.
pub fn batch_norm(
    map: &Tensor,
    scale: &Tensor,
    shift: &Tensor,
    after: Normalised,
) -> Result<(Tensor, BatchMoments)> {
    let (n, height, width, channels) = map.dims4()?;
    let pixels = n * height * width;
    if pixels < 2 {
        bail!(
            "batch_norm: a variance needs two pixels or more, found {:?}",
            map.shape()
        );
    }
    let shape = Shape {
        images: 1,
        pixels,
        channels,
        groups: channels,
    };
    let (out, found) = normalise(map, scale, shift, shape, after)?;
    Ok((out, BatchMoments { found, pixels }))
}

impl BatchMoments {
    /// m/(m − 1).
    fn unbiased(&self) -> f64 {
        self.pixels as f64 / (self.pixels - 1) as f64
    }

    /// Brought to the host, which waits for a GPU.
    ///
    /// # Errors
    /// When the GPU fails.
    pub fn statistics(&self) -> Result<BatchStatistics> {
        let moments = self.found.moments()?;
        let unbiased = self.unbiased();
        Ok(BatchStatistics {
            mean: moments.iter().map(|of| of.mean as f32).collect(),
            variance: moments
                .iter()
                .map(|of| (of.variance * unbiased) as f32)
                .collect(),
        })
    }

    /// Moves running averages \[c\] by them: (1 − `momentum`) of the old, `momentum` of the new. Nobody waits for a GPU.
    /// Nobody else may read the averages meanwhile.
    ///
    /// # Errors
    /// When there is not one average a channel.
    pub fn move_averages(&self, mean: &Var, variance: &Var, momentum: f64) -> Result<()> {
        #[cfg(feature = "cuda")]
        if mean.device().is_cuda() {
            let averages = [mean.as_tensor(), variance.as_tensor()];
            return self
                .found
                .move_averages(averages, self.unbiased(), momentum);
        }
        let batch = self.statistics()?;
        move_average(mean, &batch.mean, momentum)?;
        move_average(variance, &batch.variance, momentum)
    }
}

fn move_average(running: &Var, batch: &[f32], momentum: f64) -> Result<()> {
    let old: Vec<f32> = running.to_vec1()?;
    let moved = old.iter().zip(batch).map(|(old, batch)| {
        ((1.0 - momentum) * f64::from(*old) + momentum * f64::from(*batch)) as f32
    });
    let moved: Vec<f32> = moved.collect();
    running.set(&Tensor::from_vec(moved, batch.len(), running.device())?)
}

/// Normalises the map [n, h, w, c] by the given mean and variance, one number a channel each, in the place of its
/// own: for evaluation, without a gradient.
///
/// # Errors
/// When shapes do not fit, tensors are not contiguous f32 on the CPU, or `ABLATE_SIMD` names a level that is not
/// there.
pub fn normalise_by(
    map: &Tensor,
    mean: &Tensor,
    variance: &Tensor,
    scale: &Tensor,
    shift: &Tensor,
    after: Normalised,
) -> Result<Tensor> {
    let (_, _, _, channels) = map.dims4()?;
    let given = [mean, variance, scale, shift];
    if channels == 0 || given.iter().any(|tensor| tensor.dims() != [channels]) {
        bail!(
            "normalise_by: expected one mean, variance, scale and shift for each of {channels} channels, found {:?}",
            given.map(Tensor::dims)
        );
    }
    #[cfg(feature = "cuda")]
    if map.device().is_cuda() {
        return super::cuda::glue::normalise_by(map, given, after);
    }
    let level = level::current().map_err(candle_core::Error::msg)?;
    let moments = with_slice(mean, |mean| {
        with_slice(variance, |variance| {
            let both = mean.iter().zip(variance);
            let moments = both.map(|(&mean, &variance)| Moments {
                mean: mean.into(),
                variance: variance.into(),
            });
            moments.collect::<Vec<_>>()
        })
    })??;
    let numbers = with_slice(map, |x| {
        with_slice(scale, |scale| {
            with_slice(shift, |shift| {
                normalise::by(level, x, &moments, (scale, shift), after)
            })
        })
    })???;
    tensor_like(map, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn vector(numbers: &[f32]) -> Tensor {
        Tensor::from_slice(numbers, numbers.len(), &Device::Cpu).expect("a vector")
    }

    fn map(numbers: &[f32], shape: (usize, usize, usize, usize)) -> Tensor {
        Tensor::from_slice(numbers, shape, &Device::Cpu).expect("a shape that fits")
    }

    /// Oracle: by hand. 1, 2, 3, 6 have mean 3 and squared deviations of 14 in all.
    #[test]
    fn statistics_are_the_mean_and_the_unbiased_variance() -> Result<()> {
        let x = map(&[1.0, 7.0, 2.0, 7.0, 3.0, 7.0, 6.0, 7.0], (2, 1, 2, 2));
        let (scale, shift) = (vector(&[1.0, 1.0]), vector(&[0.0, 0.5]));
        let (out, found) = batch_norm(&x, &scale, &shift, Normalised::Plain)?;
        let statistics = found.statistics()?;
        assert_eq!(statistics.mean, [3.0, 7.0]);
        assert_eq!(statistics.variance, [14.0 / 3.0, 0.0]);
        let [mean, variance] = [[1.0f32, 7.0], [1.0, 0.5]].map(|of| Var::new(&of, &Device::Cpu));
        let (mean, variance) = (mean?, variance?);
        found.move_averages(&mean, &variance, 0.25)?;
        assert_eq!(mean.to_vec1::<f32>()?, [1.5, 7.0]);
        assert_eq!(variance.to_vec1::<f32>()?, [0.75 + 3.5 / 3.0, 0.375]);
        let out: Vec<f32> = out.flatten_all()?.to_vec1()?;
        let right = [-2.0f32, -1.0, 0.0, 3.0].map(|x| x / 3.5f32.sqrt());
        for (out, right) in out.chunks_exact(2).zip(right) {
            assert!((out[0] - right).abs() < 1e-5 && out[1] == 0.5, "{out:?}");
        }
        Ok(())
    }

    /// Oracle: by hand. Variances are such that with ε their roots are 2 and ½.
    #[test]
    fn given_statistics_take_the_place_of_those_of_the_map() -> Result<()> {
        let (mean, variance) = (vector(&[1.0, -1.0]), vector(&[4.0 - 1e-5, 0.25 - 1e-5]));
        let x = map(&[5.0, 0.0, -1.0, -1.0], (1, 2, 1, 2));
        let (scale, shift) = (vector(&[10.0, 1.0]), vector(&[1.0, 0.0]));
        let out = normalise_by(&x, &mean, &variance, &scale, &shift, Normalised::Relu)?;
        let out: Vec<f32> = out.flatten_all()?.to_vec1()?;
        for (out, right) in out.iter().zip([21.0, 2.0, 0.0, 0.0]) {
            assert!((out - right).abs() < 1e-5, "{out} instead of {right}");
        }
        Ok(())
    }

    #[test]
    fn a_variance_of_one_number_and_statistics_that_do_not_fit_are_refused() {
        let (x, one) = (map(&[1.0, 2.0], (1, 1, 1, 2)), vector(&[1.0, 1.0]));
        let found = batch_norm(&x, &one, &one, Normalised::Plain).map(|(out, _)| out);
        let text = found.expect_err("one pixel").to_string();
        assert!(text.contains("two pixels"), "{text}");
        let found = normalise_by(&x, &vector(&[0.0]), &one, &one, &one, Normalised::Plain);
        let text = found.expect_err("one mean").to_string();
        assert!(text.contains("2 channels"), "{text}");
    }
}
