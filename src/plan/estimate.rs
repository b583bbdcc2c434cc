//! How long a plan will take, roughly.

use super::Plan;
use crate::config::{Pairs, Sampler, TaskKind, TrialConfig};
use crate::model::{Cost, cost_of};

/// Points of the test grid of `task: gate`.
const GRID: usize = 1024;

/// Sentences of `task: sequence`.
const SENTENCES: usize = 2;

/// What one worker (one core) is assumed to compute: 10⁹ floating-point operations a second, this many times.
/// The networks here reach 80 to 160 on a core of a 2020s server with AVX2 or AVX-512, counted as direct convolutions.
pub const GFLOPS_PER_WORKER: f64 = 100.0;

/// Arms whose cost is looked at; a larger plan is estimated from so many, evenly spread.
const LOOKED_AT: usize = 2_000;

/// Floating-point operations of one trial.
///
/// A multiply-accumulate is two operations. Training takes three forward passes' worth for each image and epoch
/// (forward, gradient by input, gradient by weights), evaluation one. Validation and test images are evaluated
/// every `evaluate_every` epochs and after the last.
pub fn work(cost: Cost, config: &TrialConfig) -> f64 {
    let (data, train) = (&config.data, &config.train);
    let (trained, evaluated) = match config.task {
        TaskKind::Classify => (data.train, data.test),
        TaskKind::Denoise => match config.noise.pairs {
            Pairs::Noisy => (data.train, data.test * config.iterate.passes),
            Pairs::NoisyAndClean => (2 * data.train, data.test * config.iterate.passes),
        },
        TaskKind::Restore => {
            let levels = config.noise.levels + 1;
            (data.train * levels, data.test * config.iterate.passes)
        }
        TaskKind::Diffuse => (data.train, data.test),
        TaskKind::Gate => (data.train, GRID),
        TaskKind::Sequence => (SENTENCES, SENTENCES),
    };
    let bits = match config.task {
        TaskKind::Diffuse => config.diffusion.bits_images * config.diffusion.timesteps,
        _ => 0,
    };
    let generated = (generated(config) + bits) as f64;
    let epochs = train.epochs as f64;
    let evaluations = train.epochs.div_ceil(train.evaluate_every.max(1)) as f64;
    let evaluated = data.valid as f64 + evaluated as f64;
    let passes = 3.0 * trained as f64 * epochs + evaluated * evaluations + generated;
    2.0 * cost.macs as f64 * passes
}

/// Floating-point operations of using a trained network once more (an evaluation).
pub fn work_of_use(cost: Cost, config: &TrialConfig) -> f64 {
    let passes = match config.task {
        TaskKind::Diffuse => generated(config),
        _ => config.data.test * config.iterate.passes,
    };
    2.0 * cost.macs as f64 * passes as f64
}

/// Forward passes of all images that are generated.
fn generated(config: &TrialConfig) -> usize {
    let steps = match (config.task, config.generate.sampler) {
        (TaskKind::Diffuse, Sampler::Ddim) => config.generate.steps,
        (TaskKind::Diffuse, Sampler::Ddpm) => config.diffusion.timesteps,
        _ => 0,
    };
    steps * config.generate.images
}

/// An estimate of the time that a plan takes.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Workers assumed.
    pub workers: usize,
    /// Assumed rate of one worker, in 10⁹ floating-point operations a second.
    pub gflops_per_worker: f64,
}

impl Plan {
    /// Floating-point operations of all evaluations of a trial.
    fn work_of_uses(&self, cost: Cost, config: &TrialConfig) -> f64 {
        let uses = super::evaluation::settings(&self.space.sweep.evaluate, config);
        uses.iter().map(|(used, _)| work_of_use(cost, used)).sum()
    }

    /// Floating-point operations of a trial of arm `point`, its evaluations included.
    pub fn work_of_trial(&self, point: usize) -> f64 {
        let config = self.config(point);
        let cost = cost_of(&config, self.facts(point).image);
        work(cost, &config) + self.work_of_uses(cost, &config)
    }

    /// Floating-point operations of the artefact that is unit `index`; 0 when it is none.
    pub fn work_of_artefact(&self, index: usize) -> f64 {
        let artefact = self.artefact(index);
        artefact.map_or(0.0, |first| {
            work(cost_of(&first.config, first.image), &first.config)
        })
    }

    /// Estimates the time on so many workers.
    pub fn estimate(&self, workers: usize) -> Estimate {
        let arms = self.points();
        let step = arms.div_ceil(LOOKED_AT).max(1);
        let looked_at = (0..arms).step_by(step);
        let count = looked_at.len().max(1) as f64;
        let operations: f64 = looked_at.map(|point| self.work_of_trial(point)).sum();
        let first = (self.len()..self.units()).map(|index| self.work_of_artefact(index));
        let all = operations / count * self.len() as f64 + first.sum::<f64>();
        // Fewer trials than workers leave some idle.
        let busy = workers.min(self.len()).max(1);
        Estimate {
            seconds: all / (GFLOPS_PER_WORKER * 1e9 * busy as f64),
            workers,
            gflops_per_worker: GFLOPS_PER_WORKER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: by hand, 2·100·(3·10·4 + (5 + 7)·2) operations.
    #[test]
    fn training_counts_three_passes_and_evaluation_one() {
        let cost = Cost {
            params: 1,
            macs: 100,
        };
        let mut config = TrialConfig::default();
        (config.data.train, config.data.valid, config.data.test) = (10, 5, 7);
        (config.train.epochs, config.train.evaluate_every) = (4, 3);
        assert_eq!(work(cost, &config), 28_800.0);
    }
}
