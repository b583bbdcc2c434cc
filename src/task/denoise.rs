//! Denoise: a noisy image in, the clean image out (science.md R4, R5, R4s).

use super::{Network, Task};
use crate::config::{NoiseConfig, Resample};
use crate::data::{Images, Split, Splits, corrupt};
use crate::error::Result;
use crate::metric::{Metric, Picture, Ratio, entropy_floor};
use crate::nn::ops::{bce_with_logits, sigmoid};
use crate::outcome::Samples;
use candle_core::{Device, Tensor};
use std::ops::Range;

/// How many test images are recorded as pictures: the first ones, the same in every trial.
const PICTURES: usize = 8;

/// The draw of noise that is made once; fresh noise of an epoch is draw 1 + epoch.
const FIXED_DRAW: u64 = 0;

pub(super) struct Denoise<'a> {
    noise: &'a NoiseConfig,
    seed: u64,
    clean: &'a Splits,
    noisy: Splits,
}

impl<'a> Denoise<'a> {
    /// Draws all noise that is drawn once. Evaluation noise always is.
    pub(super) fn new(noise: &'a NoiseConfig, seed: u64, clean: &'a Splits) -> Self {
        let draw = |split, images| corrupt(noise, seed, split, FIXED_DRAW, images);
        let train = match noise.resample {
            Resample::Fixed => draw(Split::Train, &clean.train),
            Resample::Fresh => Images::default(),
        };
        let noisy = Splits {
            train,
            valid: draw(Split::Valid, &clean.valid),
            test: draw(Split::Test, &clean.test),
        };
        Self {
            noise,
            seed,
            clean,
            noisy,
        }
    }

    fn pairs(&self, split: Split) -> (&Images, &Images) {
        let part = |splits| part(splits, split);
        (part(&self.noisy), part(self.clean))
    }

    /// Logits for a range of a split's noisy images.
    fn logits(&self, network: &dyn Network, split: Split, images: Range<usize>) -> Result<Tensor> {
        let (noisy, _) = self.pairs(split);
        // Detached: nothing is differentiated here.
        Ok(network.forward(&gather(noisy, images)?)?.detach())
    }

    fn pictured(&self) -> usize {
        PICTURES.min(self.clean.test.n)
    }

    fn samples(&self, name: &str, epoch: u32, pixels: &[f32]) -> Samples {
        let test = &self.clean.test;
        Samples {
            name: name.to_owned(),
            epochs: vec![epoch],
            shape: [self.pictured(), test.h, test.w],
            pixels: pixels.iter().copied().map(to_byte).collect(),
        }
    }
}

impl Task for Denoise<'_> {
    fn examples(&self) -> usize {
        self.clean.train.n
    }

    fn elements(&self) -> usize {
        self.clean.train.h * self.clean.train.w
    }

    fn begin_epoch(&mut self, epoch: u64) {
        if self.noise.resample == Resample::Fresh {
            let (draw, images) = (1 + epoch, &self.clean.train);
            self.noisy.train = corrupt(self.noise, self.seed, Split::Train, draw, images);
        }
    }

    fn loss(&self, network: &dyn Network, examples: &[usize]) -> Result<Tensor> {
        let (noisy, clean) = self.pairs(Split::Train);
        let input = gather(noisy, examples.iter().copied())?;
        let target = gather(clean, examples.iter().copied())?;
        Ok(bce_with_logits(&network.forward(&input)?, &target)?)
    }

    fn measured(&self, split: Split) -> usize {
        part(self.clean, split).n
    }

    fn measure(
        &self,
        network: &dyn Network,
        split: Split,
        examples: Range<usize>,
        metrics: &[Metric],
    ) -> Result<Vec<Ratio>> {
        let (_, clean) = self.pairs(split);
        let logits = self.logits(network, split, examples.clone())?;
        let output = values(&sigmoid(&logits)?)?;
        let logits = values(&logits)?;
        let size = clean.h * clean.w;
        let mut ratios = Vec::with_capacity(examples.len() * metrics.len());
        for (index, example) in examples.enumerate() {
            let picture = Picture {
                logits: &logits[index * size..][..size],
                output: &output[index * size..][..size],
                target: &clean.pixels[example * size..][..size],
                size: [clean.h, clean.w],
            };
            ratios.extend(metrics.iter().map(|metric| metric.measure(&picture)));
        }
        Ok(ratios)
    }

    fn constants(&self) -> Vec<(String, f64)> {
        let floor = entropy_floor(&self.clean.test.pixels);
        vec![("test.bce_floor".to_owned(), floor)]
    }

    fn still_pictures(&self) -> Vec<Samples> {
        let (noisy, clean) = self.pairs(Split::Test);
        let pixels = self.pictured() * clean.h * clean.w;
        vec![
            self.samples("input", 0, &noisy.pixels[..pixels]),
            self.samples("target", 0, &clean.pixels[..pixels]),
        ]
    }

    fn pictures(&self, network: &dyn Network, epoch: u32) -> Result<Vec<Samples>> {
        let logits = self.logits(network, Split::Test, 0..self.pictured())?;
        let pixels = values(&sigmoid(&logits)?)?;
        Ok(vec![self.samples("output", epoch, &pixels)])
    }
}

fn part(splits: &Splits, split: Split) -> &Images {
    match split {
        Split::Train => &splits.train,
        Split::Valid => &splits.valid,
        Split::Test => &splits.test,
    }
}

/// The images with these indices as [n, height, width, 1].
fn gather(images: &Images, indices: impl ExactSizeIterator<Item = usize>) -> Result<Tensor> {
    let size = images.h * images.w;
    let shape = (indices.len(), images.h, images.w, 1);
    let mut pixels = Vec::with_capacity(indices.len() * size);
    for index in indices {
        pixels.extend_from_slice(&images.pixels[index * size..][..size]);
    }
    Ok(Tensor::from_vec(pixels, shape, &Device::Cpu)?)
}

fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}

/// The nearest of 256 grey levels; values outside [0, 1] are clipped.
fn to_byte(value: f32) -> u8 {
    (value * 255.0).round() as u8
}
