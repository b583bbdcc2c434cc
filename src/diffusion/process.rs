//! From an image to noise, what the network is asked about it, and what its answer says of image and noise
//! (science.md §3). All of these are sums of two images, so each is a pair of coefficients for a timestep.

use super::schedule::{Schedule, Timestep};
use crate::config::{Clip, DiffusionConfig, Target, Variance, Weighting};

/// Coefficients of two images: `.0 · a + .1 · b`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix(pub f64, pub f64);

impl Mix {
    /// Of one pixel.
    pub fn of(self, a: f32, b: f32) -> f64 {
        self.0 * f64::from(a) + self.1 * f64::from(b)
    }

    /// Of whole images, computed in f64 and rounded once. All are equally long.
    pub fn fill(self, a: &[f32], b: &[f32], out: &mut [f32]) {
        debug_assert!(a.len() == out.len() && b.len() == out.len());
        for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
            *out = self.of(a, b) as f32;
        }
    }
}

/// What is known of a diffusion: its schedule, and how the network is trained in it.
#[derive(Clone, Debug)]
pub struct Process {
    /// The timesteps.
    pub schedule: Schedule,
    /// What the network predicts.
    pub target: Target,
    /// The variance of a step back.
    pub variance: Variance,
    weighting: Weighting,
    gamma: f64,
}

impl Process {
    /// The process that a config describes.
    pub fn new(config: &DiffusionConfig) -> Self {
        Self {
            schedule: Schedule::new(config),
            target: config.target,
            variance: config.variance,
            weighting: config.weighting,
            gamma: config.gamma,
        }
    }

    /// x_t of (x0, ε): a draw from q(x_t | x0) for standard normal ε.
    pub fn noised(&self, t: usize) -> Mix {
        self.schedule.at(t).noised()
    }

    /// What the network should answer, of (x0, ε).
    pub fn wanted(&self, t: usize) -> Mix {
        let step = self.schedule.at(t);
        let Mix(signal, noise) = step.noised();
        match self.target {
            Target::Epsilon => Mix(0.0, 1.0),
            Target::X0 => Mix(1.0, 0.0),
            Target::V => Mix(-noise, signal),
            Target::Previous => Mix(step.c1 + step.c2 * signal, step.c2 * noise),
        }
    }

    /// The x0 that an answer implies, of (answer, x_t). Infinite for `epsilon` where ᾱ is 0.
    pub fn clean(&self, t: usize) -> Mix {
        let step = self.schedule.at(t);
        let Mix(signal, noise) = step.noised();
        match self.target {
            Target::Epsilon => Mix(-noise / signal, 1.0 / signal),
            Target::X0 => Mix(1.0, 0.0),
            Target::V => Mix(-noise, signal),
            Target::Previous => Mix(1.0 / step.c1, -step.c2 / step.c1),
        }
    }

    /// The ε that an answer implies, of (answer, x_t).
    pub fn noise(&self, t: usize) -> Mix {
        let step = self.schedule.at(t);
        let Mix(signal, noise) = step.noised();
        match self.target {
            Target::Epsilon => Mix(1.0, 0.0),
            Target::V => Mix(signal, noise),
            Target::X0 | Target::Previous => {
                let Mix(answer, x) = self.clean(t);
                Mix(-signal * answer / noise, (1.0 - signal * x) / noise)
            }
        }
    }

    /// The x0 that an answer implies, held in [−1, 1] where asked; images are equally long.
    pub fn estimate(&self, t: usize, answer: &[f32], x: &[f32], clip: Clip, out: &mut [f32]) {
        self.clean(t).fill(answer, x, out);
        if clip == Clip::Clip {
            out.iter_mut()
                .for_each(|pixel| *pixel = pixel.clamp(-1.0, 1.0));
        }
    }

    /// The factor on an example's squared error of the target. `min_snr` (Hang et al. 2023) makes it min(SNR, γ) on the
    /// squared error of x0, whatever the target; 0/0 for `epsilon` where ᾱ is 0.
    pub fn weight(&self, t: usize) -> f64 {
        let step = self.schedule.at(t);
        let held = step.snr.min(self.gamma);
        match (self.weighting, self.target) {
            (Weighting::Uniform, _) => 1.0,
            (Weighting::MinSnr, Target::Epsilon) => held / step.snr,
            (Weighting::MinSnr, Target::X0) => held,
            (Weighting::MinSnr, Target::V) => held / (step.snr + 1.0),
            (Weighting::MinSnr, Target::Previous) => held / (step.c1 * step.c1),
        }
    }
}

impl Timestep {
    /// x_t of (x0, ε).
    pub(super) fn noised(&self) -> Mix {
        Mix(self.alpha_bar.sqrt(), (1.0 - self.alpha_bar).sqrt())
    }

