//! Feeding a network its own output (science.md R8): what becomes of an image after several passes.

use super::Network;
use super::noisy::values;
use crate::config::{NoiseConfig, Rule, TaskKind, TrialConfig};
use crate::data::corrupt_one;
use crate::error::Result;
use crate::nn;
use crate::nn::ops::sigmoid;
use crate::seed::Key;
use candle_core::Tensor;

/// Probabilities further out than this are held there when their logit is taken.
const NEAREST: f32 = 1e-6;

/// Where passes start, and what `cold` needs to know of it.
pub(super) struct Start<'a> {
    /// Numbers of the test images, for their noise.
    pub(super) images: std::ops::Range<usize>,
    /// What the network gets first; as many pixels as all these images have.
    pub(super) input: &'a [f32],
    /// `cold`: the noisy ends towards which the images were moved.
    pub(super) ends: Option<&'a [f32]>,
}

/// What comes out after the last pass.
pub(super) struct Passed {
    pub(super) logits: Vec<f32>,
    pub(super) output: Vec<f32>,
}

/// The passes of a trial.
pub(super) struct Passes<'a> {
    noise: &'a NoiseConfig,
    /// Share of noise in what the network gets first.
    part: f32,
    passes: usize,
    rule: Rule,
    seed: u64,
    size: [usize; 2],
}

impl<'a> Passes<'a> {
    pub(super) fn new(config: &'a TrialConfig, seed: u64, size: [usize; 2]) -> Self {
        Self {
            noise: &config.noise,
            part: match config.task {
                TaskKind::Restore => config.noise.start as f32 / config.noise.levels as f32,
                _ => 1.0,
            },
            passes: config.iterate.passes,
            rule: match config.iterate.passes {
                // The rule says what is fed back, and here nothing is.
                1 => Rule::Plain,
                _ => config.iterate.rule,
            },
            seed,
            size,
        }
    }

    /// Runs all passes.
    pub(super) fn run(&self, network: &dyn Network, start: &Start<'_>) -> Result<Passed> {
        let mut input = start.input.to_vec();
        if self.rule == Rule::Cold {
            return self.cold(network, start, input);
        }
        for pass in 1.. {
            let passed = self.pass(network, &input)?;
            if pass == self.passes {
                return Ok(passed);
            }
            input = passed.output;
            if self.rule == Rule::Renoise {
                self.renoise(&mut input, start, pass);
            }
        }
        unreachable!("passes are numbered without end")
    }

    fn pass(&self, network: &dyn Network, input: &[f32]) -> Result<Passed> {
        let [height, width] = self.size;
        let shape = (input.len() / (height * width), height, width, 1);
        let input = Tensor::from_slice(input, shape, nn::device())?;
        // Detached: nothing is differentiated here.
        let logits = network.forward(&input)?.detach();
        Ok(Passed {
            output: values(&sigmoid(&logits)?)?,
            logits: values(&logits)?,
        })
    }

    /// Fresh noise, as the first input had it.
    fn renoise(&self, images: &mut [f32], start: &Start<'_>, pass: usize) {
        let key = Key::new(self.seed, "renoise").number(pass as u64);
        let size = self.size[0] * self.size[1];
        for (image, number) in images.chunks_mut(size).zip(start.images.clone()) {
            let mut stream = key.clone().number(number as u64).stream();
            let mut end = image.to_vec();
            corrupt_one(self.noise, &mut stream, &mut end);
            for (x, end) in image.iter_mut().zip(end) {
                *x = (1.0 - self.part) * *x + self.part * end;
            }
        }
    }

    /// x_{s−1} = x_s − D(x̂0, s) + D(x̂0, s−1) with D(x0, s) = (1 − s/S)·x0 + (s/S)·end (Bansal et al. 2022, algorithm 2),
    /// from the level of the start, until the passes or the levels are used up.
    fn cold(&self, network: &dyn Network, start: &Start<'_>, mut x: Vec<f32>) -> Result<Passed> {
        let ends = start.ends.unwrap_or(start.input);
        let level = 1.0 / self.noise.levels as f32;
        for _ in 0..self.passes.min(self.noise.start) {
            let estimate = self.pass(network, &x)?.output;
            for ((x, estimate), end) in x.iter_mut().zip(estimate).zip(ends) {
                // D(x̂0, s−1) − D(x̂0, s) = (x̂0 − end)/S, whatever s is.
                *x += (estimate - end) * level;
            }
        }
        let output: Vec<f32> = x.into_iter().map(|x| x.clamp(0.0, 1.0)).collect();
        let logit = |x: &f32| {
            let p = f64::from(x.clamp(NEAREST, 1.0 - NEAREST));
            libm::log(p / (1.0 - p)) as f32
        };
        Ok(Passed {
            logits: output.iter().map(logit).collect(),
            output,
        })
    }
}
