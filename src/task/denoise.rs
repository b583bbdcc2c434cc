//! Denoise: a noisy image in, the clean image out (science.md R4, R5, R4s).

use super::noisy::{Noisy, gather, values};
use super::{Network, Task};
use crate::config::NoiseConfig;
use crate::data::{Split, Splits};
use crate::error::Result;
use crate::metric::{Due, Metric, Picture, Ratio, entropy_floor};
use crate::nn::ops::{bce_with_logits, sigmoid};
use crate::outcome::Samples;
use candle_core::Tensor;
use std::ops::Range;

pub(super) struct Denoise<'a> {
    images: Noisy<'a>,
}

impl<'a> Denoise<'a> {
    pub(super) fn new(noise: &'a NoiseConfig, seed: u64, clean: &'a Splits) -> Self {
        Self {
            images: Noisy::new(noise, seed, clean),
        }
    }

    /// Logits for a range of a split's noisy images.
    fn logits(&self, network: &dyn Network, split: Split, images: Range<usize>) -> Result<Tensor> {
        let noisy = gather(self.images.noisy(split), images)?;
        // Detached: nothing is differentiated here.
        Ok(network.forward(&noisy)?.detach())
    }
}

impl Task for Denoise<'_> {
    fn examples(&self) -> usize {
        self.images.clean(Split::Train).n
    }

    fn elements(&self) -> usize {
        let images = self.images.clean(Split::Train);
        images.h * images.w
    }

    fn begin_epoch(&mut self, epoch: u64) {
        self.images.begin_epoch(epoch);
    }

    fn loss(&self, network: &dyn Network, examples: &[usize]) -> Result<Tensor> {
        let indices = || examples.iter().copied();
        let input = gather(self.images.noisy(Split::Train), indices())?;
        let target = gather(self.images.clean(Split::Train), indices())?;
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
        let clean = self.images.clean(split);
        let metrics = Metric::due(due);
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
        let logits = self.logits(network, Split::Test, 0..self.images.pictured())?;
        let pixels = values(&sigmoid(&logits)?)?;
        Ok(vec![self.images.samples("output", epoch, &pixels)])
    }
}
