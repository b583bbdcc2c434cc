//! The variational bound on the bits of an image (Ho et al. 2020, equation 5; science.md §3), and how it changes with the
//! variance that a network chooses.

use super::normal::log_between;
use super::process::Process;
use super::variance::LogVariance;
use std::f64::consts::{LN_2, PI};

/// Half a grey level, for images of 256 of them in [−1, 1].
const HALF_BIN: f64 = 1.0 / 255.0;

/// With a learned variance, a term of the bound counts this times T beside the simple loss (Nichol and Dhariwal 2021, their code:
/// the whole bound, T times a term's mean over timesteps, counts 0.001).
pub const VLB_SCALE: f64 = 0.001;

/// One pixel's share of a term, in nats, and its derivative with respect to the model's ln σ².
#[derive(Clone, Copy, Debug, PartialEq)]
struct Share {
    nats: f64,
    slope: f64,
}

/// One term of the bound for one image: what the step back from timestep t costs.
///
/// For t > 0 it is KL(q(x_{t−1} | x_t, x0) ‖ p(x_{t−1} | x_t)), for t = 0 the negative log-likelihood of x0's grey levels.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    process: &'a Process,
    t: usize,
    clean: &'a [f32],
    estimate: &'a [f32],
    variance: LogVariance<'a>,
}

impl<'a> Bound<'a> {
    /// `clean` is x0 and `estimate` the x0 that the answer implies ([`Process::estimate`]); `u` is the network's second output
    /// under `variance: learned` and is not read otherwise. All are equally long.
    pub fn new(
        process: &'a Process,
        t: usize,
        clean: &'a [f32],
        estimate: &'a [f32],
        u: &'a [f32],
    ) -> Self {
        let step = process.schedule.at(t);
        Self {
            process,
            t,
            clean,
            estimate,
            variance: LogVariance::new(process.variance, t, step, u),
        }
    }

    /// Nats per dimension: the mean over pixels.
    pub fn nats(&self) -> f64 {
        let total: f64 = (0..self.clean.len())
            .map(|pixel| self.share(pixel).nats)
            .sum();
        total / self.clean.len() as f64
    }

    /// d nats / du of every pixel, with the estimate of x0 held fixed; zeros where the variance is fixed.
    pub fn slopes(&self, out: &mut [f32]) {
        let factor = self.variance.slope() / self.clean.len() as f64;
        for (pixel, out) in out.iter_mut().enumerate() {
            *out = (self.share(pixel).slope * factor) as f32;
        }
    }

    fn share(&self, pixel: usize) -> Share {
        let (clean, estimate) = (
            f64::from(self.clean[pixel]),
            f64::from(self.estimate[pixel]),
        );
        let log_variance = self.variance.at(pixel);
        if self.t == 0 {
            return grey_level(clean, estimate, log_variance);
        }
        // The means differ in their share of x0 only.
        let step = self.process.schedule.at(self.t);
        let apart = step.c1 * (clean - estimate);
        Share {
            nats: gaussian_kl([apart, step.log_variance], [0.0, log_variance]),
            slope: (1.0 - (step.variance + apart * apart) * libm::exp(-log_variance)) / 2.0,
        }
    }
}

/// KL(N(m, e^l) ‖ N(m', e^l')) in nats, of `[m, l]` and `[m', l']`.
pub fn gaussian_kl(
    [mean, log_variance]: [f64; 2],
    [other_mean, other_log_variance]: [f64; 2],
) -> f64 {
    let ratio = log_variance - other_log_variance;
    let apart = (mean - other_mean).powi(2) * libm::exp(-other_log_variance);
    (libm::expm1(ratio) - ratio + apart) / 2.0
}

/// KL(q(x_{T−1} | x0) ‖ N(0, 1)) in nats per dimension: what is lost because the last timestep is not pure noise.
pub fn prior_kl(process: &Process, clean: &[f32]) -> f64 {
    let signal = process.schedule.last().alpha_bar;
    let squares: f64 = clean.iter().map(|&x| f64::from(x).powi(2)).sum();
    let mean = squares / clean.len() as f64;
    (signal * (mean - 1.0) - libm::log1p(-signal)) / 2.0
}

/// Bits per dimension, of the nats of all T terms and of the prior.
pub fn bits_per_dimension(nats: impl IntoIterator<Item = f64>) -> f64 {
    nats.into_iter().sum::<f64>() / LN_2
}

