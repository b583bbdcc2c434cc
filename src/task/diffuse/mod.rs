//! Diffuse: noise is taken out of images, step by step, by a network that sees how much there is (science.md R10, R11).

mod canvas;
mod generate;
mod judge;

use super::noisy::values;
use super::{Network, Support, Task};
use crate::config::{Clip, TrialConfig, Variance};
use crate::data::{Images, Split, Splits};
use crate::diffusion::{Bound, Process, VLB_SCALE, bits_per_dimension, prior_kl};
use crate::error::{Error, Result};
use crate::metric::{Due, Ratio};
use crate::model::{Context, Model};
use crate::nn;
use crate::nn::ops::{given, weighted_squares};
use crate::outcome::Samples;
use crate::seed::{Key, Stream};
use candle_core::Tensor;
use canvas::Canvas;
use std::ops::Range;

/// Images that the network sees at a time outside training.
const MICRO: usize = 16;

/// Parts of the timesteps whose error is told apart.
const TENTHS: usize = 10;

pub(super) struct Diffuse<'a> {
    config: &'a TrialConfig,
    seed: u64,
    epoch: u64,
    splits: &'a Splits,
    judge: Option<&'a Model>,
    process: Process,
    canvas: Canvas<'a>,
    train: Vec<f32>,
    valid: Vec<f32>,
    test: Vec<f32>,
}

/// One image on its way into noise.
struct Noised {
    timestep: usize,
    /// ε.
    noise: Vec<f32>,
    /// x_t.
    x: Vec<f32>,
}

/// What a network says of images: its estimates of the target and, under `variance: learned`, of the variance.
struct Answers {
    target: Vec<f32>,
    u: Vec<f32>,
}

fn normals(stream: &mut Stream, count: usize) -> Vec<f32> {
    (0..count).map(|_| stream.normal() as f32).collect()
}

impl<'a> Diffuse<'a> {
    /// # Errors
    /// When a network that is needed was not trained first.
    pub(super) fn new(
        config: &'a TrialConfig,
        seed: u64,
        splits: &'a Splits,
        support: &'a Support,
    ) -> Result<Self> {
        if config.generate.images > 0 && support.judge.is_none() {
            let problem = "the Fréchet distance needs a trained classifier";
            return Err(Error::Internal(problem.into()));
        }
        let canvas = Canvas::new(config, &splits.train, support.codec.as_ref())?;
        Ok(Self {
            config,
            seed,
            epoch: 0,
            splits,
            judge: support.judge.as_ref(),
            process: Process::new(&config.diffusion),
            train: canvas.put(&splits.train)?,
            valid: canvas.put(&splits.valid)?,
            test: canvas.put(&splits.test)?,
            canvas,
        })
    }

    fn images(&self, split: Split) -> &Images {
        match split {
            Split::Train => &self.splits.train,
            Split::Valid => &self.splits.valid,
            Split::Test => &self.splits.test,
        }
    }

    /// An image as it lies on the canvas.
    fn clean(&self, split: Split, image: usize) -> &[f32] {
        let all = match split {
            Split::Train => &self.train,
            Split::Valid => &self.valid,
            Split::Test => &self.test,
        };
        &all[image * self.canvas.size()..][..self.canvas.size()]
    }

    fn timesteps(&self) -> usize {
        self.config.diffusion.timesteps
    }

    /// x_t of an image, with noise from this stream.
    fn noised(&self, clean: &[f32], timestep: usize, stream: &mut Stream) -> Noised {
        let noise = normals(stream, clean.len());
        let mut x = vec![0.0; clean.len()];
        self.process.noised(timestep).fill(clean, &noise, &mut x);
        Noised { timestep, noise, x }
    }

    fn training_example(&self, image: usize) -> Noised {
        let key = Key::new(self.seed, "diffusion")
            .number(self.epoch)
            .number(image as u64);
        let mut stream = key.stream();
        let timestep = stream.below(self.timesteps() as u64) as usize;
        self.noised(self.clean(Split::Train, image), timestep, &mut stream)
    }

    /// The fixed draw of a test or validation image: tenths of the timesteps in turn, so that all are seen alike.
    fn test_example(&self, split: Split, image: usize) -> Noised {
        let key = Key::new(self.seed, "diffusion")
            .text(split.name())
            .number(image as u64);
        let mut stream = key.stream();
        let tenth = image % TENTHS;
        let (from, to) = self.tenth(tenth);
        let timestep = match from < to {
            true => from + stream.below((to - from) as u64) as usize,
            // Fewer timesteps than tenths.
            false => from.min(self.timesteps() - 1),
        };
        self.noised(self.clean(split, image), timestep, &mut stream)
    }

    fn tenth(&self, tenth: usize) -> (usize, usize) {
        let bound = |tenth: usize| tenth * self.timesteps() / TENTHS;
        (bound(tenth), bound(tenth + 1))
    }

