//! Classify: a noisy image in, its class out (science.md R6).

use super::bars;
use super::noisy::{Noisy, gather, values};
use super::{Network, Task};
use crate::config::{CLASSES, NoiseConfig};
use crate::data::{Classes, Split, Splits};
use crate::error::{Error, Result};
use crate::metric::{Due, Guess, GuessMetric, Ratio};
use crate::model::Context;
use crate::nn::ops::cross_entropy;
use crate::outcome::Samples;
use crate::seed::Key;
use candle_core::Tensor;
use std::ops::Range;

pub(super) struct Classify<'a> {
    images: Noisy<'a>,
    seed: u64,
    epoch: u64,
    classes: &'a Classes,
}

impl<'a> Classify<'a> {
    /// # Errors
    /// When there is not one class for each image.
    pub(super) fn new(noise: &'a NoiseConfig, seed: u64, clean: &'a Splits) -> Result<Self> {
        let fit = |classes: &&Classes| {
            let parts = [
                (&classes.train, &clean.train),
                (&classes.valid, &clean.valid),
                (&classes.test, &clean.test),
            ];
            let known = |class: &u8| usize::from(*class) < CLASSES;
            parts
                .iter()
                .all(|(classes, images)| classes.len() == images.n && classes.iter().all(known))
        };
        let Some(classes) = clean.classes.as_ref().filter(fit) else {
            let problem = format!("classify needs a class below {CLASSES} for every image");
            return Err(Error::Internal(problem));
        };
        Ok(Self {
            images: Noisy::new(noise, seed, clean),
            seed,
            epoch: 0,
            classes,
        })
    }

    fn classes(&self, split: Split) -> &[u8] {
        match split {
            Split::Train => &self.classes.train,
            Split::Valid => &self.classes.valid,
            Split::Test => &self.classes.test,
        }
    }

    /// Logits for a range of a split's noisy images, ten an image.
    fn logits(
        &self,
        network: &dyn Network,
        split: Split,
        images: Range<usize>,
    ) -> Result<Vec<f32>> {
        let noisy = gather(self.images.noisy(split), images)?;
        // Detached: nothing is differentiated here.
        values(&network.forward(&noisy)?.detach())
    }
}

impl Task for Classify<'_> {
    fn examples(&self) -> usize {
        self.classes.train.len()
    }

    fn elements(&self) -> usize {
        1
    }

    fn begin_epoch(&mut self, epoch: u64) {
        self.epoch = epoch;
        self.images.begin_epoch(epoch);
    }

    fn loss(&self, network: &dyn Network, examples: &[usize]) -> Result<Tensor> {
        let input = self.images.noisy_batch(examples.iter().copied())?;
        let right: Vec<u8> = examples.iter().map(|&i| self.classes.train[i]).collect();
        let key = Key::new(self.seed, "dropout").number(self.epoch);
        let keys: Vec<Key> = examples
            .iter()
            .map(|&i| key.clone().number(i as u64))
            .collect();
        let logits = network.respond(&input, Context::Train(&keys))?;
        Ok(cross_entropy(&logits, &right)?)
    }

    fn measured(&self, split: Split) -> usize {
        self.classes(split).len()
    }

    fn metrics(&self, due: Due) -> Vec<&'static str> {
        let metrics = GuessMetric::due(due).into_iter();
        metrics.map(GuessMetric::name).collect()
    }

    fn measure(
        &self,
        network: &dyn Network,
        split: Split,
        examples: Range<usize>,
        due: Due,
    ) -> Result<Vec<Ratio>> {
        let logits = self.logits(network, split, examples.clone())?;
        let classes = &self.classes(split)[examples];
        let metrics = GuessMetric::due(due);
        let mut ratios = Vec::with_capacity(classes.len() * metrics.len());
        for (logits, &class) in logits.chunks(CLASSES).zip(classes) {
            let class = class.into();
            let guess = Guess { logits, class };
            ratios.extend(metrics.iter().map(|metric| metric.measure(&guess)));
        }
        Ok(ratios)
    }

    fn constants(&self) -> Vec<(String, f64)> {
        Vec::new()
    }

    fn still_pictures(&self) -> Vec<Samples> {
        let noisy = self.images.noisy(Split::Test);
        vec![self.images.still("input", noisy)]
    }

    /// The probability of every class, one bar each, under the images of "input".
    fn pictures(&self, network: &dyn Network, epoch: u32) -> Result<Vec<Samples>> {
        let logits = self.logits(network, Split::Test, 0..self.images.pictured())?;
        let test = self.images.clean(Split::Test);
        let draw = |logits| bars::draw(&bars::softmax(logits), [test.h, test.w]);
        let pixels: Vec<f32> = logits.chunks(CLASSES).flat_map(draw).collect();
        Ok(vec![self.images.samples("probabilities", epoch, &pixels)])
    }
}
