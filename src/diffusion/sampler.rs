//! From noise back to an image: which timesteps are visited, and one step between two of them (science.md §3).

use super::process::{Mix, Process};
use super::variance::LogVariance;
use crate::config::{Clip, GenerateConfig, Sampler, Space, Stride, TrialConfig};

/// The timesteps at which the network is asked, from the noisiest on. More `steps` than timesteps count as one for each.
pub fn visited(config: &GenerateConfig, timesteps: usize) -> Vec<usize> {
    let steps = config.steps.clamp(1, timesteps);
    match (config.sampler, config.stride) {
        (Sampler::Ddpm, _) => (0..timesteps).rev().collect(),
        (Sampler::Ddim, Stride::Leading) => {
            let stride = timesteps / steps;
            (0..steps).rev().map(|s| s * stride).collect()
        }
        (Sampler::Ddim, Stride::Trailing) => {
            // Halves go to the even number, as in NumPy, which others use here.
            let whole = timesteps as f64;
            let at = |s: usize| whole - (s * timesteps) as f64 / steps as f64;
            (0..steps)
                .map(|s| at(s).round_ties_even() as usize - 1)
                .collect()
        }
    }
}

/// From one timestep to the next that is visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Where x_t is and the network is asked.
    pub from: usize,
    /// Where x_s will be; none: at the image itself.
    pub to: Option<usize>,
}

/// What is known at one timestep; all slices are one image.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// x_t.
    pub x: &'a [f32],
    /// What the network answered.
    pub answer: &'a [f32],
    /// Its second output under `variance: learned`; not read otherwise.
    pub u: &'a [f32],
}

/// The way back from noise to an image.
#[derive(Clone, Debug)]
pub struct Trajectory<'a> {
    process: &'a Process,
    sampler: Sampler,
    eta: f64,
    clip: Clip,
    visited: Vec<usize>,
}

impl<'a> Trajectory<'a> {
    /// As `config.generate` says. Latents have no range, so their estimates are never clipped.
    pub fn new(process: &'a Process, config: &TrialConfig) -> Self {
        let generate = &config.generate;
        Self {
            process,
            sampler: generate.sampler,
            eta: generate.eta,
            clip: match config.diffusion.space {
                Space::Pixel => generate.clip,
                Space::Latent => Clip::Free,
            },
            visited: visited(generate, process.schedule.timesteps()),
        }
    }

    /// One hop for each time the network is asked, the last one to the image.
    pub fn hops(&self) -> impl ExactSizeIterator<Item = Hop> {
        (0..self.visited.len()).map(|index| Hop {
            from: self.visited[index],
            to: self.visited.get(index + 1).copied(),
        })
    }

    /// Whether this hop adds noise.
    pub fn is_random(&self, hop: Hop) -> bool {
        hop.to.is_some()
            && match self.sampler {
                Sampler::Ddpm => true,
                Sampler::Ddim => self.eta > 0.0,
            }
    }

    /// x_s. `z` holds standard normal draws and is not read where the hop is not [random](Self::is_random).
    ///
    /// # Panics
    /// When a slice that is read is shorter than `out`.
    pub fn step(&self, hop: Hop, seen: Seen<'_>, z: &[f32], out: &mut [f32]) {
        let clean = self.process.clean(hop.from);
        let mean = self.mean(hop);
        let spread = self.is_random(hop).then(|| self.log_variance(hop, seen.u));
        for (pixel, out) in out.iter_mut().enumerate() {
            let mut x0 = clean.of(seen.answer[pixel], seen.x[pixel]);
            if self.clip == Clip::Clip {
                x0 = x0.clamp(-1.0, 1.0);
            }
            let mut x = mean.0 * x0 + mean.1 * f64::from(seen.x[pixel]);
            if let Some(log_variance) = &spread {
                x += libm::exp(log_variance.at(pixel) / 2.0) * f64::from(z[pixel]);
            }
            *out = x as f32;
        }
    }

    /// The mean of x_s, of (x̂0, x_t).
    fn mean(&self, hop: Hop) -> Mix {
        let step = self.process.schedule.at(hop.from);
        match self.sampler {
            Sampler::Ddpm => step.back(),
            Sampler::Ddim => {
                // √ᾱ_s x̂0 + √(1−ᾱ_s−σ²) ε̂, with the ε̂ that x̂0, clipped or not, leaves of x_t.
                let signal_to = self.signal_at(hop.to);
                let rest = (1.0 - signal_to - self.ddim_variance(hop)).max(0.0).sqrt();
                let Mix(signal, noise) = step.noised();
                Mix(signal_to.sqrt() - rest * signal / noise, rest / noise)
            }
        }
    }

    fn log_variance<'u>(&self, hop: Hop, u: &'u [f32]) -> LogVariance<'u> {
        match self.sampler {
            Sampler::Ddpm => {
                let step = self.process.schedule.at(hop.from);
                LogVariance::new(self.process.variance, hop.from, step, u)
            }
            Sampler::Ddim => LogVariance::Same(libm::log(self.ddim_variance(hop))),
        }
    }

    /// σ² of Song et al. 2021, equation 16.
    fn ddim_variance(&self, hop: Hop) -> f64 {
        let from = self.process.schedule.at(hop.from).alpha_bar;
        let to = self.signal_at(hop.to);
        self.eta * self.eta * (1.0 - from / to) * (1.0 - to) / (1.0 - from)
    }

    /// ᾱ of a timestep, or of the image itself.
    fn signal_at(&self, timestep: Option<usize>) -> f64 {
        timestep.map_or(1.0, |t| self.process.schedule.at(t).alpha_bar)
    }
}

#[cfg(test)]
mod tests;