    /// Images one after the other as [n, h, w, c].
    fn tensor(&self, numbers: Vec<f32>) -> Result<Tensor> {
        let [height, width, channels] = self.canvas.shape;
        let n = numbers.len() / self.canvas.size();
        Ok(Tensor::from_vec(
            numbers,
            (n, height, width, channels),
            nn::device(),
        )?)
    }

    fn answers(&self, network: &dyn Network, x: Vec<f32>, timesteps: &[usize]) -> Result<Answers> {
        let answer = network.respond(&self.tensor(x)?, Context::At(timesteps))?;
        let numbers = values(&answer.detach())?;
        if self.config.diffusion.variance != Variance::Learned {
            return Ok(Answers {
                target: numbers,
                u: Vec::new(),
            });
        }
        let channels = self.canvas.shape[2];
        let pixels = || numbers.chunks(2 * channels);
        Ok(Answers {
            target: pixels()
                .flat_map(|pixel| &pixel[..channels])
                .copied()
                .collect(),
            u: pixels()
                .flat_map(|pixel| &pixel[channels..])
                .copied()
                .collect(),
        })
    }

    /// The part of image `at` of what was answered under `variance: learned`; nothing otherwise.
    fn u<'u>(&self, u: &'u [f32], at: usize) -> &'u [f32] {
        let size = self.canvas.size();
        u.get(at * size..(at + 1) * size).unwrap_or(&[])
    }

    /// The weighted mean squared error of the target of one image.
    fn error(&self, clean: &[f32], noised: &Noised, answer: &[f32]) -> f64 {
        let mut wanted = vec![0.0; clean.len()];
        self.process
            .wanted(noised.timestep)
            .fill(clean, &noised.noise, &mut wanted);
        let squares = wanted.iter().zip(answer);
        let sum: f64 = squares
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
            .sum();
        self.process.weight(noised.timestep) * sum / clean.len() as f64
    }

    /// The bound on bits a dimension of a test image: T evaluations of the network.
    fn bits(&self, network: &dyn Network, image: usize) -> Result<f64> {
        let clean = self.clean(Split::Test, image);
        let size = clean.len();
        let mut terms = vec![prior_kl(&self.process, clean)];
        let key = Key::new(self.seed, "bits").number(image as u64);
        let all: Vec<usize> = (0..self.timesteps()).collect();
        for timesteps in all.chunks(MICRO) {
            let mut x = Vec::with_capacity(timesteps.len() * size);
            for &t in timesteps {
                let mut stream = key.clone().number(t as u64).stream();
                x.extend(self.noised(clean, t, &mut stream).x);
            }
            let answers = self.answers(network, x.clone(), timesteps)?;
            let mut estimate = vec![0.0; size];
            for (at, &t) in timesteps.iter().enumerate() {
                let of = |all: &[f32]| all[at * size..(at + 1) * size].to_vec();
                let clip = self.config.generate.clip;
                self.process
                    .estimate(t, &of(&answers.target), &of(&x), clip, &mut estimate);
                let u = self.u(&answers.u, at);
                terms.push(Bound::new(&self.process, t, clean, &estimate, u).nats());
            }
        }
        Ok(bits_per_dimension(terms))
    }

    /// 0.001·T·L_vlb of the sampled timesteps, whose gradient reaches only the variance (Nichol and Dhariwal 2021, eq. 16).
    fn variance_loss(
        &self,
        target: &Tensor,
        u: &Tensor,
        examples: &[usize],
        noised: &[Noised],
    ) -> Result<Tensor> {
        let size = self.canvas.size();
        let scale = VLB_SCALE * self.timesteps() as f64 * size as f64;
        let (answers, us) = (values(&target.detach())?, values(&u.detach())?);
        let (mut estimate, mut value) = (vec![0.0; size], 0.0);
        let mut slopes = vec![0.0; us.len()];
        for (at, (&image, noised)) in examples.iter().zip(noised).enumerate() {
            let range = at * size..(at + 1) * size;
            let t = noised.timestep;
            let clip = Clip::Free;
            self.process
                .estimate(t, &answers[range.clone()], &noised.x, clip, &mut estimate);
            let clean = self.clean(Split::Train, image);
            let bound = Bound::new(&self.process, t, clean, &estimate, &us[range.clone()]);
            value += scale * bound.nats();
            bound.slopes(&mut slopes[range]);
        }
        slopes.iter_mut().for_each(|slope| *slope *= scale as f32);
        Ok(given(u, value, slopes)?)
    }
}