    /// The mean of q(x_{t−1} | x_t, x0), of (x0, x_t).
    pub(super) fn back(&self) -> Mix {
        Mix(self.c1, self.c2)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{agrees, process};
    use super::*;
    use crate::config::{NoiseSchedule, Terminal};

    fn linear(target: Target) -> Process {
        Process::new(&DiffusionConfig {
            target,
            ..process(NoiseSchedule::Linear, 1000)
        })
    }

    /// Oracle: the scalar example of science.md §3: linear, t = 500, x0 = 0.5, ε = −1.25 (and at 999 to 11 digits: mpmath's forty
    /// end in …66766, where the page prints …66768).
    #[test]
    fn the_scalar_example() {
        let (x0, noise) = (0.5, -1.25);
        agrees(
            linear(Target::V).noised(500).of(x0, noise),
            "-1.060932474584",
        );
        agrees(
            linear(Target::V).wanted(500).of(x0, noise),
            "-0.828807748741",
        );
        agrees(
            linear(Target::Previous).wanted(500).of(x0, noise),
            "-1.053148560305",
        );
        agrees(
            linear(Target::V).noised(999).of(x0, noise),
            "-1.24679836677",
        );
    }

    /// The right answer implies the image and the noise that it was made of, for every target and timestep.
    #[test]
    fn the_right_answer_leads_back() {
        let images = [[0.5, -1.25], [-1.0, 0.75], [0.0, 2.0]];
        for target in Target::ALL {
            for terminal in Terminal::ALL {
                let process = Process::new(&DiffusionConfig {
                    target: *target,
                    terminal: *terminal,
                    ..process(NoiseSchedule::Cosine, 1000)
                });
                for t in [0, 1, 500, 900, 998, 999] {
                    let signal = process.schedule.at(t).alpha_bar.sqrt();
                    for [x0, noise] in images {
                        let x = process.noised(t).of(x0, noise) as f32;
                        let answer = process.wanted(t).of(x0, noise) as f32;
                        let found = process.clean(t).of(answer, x);
                        if signal == 0.0 && *target == Target::Epsilon {
                            assert!(!found.is_finite(), "lint refuses it");
                            continue;
                        }
                        // Answers are f32: an error in one of the size of its rounding counts as much as it must.
                        let room =
                            1e-6 * (1.0 + process.clean(t).0.abs() + process.clean(t).1.abs());
                        assert!(
                            (found - f64::from(x0)).abs() < room,
                            "{target:?} {t}: {found}"
                        );
                        let found = process.noise(t).of(answer, x);
                        let room =
                            1e-6 * (1.0 + process.noise(t).0.abs() + process.noise(t).1.abs());
                        assert!(
                            (found - f64::from(noise)).abs() < room,
                            "{target:?} {t}: {found}"
                        );
                    }
                }
            }
        }
    }

    /// Oracle: the weights of science.md §3 for γ = 5, linear.
    #[test]
    fn min_snr_weights_are_those_of_the_table() {
        let weight = |target, t| {
            let config = DiffusionConfig {
                target,
                weighting: Weighting::MinSnr,
                gamma: 5.0,
                ..process(NoiseSchedule::Linear, 1000)
            };
            Process::new(&config).weight(t)
        };
        agrees(weight(Target::Epsilon, 0), "5.0005e-4");
        agrees(weight(Target::X0, 0), "5.0000000000");
        agrees(weight(Target::Epsilon, 100), "0.58570850784");
        agrees(weight(Target::V, 100), "0.52429204551");
        agrees(weight(Target::X0, 500), "0.084359549410");
        agrees(weight(Target::V, 500), "0.077796658365");
        assert_eq!(linear(Target::Previous).weight(500), 1.0, "uniform");
    }

    /// What Hang et al. ask: all targets weigh the same error of x0 alike.
    #[test]
    fn min_snr_weighs_the_error_of_the_image_whatever_the_target() {
        let (wrong, x) = (0.125_f32, 0.5_f32);
        for t in [0, 1, 100, 500, 999] {
            for target in Target::ALL {
                let process = Process::new(&DiffusionConfig {
                    target: *target,
                    weighting: Weighting::MinSnr,
                    ..process(NoiseSchedule::Linear, 1000)
                });
                let off = process.clean(t).of(wrong, x) - process.clean(t).of(0.0, x);
                let weighted = process.weight(t) * f64::from(wrong).powi(2);
                let wanted = process.schedule.at(t).snr.min(5.0) * off * off;
                assert!((weighted / wanted - 1.0).abs() < 1e-6, "{target:?} {t}");
            }
        }
    }

    #[test]
    fn estimates_are_held_in_the_range_of_images_where_asked() {
        let process = linear(Target::X0);
        let mut found = [0.0; 3];
        process.estimate(10, &[-3.0, 0.5, 2.0], &[0.0; 3], Clip::Clip, &mut found);
        assert_eq!(found, [-1.0, 0.5, 1.0]);
        process.estimate(10, &[-3.0, 0.5, 2.0], &[0.0; 3], Clip::Free, &mut found);
        assert_eq!(found, [-3.0, 0.5, 2.0]);
    }
}
