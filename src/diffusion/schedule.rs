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
mod tests {
    use super::super::tests::{agrees, process};
    use super::*;
    use NoiseSchedule::{Cosine, Linear, Quadratic, ScaledLinear, Sigmoid};

    fn schedule(schedule: NoiseSchedule, timesteps: usize) -> Schedule {
        Schedule::new(&process(schedule, timesteps))
    }

    /// Oracle: the table of science.md §2 at T = 1000; β_0, β_999, then ᾱ (the last of sigmoid to 12 digits: the β before it are small
    /// differences, and f64 loses two digits there).
    #[test]
    fn a_thousand_timesteps_are_those_of_the_table() {
        #[rustfmt::skip]
        let table = [
            (Linear, Terminal::Published, ["1.0000000000e-4", "2.0000000000e-2", "0.99990000000000", "0.52142303061853", "0.077796658365024", "0.0033001583615694", "4.0358297653757e-5"]),
            (Quadratic, Terminal::Published, ["1.0000000000e-4", "2.0000000000e-2", "0.99990000000000", "0.82001023591231", "0.33127457951726", "0.038149657375527", "7.3341245958081e-4"]),
            (ScaledLinear, Terminal::Published, ["8.5000000000e-4", "1.2000000000e-2", "0.99915000000000", "0.67379262523332", "0.27633268382297", "0.056169848002937", "4.6600985130772e-3"]),
            (Cosine, Terminal::Published, ["4.1284224822e-5", "0.99900000000", "0.99995871577518", "0.84588798649688", "0.4922851724488", "0.1431786464261", "2.4287669070e-9"]),
            (Sigmoid, Terminal::Published, ["3.002791997492e-4", "0.99900000000", "0.99969972080025", "0.84986300918309", "0.49834281788207", "0.14815968097129", "3.00279199749e-7"]),
            (Linear, Terminal::ZeroSnr, ["1.0000000000e-4", "1.0000000000", "0.99990000000000", "0.5188605367917", "0.07524621570433", "0.002644105922212", "0"]),
        ];
        for (kind, terminal, right) in table {
            let schedule = Schedule::new(&DiffusionConfig {
                terminal,
                ..process(kind, 1000)
            });
            let found = [
                schedule.at(0).beta,
                schedule.at(999).beta,
                schedule.at(0).alpha_bar,
                schedule.at(250).alpha_bar,
                schedule.at(500).alpha_bar,
                schedule.at(750).alpha_bar,
                schedule.last().alpha_bar,
            ];
            for (found, right) in found.into_iter().zip(right) {
                agrees(found, right);
            }
        }
    }

    /// Oracle: the line on T = 100 and the faults of unscaled schedules in science.md §2.
    #[test]
    fn a_hundred_timesteps_are_those_of_the_table() {
        let linear = schedule(Linear, 100);
        agrees(linear.at(0).alpha_bar, "0.99900000000000");
        agrees(linear.at(50).alpha_bar, "0.06666562681830");
        agrees(linear.at(99).alpha_bar, "2.039008975564e-5");
        let cosine = schedule(Cosine, 100);
        agrees(cosine.at(0).alpha_bar, "0.9993687184017");
        agrees(cosine.at(50).alpha_bar, "0.4782646329455");
        agrees(cosine.at(99).alpha_bar, "2.428572279350e-7");
        let sigmoid = schedule(Sigmoid, 100);
        agrees(sigmoid.at(50).alpha_bar, "0.4834330988774");
        agrees(sigmoid.at(99).alpha_bar, "3.077285960e-6");
        agrees(schedule(Quadratic, 100).last().alpha_bar, "0.485");
        agrees(schedule(ScaledLinear, 100).last().alpha_bar, "0.584");
    }

    /// Oracle: the table of science.md §3; β, β̃, c1, c2.
    #[test]
    fn steps_back_are_those_of_the_table() {
        #[rustfmt::skip]
        let table = [
            (Linear, 1, ["1.199199199199e-4", "5.453187661302e-5", "5.452914995103e-1", "4.547084989905e-1"]),
            (Linear, 250, ["5.079979979980e-3", "5.051719844086e-3", "7.684422330458e-3", "9.919078832742e-1"]),
            (Linear, 500, ["1.005995995996e-2", "1.005133577891e-2", "3.058057075630e-3", "9.941043507567e-1"]),
            (Linear, 999, ["2.000000000000e-2", "1.999998352656e-2", "1.283514871722e-4", "9.899486782675e-1"]),
            (Cosine, 500, ["3.155691441585e-3", "3.146005125463e-3", "4.367866899526e-3", "9.953562794552e-1"]),
        ];
        for (kind, t, right) in table {
            let step = schedule(kind, 1000).at(t);
            let found = [step.beta, step.variance, step.c1, step.c2];
            for (found, right) in found.into_iter().zip(right) {
                agrees(found, right);
            }
            assert!((step.log_variance - step.variance.ln()).abs() < 1e-14);
        }
        let linear = schedule(Linear, 1000);
        assert_eq!(linear.at(0).variance, linear.at(1).variance);
        agrees(linear.at(0).snr, "9999.00000");
    }

    #[test]
    fn schedules_made_for_a_thousand_can_be_scaled_to_fewer() {
        for kind in [Quadratic, ScaledLinear] {
            let thousand = schedule(kind, 1000).last();
            let config = DiffusionConfig {
                rescale: Rescale::ByTimesteps,
                ..process(kind, 100)
            };
            let hundred = Schedule::new(&config).last();
            assert!((hundred.beta / thousand.beta - 10.0).abs() < 1e-12);
            let logs = hundred.alpha_bar.ln() / thousand.alpha_bar.ln();
            assert!((logs - 1.0).abs() < 0.1, "{kind:?} {logs}");
        }
    }

    /// At the shortest T that is allowed as at the longest, with and without a signal at the end.
    #[test]
    fn every_number_is_finite_and_in_its_range() {
        for kind in NoiseSchedule::ALL {
            for (timesteps, terminal) in [2, 21, 100_000]
                .into_iter()
                .flat_map(|count| Terminal::ALL.iter().map(move |terminal| (count, *terminal)))
            {
                let schedule = Schedule::new(&DiffusionConfig {
                    terminal,
                    rescale: Rescale::ByTimesteps,
                    ..process(*kind, timesteps)
                });
                for t in 0..timesteps {
                    let step = schedule.at(t);
                    let place = format!("{kind:?} {timesteps} {terminal:?} {t}: {step:?}");
                    assert!(step.beta > 0.0 && step.beta <= 1.0, "{place}");
                    assert!(step.alpha_bar < step.alpha_bar_before, "{place}");
                    assert!(
                        step.variance > 0.0 && step.log_variance.is_finite(),
                        "{place}"
                    );
                    assert!(step.c1 > 0.0 && step.c2 >= 0.0, "{place}");
                    assert!(step.snr >= 0.0 && step.snr.is_finite(), "{place}");
                }
                let silent = schedule.last().alpha_bar == 0.0;
                assert_eq!(silent, terminal == Terminal::ZeroSnr);
            }
        }
    }
}
