//! Noise schedules: β over timesteps, and what each timestep needs of it (science.md §2, §3).

use crate::config::{DiffusionConfig, NoiseSchedule, Rescale, Terminal};
use std::f64::consts::FRAC_PI_2;

/// The T that schedules which name their β were published for.
pub(super) const PUBLISHED_TIMESTEPS: usize = 1000;
/// No published schedule ends in β = 1, where the signal would be 0 and divisions by it would fail.
const LARGEST_BETA: f64 = 0.999;

/// One timestep. α = 1 − β; ᾱ is the product of all α up to this one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timestep {
    /// β, the variance of the noise that this timestep adds.
    pub beta: f64,
    /// ᾱ, the share of the image in the variance of x_t.
    pub alpha_bar: f64,
    /// ᾱ of the timestep before; 1 at the first.
    pub alpha_bar_before: f64,
    /// β̃, the variance of q(x_{t−1} | x_t, x0). At the first timestep, where that is 0, the β̃ of the second.
    pub variance: f64,
    /// ln β̃.
    pub log_variance: f64,
    /// Coefficient of x0 in the mean of q(x_{t−1} | x_t, x0).
    pub c1: f64,
    /// Coefficient of x_t in it.
    pub c2: f64,
    /// Signal to noise, ᾱ/(1−ᾱ).
    pub snr: f64,
}

/// The timesteps of a process, at least one.
#[derive(Clone, Debug)]
pub struct Schedule {
    steps: Vec<Timestep>,
}

impl Schedule {
    /// The schedule that a config describes. Of what [`conflicts`](super::conflicts) refuses, nothing is checked here; β above 0.999
    /// is cut.
    pub fn new(config: &DiffusionConfig) -> Self {
        let mut betas = published(config);
        if config.terminal == Terminal::ZeroSnr {
            end_in_noise(&mut betas);
        }
        let mut before = 1.0;
        let mut steps: Vec<_> = betas
            .into_iter()
            .map(|beta| {
                let step = Timestep::new(beta, before);
                before = step.alpha_bar;
                step
            })
            .collect();
        if let &[_, second, ..] = &steps[..] {
            steps[0].variance = second.variance;
            steps[0].log_variance = second.log_variance;
        }
        Self { steps }
    }

    /// T.
    pub fn timesteps(&self) -> usize {
        self.steps.len()
    }

    /// Timestep `t`.
    ///
    /// # Panics
    /// When `t` is not below T.
    pub fn at(&self, t: usize) -> Timestep {
        self.steps[t]
    }

    /// The timestep with the most noise, T−1.
    pub fn last(&self) -> Timestep {
        self.steps[self.steps.len() - 1]
    }
}

impl Timestep {
    fn new(beta: f64, alpha_bar_before: f64) -> Self {
        let alpha_bar = alpha_bar_before * (1.0 - beta);
        let (noise, noise_before) = (1.0 - alpha_bar, 1.0 - alpha_bar_before);
        let variance = beta * noise_before / noise;
        Self {
            beta,
            alpha_bar,
            alpha_bar_before,
            variance,
            log_variance: libm::log(variance),
            c1: beta * alpha_bar_before.sqrt() / noise,
            c2: noise_before * (1.0 - beta).sqrt() / noise,
            snr: alpha_bar / noise,
        }
    }
}

/// First and last β of schedules that name them, for 1000 timesteps.
pub(super) fn named_ends(schedule: NoiseSchedule) -> Option<[f64; 2]> {
    match schedule {
        NoiseSchedule::Linear | NoiseSchedule::Quadratic => Some([1e-4, 0.02]),
        NoiseSchedule::ScaledLinear => Some([8.5e-4, 0.012]),
        NoiseSchedule::Cosine | NoiseSchedule::Sigmoid => None,
    }
}

/// What such β are multiplied by for this T.
pub(super) fn scale(config: &DiffusionConfig) -> f64 {
    match (config.schedule, config.rescale) {
        (NoiseSchedule::Linear, _) | (_, Rescale::ByTimesteps) => {
            PUBLISHED_TIMESTEPS as f64 / config.timesteps as f64
        }
        (_, Rescale::Published) => 1.0,
    }
}

fn published(config: &DiffusionConfig) -> Vec<f64> {
    let (count, scale) = (config.timesteps, scale(config));
    let betas = match (config.schedule, named_ends(config.schedule)) {
        (NoiseSchedule::Linear, Some(ends)) => line(count, ends.map(|beta| beta * scale)),
        (_, Some(ends)) => {
            let roots = line(count, ends.map(f64::sqrt));
            roots.into_iter().map(|root| root * root * scale).collect()
        }
        (NoiseSchedule::Sigmoid, None) => of_signal(count, sigmoid_signal),
        (_, None) => of_signal(count, cosine_signal),
    };
    let cut = |beta: f64| beta.clamp(0.0, LARGEST_BETA);
    betas.into_iter().map(cut).collect()
}

/// `count` numbers in even steps from the first to the last.
fn line(count: usize, [first, last]: [f64; 2]) -> Vec<f64> {
    let step = (last - first) / (count.max(2) - 1) as f64;
    (0..count).map(|i| first + step * i as f64).collect()
}

/// β from the signal ᾱ(u), a function of time from 0 to 1, up to a factor.
fn of_signal(count: usize, signal: fn(f64) -> f64) -> Vec<f64> {
    let at = |i: usize| signal(i as f64 / count as f64);
    (0..count).map(|i| 1.0 - at(i + 1) / at(i)).collect()
}

/// Nichol and Dhariwal 2021, equation 17.
fn cosine_signal(u: f64) -> f64 {
    let root = libm::cos((u + 0.008) / 1.008 * FRAC_PI_2);
    root * root
}

/// Jabri et al. 2022, start −3, end 3, τ 1.
fn sigmoid_signal(u: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + libm::exp(-x));
    let (start, end) = (-3.0, 3.0);
    sigmoid(end) - sigmoid(u * (end - start) + start)
}

/// Moves √ᾱ to end at exactly 0 and keeps its start (Lin et al. 2024, algorithm 1).
fn end_in_noise(betas: &mut [f64]) {
    let mut product = 1.0;
    let roots: Vec<f64> = betas
        .iter()
        .map(|beta| {
            product *= 1.0 - beta;
            product.sqrt()
        })
        .collect();
    let (Some(&first), Some(&last)) = (roots.first(), roots.last()) else {
        return;
    };
    let mut before = 1.0;
    for (beta, root) in betas.iter_mut().zip(roots) {
        let moved = (root - last) * first / (first - last);
        *beta = 1.0 - (moved / before).powi(2);
        before = moved;
    }
}

#[cfg(test)]
mod tests;