impl Task for Diffuse<'_> {
    fn examples(&self) -> usize {
        self.splits.train.n
    }

    fn elements(&self) -> usize {
        self.canvas.size()
    }

    fn begin_epoch(&mut self, epoch: u64) {
        self.epoch = epoch;
    }

    fn loss(&self, network: &dyn Network, examples: &[usize]) -> Result<Tensor> {
        let noised: Vec<Noised> = examples.iter().map(|&i| self.training_example(i)).collect();
        let mut wanted = vec![0.0; examples.len() * self.canvas.size()];
        for ((&image, noised), out) in examples
            .iter()
            .zip(&noised)
            .zip(wanted.chunks_mut(self.canvas.size()))
        {
            let clean = self.clean(Split::Train, image);
            self.process
                .wanted(noised.timestep)
                .fill(clean, &noised.noise, out);
        }
        let wanted = self.tensor(wanted)?;
        let x = self.tensor(
            noised
                .iter()
                .flat_map(|noised| &noised.x)
                .copied()
                .collect(),
        )?;
        let timesteps: Vec<usize> = noised.iter().map(|noised| noised.timestep).collect();
        let weight = |&t: &usize| self.process.weight(t) as f32;
        let weights: Vec<f32> = timesteps.iter().map(weight).collect();
        let answer = network.respond(&x, Context::At(&timesteps))?;
        if self.config.diffusion.variance != Variance::Learned {
            return Ok(weighted_squares(&answer, &wanted, &weights)?);
        }
        let channels = self.canvas.shape[2];
        let half = |from| answer.narrow(3, from, channels)?.contiguous();
        let (target, u) = (half(0)?, half(channels)?);
        let simple = weighted_squares(&target, &wanted, &weights)?;
        Ok((simple + self.variance_loss(&target, &u, examples, &noised)?)?)
    }

    fn measured(&self, split: Split) -> usize {
        self.images(split).n
    }

    fn generated(&self) -> usize {
        self.config.generate.images
    }

    fn generate(&self, network: &dyn Network, images: Range<usize>) -> Result<Vec<f32>> {
        generate::images(self, network, images)
    }

    fn judge(&self, images: &[f32]) -> Result<Vec<(String, f64)>> {
        match self.judge {
            Some(judge) if self.generated() > 0 => judge::judge(judge, images, self.splits),
            _ => Ok(Vec::new()),
        }
    }

    fn is_slow(&self, due: Due) -> bool {
        due != Due::Each && self.config.diffusion.bits_images > 0
    }

    fn metrics(&self, due: Due) -> Vec<&'static str> {
        const EACH: [&str; 1 + TENTHS] = [
            "loss", "loss_d0", "loss_d1", "loss_d2", "loss_d3", "loss_d4", "loss_d5", "loss_d6",
            "loss_d7", "loss_d8", "loss_d9",
        ];
        match due {
            Due::Each => EACH.to_vec(),
            Due::Last => vec!["bits"],
            Due::All => [&EACH[..], &["bits"]].concat(),
        }
    }

    fn measure(
        &self,
        network: &dyn Network,
        split: Split,
        examples: Range<usize>,
        due: Due,
    ) -> Result<Vec<Ratio>> {
        let size = self.canvas.size();
        let one = |total| Ratio { total, count: 1.0 };
        let mut errors = Vec::new();
        if due != Due::Last {
            let noised: Vec<Noised> = examples
                .clone()
                .map(|image| self.test_example(split, image))
                .collect();
            let x = noised
                .iter()
                .flat_map(|noised| &noised.x)
                .copied()
                .collect();
            let timesteps: Vec<usize> = noised.iter().map(|noised| noised.timestep).collect();
            let answers = self.answers(network, x, &timesteps)?.target;
            for ((image, noised), answer) in examples.clone().zip(&noised).zip(answers.chunks(size))
            {
                errors.push(self.error(self.clean(split, image), noised, answer));
            }
        }
        let mut ratios = Vec::new();
        for (at, image) in examples.enumerate() {
            if let Some(&error) = errors.get(at) {
                ratios.push(one(error));
                for tenth in 0..TENTHS {
                    ratios.push(match image % TENTHS == tenth {
                        true => one(error),
                        false => Ratio::default(),
                    });
                }
            }
            if due != Due::Each {
                let wanted = split == Split::Test && image < self.config.diffusion.bits_images;
                ratios.push(match wanted {
                    true => one(self.bits(network, image)?),
                    false => Ratio::default(),
                });
            }
        }
        Ok(ratios)
    }

    fn constants(&self) -> Vec<(String, f64)> {
        Vec::new()
    }

    fn still_pictures(&self) -> Vec<Samples> {
        vec![generate::real(self)]
    }

    fn pictures(&self, network: &dyn Network, epoch: u32) -> Result<Vec<Samples>> {
        Ok(vec![generate::sheet(self, network, epoch)?])
    }

    fn last_pictures(&self, network: &dyn Network) -> Result<Vec<Samples>> {
        Ok(vec![generate::chain(self, network)?])
    }
}
