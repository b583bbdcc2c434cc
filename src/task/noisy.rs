//! Noisy images beside the clean ones: what denoising and classification are fed.

use super::iterate::Passed;
use super::shelf::Shelf;
use crate::config::{NoiseConfig, Resample};
use crate::data::{Images, Split, Splits, corrupt};
use crate::error::Result;
use crate::metric::{Due, Metric, Picture, Ratio};
use crate::nn;
use crate::outcome::Samples;
use candle_core::Tensor;
use std::ops::Range;

/// How many test images are recorded as pictures: the first ones, the same in every trial.
const PICTURES: usize = 8;

/// The draw of noise that is made once; fresh noise of an epoch is draw 1 + epoch.
const FIXED_DRAW: u64 = 0;

pub(super) struct Noisy<'a> {
    noise: &'a NoiseConfig,
    seed: u64,
    clean: &'a Splits,
    train: Images,
    valid: Images,
    test: Images,
    shelf: Shelf,
}

impl<'a> Noisy<'a> {
    /// Draws all noise that is drawn once. Evaluation noise always is.
    pub(super) fn new(noise: &'a NoiseConfig, seed: u64, clean: &'a Splits) -> Self {
        let draw = |split, images| corrupt(noise, seed, split, FIXED_DRAW, images);
        Self {
            noise,
            seed,
            clean,
            train: match noise.resample {
                Resample::Fixed => draw(Split::Train, &clean.train),
                Resample::Fresh => Images::default(),
            },
            valid: draw(Split::Valid, &clean.valid),
            test: draw(Split::Test, &clean.test),
            shelf: Shelf::default(),
        }
    }

    /// Makes the training images of an epoch (from 0) ready.
    pub(super) fn begin_epoch(&mut self, epoch: u64) {
        if self.noise.resample == Resample::Fresh {
            let (draw, images) = (1 + epoch, &self.clean.train);
            self.train = corrupt(self.noise, self.seed, Split::Train, draw, images);
            self.shelf = Shelf::default();
        }
    }

    /// A batch of noisy training images.
    pub(super) fn noisy_batch(
        &self,
        images: impl ExactSizeIterator<Item = usize>,
    ) -> Result<Tensor> {
        self.shelf.take(&[&self.train], images)
    }

    /// A batch of noisy training images, and from their number on of clean ones.
    pub(super) fn batch(&self, images: impl ExactSizeIterator<Item = usize>) -> Result<Tensor> {
        self.shelf.take(&[&self.train, &self.clean.train], images)
    }

    pub(super) fn clean(&self, split: Split) -> &Images {
        match split {
            Split::Train => &self.clean.train,
            Split::Valid => &self.clean.valid,
            Split::Test => &self.clean.test,
        }
    }

    pub(super) fn noisy(&self, split: Split) -> &Images {
        match split {
            Split::Train => &self.train,
            Split::Valid => &self.valid,
            Split::Test => &self.test,
        }
    }

    /// How many test images are pictured.
    pub(super) fn pictured(&self) -> usize {
        PICTURES.min(self.clean.test.n)
    }

    /// Pictures of the size of the images, from values in [0, 1] of the pictured test images.
    pub(super) fn samples(&self, name: &str, epoch: u32, pixels: &[f32]) -> Samples {
        let test = &self.clean.test;
        Samples {
            name: name.to_owned(),
            epochs: vec![epoch],
            shape: [self.pictured(), test.h, test.w],
            pixels: pixels.iter().copied().map(to_byte).collect(),
        }
    }

    /// The pictured test images themselves, clean or noisy.
    pub(super) fn still(&self, name: &str, images: &Images) -> Samples {
        let pixels = self.pictured() * images.h * images.w;
        self.samples(name, 0, &images.pixels[..pixels])
    }
}

/// Measures what came out of these images, image after image.
pub(super) fn measure_pictures(
    passed: &Passed,
    clean: &Images,
    examples: Range<usize>,
    due: Due,
) -> Vec<Ratio> {
    let metrics = Metric::due(due);
    let size = clean.h * clean.w;
    let mut ratios = Vec::with_capacity(examples.len() * metrics.len());
    for (index, example) in examples.enumerate() {
        let picture = Picture {
            logits: &passed.logits[index * size..][..size],
            output: &passed.output[index * size..][..size],
            target: &clean.pixels[example * size..][..size],
            size: [clean.h, clean.w],
        };
        ratios.extend(metrics.iter().map(|metric| metric.measure(&picture)));
    }
    ratios
}

/// The images with these indices as [n, height, width, 1].
pub(super) fn gather(
    images: &Images,
    indices: impl ExactSizeIterator<Item = usize>,
) -> Result<Tensor> {
    let size = images.h * images.w;
    let shape = (indices.len(), images.h, images.w, 1);
    let mut pixels = Vec::with_capacity(indices.len() * size);
    for index in indices {
        pixels.extend_from_slice(&images.pixels[index * size..][..size]);
    }
    Ok(Tensor::from_vec(pixels, shape, nn::device())?)
}

pub(super) fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}

/// The nearest of 256 grey levels; values outside [0, 1] are clipped.
pub(super) fn to_byte(value: f32) -> u8 {
    (value * 255.0).round() as u8
}
