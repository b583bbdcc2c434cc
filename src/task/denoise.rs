//! Denoise: a noisy image in, the clean image out (science.md R4, R5, R4s, R8).

use super::iterate::{Passed, Passes, Start};
use super::noisy::{Noisy, measure_pictures};
use super::{Network, Task};
use crate::config::{Pairs, TrialConfig};
use crate::data::{Split, Splits};
use crate::error::Result;
use crate::metric::{Due, Metric, Ratio, entropy_floor};
use crate::nn::ops::bce_with_logits;
use crate::outcome::Samples;
use candle_core::Tensor;
use std::ops::Range;

pub(super) struct Denoise<'a> {
    images: Noisy<'a>,
    pairs: Pairs,
    passes: Passes<'a>,
}

impl<'a> Denoise<'a> {
    pub(super) fn new(config: &'a TrialConfig, seed: u64, clean: &'a Splits) -> Self {
        Self {
            images: Noisy::new(&config.noise, seed, clean),
            pairs: config.noise.pairs,
            passes: Passes::new(config, seed, [clean.train.h, clean.train.w]),
        }
    }

    /// What becomes of a range of a split's noisy images.
    fn passed(&self, network: &dyn Network, split: Split, images: Range<usize>) -> Result<Passed> {
        let noisy = self.images.noisy(split);
        let size = noisy.h * noisy.w;
        let start = Start {
            input: &noisy.pixels[images.start * size..images.end * size],
            images,
            ends: None,
        };
        self.passes.run(network, &start)
    }
}

impl Task for Denoise<'_> {
    fn examples(&self) -> usize {
        let images = self.images.clean(Split::Train).n;
        match self.pairs {
            Pairs::Noisy => images,
            Pairs::NoisyAndClean => 2 * images,
        }
    }

    fn elements(&self) -> usize {
        let images = self.images.clean(Split::Train);
        images.h * images.w
    }

    fn begin_epoch(&mut self, epoch: u64) {
        self.images.begin_epoch(epoch);
    }

    /// Examples from the number of images on are the clean images again, to be left as they are.
    fn loss(&self, network: &dyn Network, examples: &[usize]) -> Result<Tensor> {
        let images = self.images.clean(Split::Train).n;
        let clean = |example: &usize| images + example % images;
        let target = self.images.batch(examples.iter().map(clean))?;
        let input = self.images.batch(examples.iter().copied())?;
        Ok(bce_with_logits(&network.forward(&input)?, &target)?)
    }

    fn measured(&self, split: Split) -> usize {
        self.images.clean(split).n
    }

    fn metrics(&self, due: Due) -> Vec<&'static str> {
        Metric::due(due).into_iter().map(Metric::name).collect()
    }

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
        let images = &self.images;
        vec![
            images.still("input", images.noisy(Split::Test)),
            images.still("target", images.clean(Split::Test)),
        ]
    }

    fn pictures(&self, network: &dyn Network, epoch: u32) -> Result<Vec<Samples>> {
        let passed = self.passed(network, Split::Test, 0..self.images.pictured())?;
        Ok(vec![self.images.samples("output", epoch, &passed.output)])
    }
}
