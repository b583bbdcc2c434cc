//! The variance of a step back: fixed, or chosen by the network for every pixel (science.md §3).

use super::schedule::Timestep;
use crate::config::Variance;

/// ln σ² of a step back from one timestep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LogVariance<'a> {
    /// The same for every pixel.
    Same(f64),
    /// u from −1 (`small`) to 1 (`large`) and beyond, one for each pixel (Nichol and Dhariwal 2021, equation 15).
    Between {
        /// ln β̃.
        small: f64,
        /// ln β.
        large: f64,
        /// The network's second output.
        u: &'a [f32],
    },
}

impl<'a> LogVariance<'a> {
    /// Of timestep `t`. `u` is read for `learned` only, and then holds a number for every pixel.
    ///
    /// No noise is added on the way from timestep 0, but its variance counts in the likelihood of the image, where that of
    /// the next timestep is used for both fixed kinds (Ho et al. 2020, their code).
    pub fn new(kind: Variance, t: usize, step: Timestep, u: &'a [f32]) -> Self {
        let (small, large) = (step.log_variance, libm::log(step.beta));
        match kind {
            Variance::FixedLarge if t > 0 => Self::Same(large),
            Variance::FixedSmall | Variance::FixedLarge => Self::Same(small),
            Variance::Learned => Self::Between { small, large, u },
        }
    }

    /// ln σ² of one pixel.
    ///
    /// # Panics
    /// When `u` has no such pixel.
    pub fn at(&self, pixel: usize) -> f64 {
        match *self {
            Self::Same(log_variance) => log_variance,
            Self::Between { small, large, u } => {
                let share = (f64::from(u[pixel]) + 1.0) / 2.0;
                share * large + (1.0 - share) * small
            }
        }
    }

    /// d ln σ² / du, the same for every pixel; 0 for what is fixed.
    pub fn slope(&self) -> f64 {
        match *self {
            Self::Same(_) => 0.0,
            Self::Between { small, large, .. } => (large - small) / 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::process;
    use super::*;
    use crate::config::NoiseSchedule;
    use crate::diffusion::Schedule;

    #[test]
    fn the_network_chooses_between_small_and_large() {
        let schedule = Schedule::new(&process(NoiseSchedule::Linear, 1000));
        for t in [0, 1, 500, 999] {
            let step = schedule.at(t);
            let (small, large) = (step.variance.ln(), step.beta.ln());
            let learned = LogVariance::new(Variance::Learned, t, step, &[-1.0, 0.0, 1.0, 3.0]);
            let right = [small, (small + large) / 2.0, large, 2.0 * large - small];
            for (pixel, right) in right.into_iter().enumerate() {
                assert!((learned.at(pixel) - right).abs() < 1e-12, "{t} {pixel}");
            }
            let slope = (learned.at(2) - learned.at(0)) / 2.0;
            assert!((learned.slope() - slope).abs() < 1e-12);
        }
    }

    #[test]
    fn fixed_variances_are_those_of_the_schedule() {
        let schedule = Schedule::new(&process(NoiseSchedule::Linear, 1000));
        let fixed = |kind, t| LogVariance::new(kind, t, schedule.at(t), &[]).at(7);
        for t in [1, 500] {
            let step = schedule.at(t);
            assert!((fixed(Variance::FixedSmall, t) - step.variance.ln()).abs() < 1e-14);
            assert!((fixed(Variance::FixedLarge, t) - step.beta.ln()).abs() < 1e-14);
        }
        for kind in [Variance::FixedSmall, Variance::FixedLarge] {
            assert!((fixed(kind, 0) - schedule.at(1).variance.ln()).abs() < 1e-14);
        }
    }
}