/// −ln of the probability that N(mean, e^log_variance) falls into the grey level `x`; the first and the last are open.
fn grey_level(x: f64, mean: f64, log_variance: f64) -> Share {
    let precision = libm::exp(-log_variance / 2.0);
    let bound = |edge: f64| (edge - mean) * precision;
    let low = (x > -0.999).then(|| bound(x - HALF_BIN));
    let high = (x < 0.999).then(|| bound(x + HALF_BIN));
    let log_probability = log_between(low, high);
    // d/dl of (edge − mean)·e^(−l/2) is −½ of itself, and the density follows.
    let pull = |edge: Option<f64>| {
        edge.map_or(0.0, |z| {
            z * libm::exp(-z * z / 2.0 - (2.0 * PI).ln() / 2.0 - log_probability)
        })
    };
    Share {
        nats: -log_probability,
        slope: (pull(high) - pull(low)) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{agrees, process};
    use super::*;
    use crate::config::{DiffusionConfig, NoiseSchedule, Variance};

    fn with(variance: Variance, schedule: NoiseSchedule) -> Process {
        Process::new(&DiffusionConfig {
            variance,
            ..process(schedule, 1000)
        })
    }

    /// Oracle: the vectors on bits in science.md §3.
    #[test]
    fn the_vectors() {
        agrees(gaussian_kl([0.1, -1.0], [0.3, -0.5]), "0.086239755270");
        let linear = with(Variance::FixedSmall, NoiseSchedule::Linear);
        let cosine = with(Variance::FixedSmall, NoiseSchedule::Cosine);
        let bits = |nats: f64| bits_per_dimension([nats]);
        agrees(bits(prior_kl(&linear, &[-1.0; 3])), "2.9112945420e-5");
        agrees(bits(prior_kl(&cosine, &[-1.0])), "1.7519849883e-9");
        let grey = 1.0 / 255.0;
        let log_variance = linear.schedule.at(0).log_variance;
        agrees(
            bits(grey_level(grey, grey, log_variance).nats),
            "1.3053776556",
        );
        let image = [grey as f32];
        let whole = Bound::new(&linear, 0, &image, &image, &[]).nats();
        assert!((bits(whole) - 1.305_377_655_6).abs() < 1e-6, "x0 is f32");
    }

    #[test]
    fn grey_levels_cover_everything_once() {
        for (mean, log_variance) in [(0.3, -3.0), (-1.0, -9.0), (5.0, -2.0), (0.99, -12.0)] {
            let level =
                |k: i32| grey_level(f64::from(2 * k - 255) / 255.0, mean, log_variance).nats;
            let total: f64 = (0..256).map(|k| (-level(k)).exp()).sum();
            assert!((total - 1.0).abs() < 1e-9, "{mean} {log_variance}: {total}");
        }
    }

    /// A Gaussian costs nothing against itself and more against any other.
    #[test]
    fn terms_are_least_at_the_truth() {
        let small = with(Variance::FixedSmall, NoiseSchedule::Linear);
        let image = [0.5, -1.0];
        assert_eq!(Bound::new(&small, 500, &image, &image, &[]).nats(), 0.0);
        let large = with(Variance::FixedLarge, NoiseSchedule::Linear);
        assert!(Bound::new(&large, 500, &image, &image, &[]).nats() > 0.0);
        assert!(Bound::new(&small, 500, &image, &[0.5, -0.9], &[]).nats() > 0.0);
    }

    /// Oracle: central differences of the value itself.
    #[test]
    fn slopes_are_those_of_the_value() {
        // The middle, both edges, a bin beside the mean, and tails far beyond f64's smallest probability.
        let clean = [
            1.0 / 255.0,
            -1.0,
            1.0,
            51.0 / 255.0,
            -1.0,
            1.0,
            101.0 / 255.0,
        ];
        let estimate = [0.004, -0.97, 0.99, 0.21, 0.8, -0.9, -0.6];
        let u = [0.375, -0.75, 1.25, 0.0, 0.5, -0.25, 1.0];
        for kind in [NoiseSchedule::Linear, NoiseSchedule::Cosine] {
            let process = with(Variance::Learned, kind);
            for t in [0, 1, 2, 500, 999] {
                let mut slopes = [0.0; 7];
                Bound::new(&process, t, &clean, &estimate, &u).slopes(&mut slopes);
                for pixel in 0..u.len() {
                    let step = 2.0_f32.powi(-11);
                    let at = |offset: f32| {
                        let mut u = u;
                        u[pixel] += offset;
                        Bound::new(&process, t, &clean, &estimate, &u)
                            .share(pixel)
                            .nats
                            / 7.0
                    };
                    let difference = (at(step) - at(-step)) / (2.0 * f64::from(step));
                    let slope = f64::from(slopes[pixel]);
                    let room = 1e-6 * slope.abs() + 1e-7 * at(0.0).abs();
                    assert!(
                        (slope - difference).abs() < room,
                        "{kind:?} {t} {pixel}: {slope} {difference}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_fixed_variance_has_no_slopes() {
        let process = with(Variance::FixedSmall, NoiseSchedule::Linear);
        let mut slopes = [1.0; 2];
        Bound::new(&process, 3, &[0.0; 2], &[0.5; 2], &[]).slopes(&mut slopes);
        assert_eq!(slopes, [0.0; 2]);
    }
}
