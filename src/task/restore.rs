//! Restore: an image between clean and noise in, the same image one level nearer to clean out (science.md R9).

use super::iterate::{Passed, Passes, Start};
use super::noisy::{Noisy, measure_pictures};
use super::{Network, Task};
use crate::config::{Aim, NoiseConfig, TrialConfig};
use crate::data::{Split, Splits};
use crate::error::Result;
use crate::metric::{Due, Metric, Ratio, entropy_floor};
use crate::nn;
use crate::nn::ops::bce_with_logits;
use crate::outcome::Samples;
use candle_core::Tensor;
use std::ops::Range;

pub(super) struct Restore<'a> {
    noise: &'a NoiseConfig,
    /// The clean images, and the noisy ends towards which they are moved.
    images: Noisy<'a>,
    passes: Passes<'a>,
}

impl<'a> Restore<'a> {
    pub(super) fn new(config: &'a TrialConfig, seed: u64, clean: &'a Splits) -> Self {
        Self {
            noise: &config.noise,
            images: Noisy::new(&config.noise, seed, clean),
            passes: Passes::new(config, seed, [clean.train.h, clean.train.w]),
        }
    }

    /// Appends (1 − t/S)·x0 + (t/S)·end of one image.
    fn level(&self, split: Split, image: usize, t: usize, out: &mut Vec<f32>) {
        let (clean, ends) = (self.images.clean(split), self.images.noisy(split));
        let size = clean.h * clean.w;
        let part = t as f32 / self.noise.levels as f32;
        let range = image * size..(image + 1) * size;
        let pixels = clean.pixels[range.clone()].iter().zip(&ends.pixels[range]);
        out.extend(pixels.map(|(x, end)| (1.0 - part) * x + part * end));
    }

    fn passed(&self, network: &dyn Network, split: Split, images: Range<usize>) -> Result<Passed> {
        let mut input = Vec::new();
        for image in images.clone() {
            self.level(split, image, self.noise.start, &mut input);
        }
        let ends = self.images.noisy(split);
        let size = ends.h * ends.w;
        let start = Start {
            input: &input,
            ends: Some(&ends.pixels[images.start * size..images.end * size]),
            images,
        };
        self.passes.run(network, &start)
    }
}

impl Task for Restore<'_> {
    /// Of each image its levels, and the clean image, to be left as it is.
    fn examples(&self) -> usize {
        self.images.clean(Split::Train).n * (self.noise.levels + 1)
    }

    fn elements(&self) -> usize {
        let images = self.images.clean(Split::Train);
        images.h * images.w
    }

    fn begin_epoch(&mut self, epoch: u64) {
        self.images.begin_epoch(epoch);
    }

    fn loss(&self, network: &dyn Network, examples: &[usize]) -> Result<Tensor> {
        let (mut input, mut target) = (Vec::new(), Vec::new());
        for example in examples {
            let (image, t) = (
                example / (self.noise.levels + 1),
                example % (self.noise.levels + 1),
            );
            self.level(Split::Train, image, t, &mut input);
            let wanted = match self.noise.aim {
                Aim::NextLevel => t.saturating_sub(1),
                Aim::Clean => 0,
            };
            self.level(Split::Train, image, wanted, &mut target);
        }
        let images = self.images.clean(Split::Train);
        let shape = (examples.len(), images.h, images.w, 1);
        let input = Tensor::from_vec(input, shape, nn::device())?;
        let target = Tensor::from_vec(target, shape, nn::device())?;
        Ok(bce_with_logits(&network.forward(&input)?, &target)?)
    }

    fn measured(&self, split: Split) -> usize {
        self.images.clean(split).n
    }

    fn metrics(&self, due: Due) -> Vec<&'static str> {
        Metric::due(due).into_iter().map(Metric::name).collect()
    }

    /// What the passes make of images at the starting level, against the clean images.
    fn measure(
        &self,
        network: &dyn Network,
        split: Split,
        examples: Range<usize>,
        due: Due,
    ) -> Result<Vec<Ratio>> {
        let passed = self.passed(network, split, examples.clone())?;
        Ok(measure_pictures(
            &passed,
            self.images.clean(split),
            examples,
            due,
        ))
    }

    fn constants(&self) -> Vec<(String, f64)> {
        let floor = entropy_floor(&self.images.clean(Split::Test).pixels);
        vec![("test.bce_floor".to_owned(), floor)]
    }

    fn still_pictures(&self) -> Vec<Samples> {
        let mut input = Vec::new();
        for image in 0..self.images.pictured() {
            self.level(Split::Test, image, self.noise.start, &mut input);
        }
        vec![
            self.images.samples("input", 0, &input),
            self.images.still("target", self.images.clean(Split::Test)),
        ]
    }

    fn pictures(&self, network: &dyn Network, epoch: u32) -> Result<Vec<Samples>> {
        let passed = self.passed(network, Split::Test, 0..self.images.pictured())?;
        Ok(vec![self.images.samples("output", epoch, &passed.output)])
    }
}
