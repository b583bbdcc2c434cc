//! What is diffused: images on [−1, 1], padded; or latents, standardised channel by channel (science.md R10, R11).

use super::MICRO;
use crate::config::{Space, TrialConfig};
use crate::data::Images;
use crate::error::{Error, Result};
use crate::model::{Io, LATENT_CHANNELS, Model};
use crate::nn;
use crate::nn::ops::sigmoid;
use crate::task::noisy::{gather, values};
use candle_core::Tensor;

/// From images to what is diffused, and back.
pub(super) struct Canvas<'a> {
    /// Height, width and channels of what is diffused.
    pub(super) shape: [usize; 3],
    image: [usize; 2],
    latents: Option<Latents<'a>>,
}

struct Latents<'a> {
    codec: &'a Model,
    /// Of each channel, over the training images.
    mean: Vec<f32>,
    deviation: Vec<f32>,
    /// Height and width without padding.
    size: [usize; 2],
}

impl<'a> Canvas<'a> {
    /// A canvas for these images.
    ///
    /// # Errors
    /// When latents are asked for and no autoencoder is given.
    pub(super) fn new(
        config: &TrialConfig,
        train: &Images,
        codec: Option<&'a Model>,
    ) -> Result<Self> {
        let image = [train.h, train.w];
        let io = Io::of(config, image);
        let mut canvas = Self {
            shape: [io.size[0], io.size[1], io.channels],
            image,
            latents: None,
        };
        if config.diffusion.space == Space::Latent {
            let codec = codec.ok_or_else(|| {
                Error::Internal("latent diffusion needs a trained autoencoder".into())
            })?;
            canvas.latents = Some(Latents::of(codec, train)?);
        }
        Ok(canvas)
    }

    /// Numbers of one image.
    pub(super) fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Puts images on the canvas, one after the other.
    ///
    /// # Errors
    /// When a tensor operation fails.
    pub(super) fn put(&self, images: &Images) -> Result<Vec<f32>> {
        match &self.latents {
            None => Ok(self.pad(&images.pixels, self.image, 1, -1.0, |x| 2.0 * x - 1.0)),
            Some(latents) => {
                let mut numbers = latents.encode(images)?;
                latents.standardise(&mut numbers);
                Ok(self.pad(&numbers, latents.size, LATENT_CHANNELS, 0.0, |x| x))
            }
        }
    }

    /// The images, values in [0, 1], of what lies on the canvas.
    ///
    /// # Errors
    /// When a tensor operation fails.
    pub(super) fn take(&self, numbers: &[f32]) -> Result<Vec<f32>> {
        let Some(latents) = &self.latents else {
            let pixels = self.crop(numbers, self.image, 1);
            return Ok(pixels
                .iter()
                .map(|x| ((x + 1.0) / 2.0).clamp(0.0, 1.0))
                .collect());
        };
        let mut inner = self.crop(numbers, latents.size, LATENT_CHANNELS);
        latents.restore(&mut inner);
        latents.decode(inner)
    }

    /// Each image in the middle of the canvas, `around` it.
    fn pad(
        &self,
        from: &[f32],
        inner: [usize; 2],
        channels: usize,
        around: f32,
        change: impl Fn(f32) -> f32,
    ) -> Vec<f32> {
        let images = from.len() / (inner[0] * inner[1] * channels);
        let mut out = vec![around; images * self.size()];
        self.rows(images, inner, channels, |here, there| {
            for (out, from) in out[there].iter_mut().zip(&from[here]) {
                *out = change(*from);
            }
        });
        out
    }

    fn crop(&self, from: &[f32], inner: [usize; 2], channels: usize) -> Vec<f32> {
        let images = from.len() / self.size();
        let mut out = vec![0.0; images * inner[0] * inner[1] * channels];
        self.rows(images, inner, channels, |here, there| {
            out[here].copy_from_slice(&from[there]);
        });
        out
    }

    /// Calls `f` with every row of inner images and where it lies on the canvas.
    fn rows(
        &self,
        images: usize,
        inner: [usize; 2],
        channels: usize,
        mut f: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>),
    ) {
        let [height, width, _] = self.shape;
        let (top, left) = ((height - inner[0]) / 2, (width - inner[1]) / 2);
        let row = inner[1] * channels;
        for image in 0..images {
            for y in 0..inner[0] {
                let here = (image * inner[0] + y) * row;
                let there = ((image * height + top + y) * width + left) * channels;
                f(here..here + row, there..there + row);
            }
        }
    }
}

impl<'a> Latents<'a> {
    fn of(codec: &'a Model, train: &Images) -> Result<Self> {
        let mut latents = Self {
            codec,
            mean: Vec::new(),
            deviation: Vec::new(),
            size: [train.h / 4, train.w / 4],
        };
        let numbers = latents.encode(train)?;
        let count = (numbers.len() / LATENT_CHANNELS) as f64;
        for channel in 0..LATENT_CHANNELS {
            let of = || numbers[channel..].iter().step_by(LATENT_CHANNELS);
            let mean = of().map(|x| f64::from(*x)).sum::<f64>() / count;
            let squares = of().map(|x| (f64::from(*x) - mean).powi(2));
            let deviation = (squares.sum::<f64>() / count).sqrt();
            latents.mean.push(mean as f32);
            // A channel that never changes has nothing to scale.
            latents.deviation.push(if deviation > 0.0 {
                deviation as f32
            } else {
                1.0
            });
        }
        Ok(latents)
    }

    fn encode(&self, images: &Images) -> Result<Vec<f32>> {
        let mut out = Vec::new();
        for first in (0..images.n).step_by(MICRO) {
            let some = gather(images, first..images.n.min(first + MICRO))?;
            out.extend(values(&nn::in_f32(|| self.codec.encode(&some))?.detach())?);
        }
        Ok(out)
    }

    fn decode(&self, numbers: Vec<f32>) -> Result<Vec<f32>> {
        let [height, width] = self.size;
        let mut out = Vec::new();
        for some in numbers.chunks(MICRO * height * width * LATENT_CHANNELS) {
            let n = some.len() / (height * width * LATENT_CHANNELS);
            let shape = (n, height, width, LATENT_CHANNELS);
            let latents = Tensor::from_slice(some, shape, nn::device())?;
            out.extend(values(&sigmoid(
                &nn::in_f32(|| self.codec.decode(&latents))?.detach(),
            )?)?);
        }
        Ok(out)
    }

    fn standardise(&self, numbers: &mut [f32]) {
        for pixel in numbers.chunks_mut(LATENT_CHANNELS) {
            for ((x, mean), deviation) in pixel.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *x = (*x - mean) / deviation;
            }
        }
    }

    fn restore(&self, numbers: &mut [f32]) {
        for pixel in numbers.chunks_mut(LATENT_CHANNELS) {
            for ((x, mean), deviation) in pixel.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *x = *x * deviation + mean;
            }
        }
    }
}
