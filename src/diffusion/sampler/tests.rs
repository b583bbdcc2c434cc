use super::*;
use crate::config::{DiffusionConfig, NoiseSchedule, Target, Terminal, Variance};
use crate::diffusion::tests::{agrees, process};
use crate::seed::Key;

fn generate(sampler: Sampler, steps: usize, stride: Stride, eta: f64) -> TrialConfig {
    TrialConfig {
        generate: GenerateConfig {
            sampler,
            steps,
            stride,
            eta,
            clip: Clip::Free,
            ..GenerateConfig::default()
        },
        ..TrialConfig::default()
    }
}

/// Oracle: the definitions in science.md §3; the uneven ones from
/// `np.round(T - np.arange(S) * T / S).astype(int) - 1`, NumPy 2.
#[test]
fn timesteps_visited() {
    let visited = |sampler, stride, steps, timesteps| {
        visited(&generate(sampler, steps, stride, 0.0).generate, timesteps)
    };
    let (leading, trailing) = (Stride::Leading, Stride::Trailing);
    let ddim = Sampler::Ddim;
    assert_eq!(visited(ddim, leading, 4, 1000), [750, 500, 250, 0]);
    assert_eq!(visited(ddim, trailing, 4, 1000), [999, 749, 499, 249]);
    assert_eq!(visited(ddim, leading, 3, 10), [6, 3, 0]);
    assert_eq!(visited(ddim, trailing, 3, 10), [9, 6, 2]);
    assert_eq!(visited(ddim, trailing, 4, 10), [9, 7, 4, 1]);
    assert_eq!(visited(ddim, trailing, 1, 10), [9]);
    for (sampler, stride) in [(ddim, leading), (ddim, trailing), (Sampler::Ddpm, trailing)] {
        for steps in [7, 1000] {
            let found = visited(sampler, stride, steps, 7);
            assert_eq!(
                found,
                [6, 5, 4, 3, 2, 1, 0],
                "{sampler:?} {stride:?} {steps}"
            );
        }
    }
}

fn linear() -> Process {
    Process::new(&process(NoiseSchedule::Linear, 1000))
}

/// Oracle: the scalar example of science.md §3: x0 = 0.5, ε = −1.25, which the network answers exactly.
#[test]
fn the_ddim_vectors() {
    let process = linear();
    for (eta, from, to, deviation, mean) in [
        (0.0, 500, 480, "0", "-1.035226048050"),
        (1.0, 500, 480, "0.420265433125", "-0.912904885627"),
        (0.5, 999, 499, "0.479837664417", "-0.899039777269"),
    ] {
        let config = generate(Sampler::Ddim, 50, Stride::Trailing, eta);
        let trajectory = Trajectory::new(&process, &config);
        let hop = Hop { from, to: Some(to) };
        agrees(trajectory.ddim_variance(hop).sqrt(), deviation);
        let x = process.noised(from).of(0.5, -1.25);
        let Mix(a, b) = trajectory.mean(hop);
        agrees(a * 0.5 + b * x, mean);
    }
}

/// What a network that knows x0 answers at x_t.
fn oracle(process: &Process, t: usize, x0: &[f32], x: &[f32]) -> Vec<f32> {
    let Mix(signal, noise) = process.noised(t);
    let answer = |(&x0, &x): (&f32, &f32)| {
        let left = (f64::from(x) - signal * f64::from(x0)) / noise;
        process.wanted(t).of(x0, left as f32) as f32
    };
    x0.iter().zip(x).map(answer).collect()
}

/// Walks back from noise beside a network that knows x0, showing each x_s on the way.
fn walk(
    process: &Process,
    config: &TrialConfig,
    x0: &[f32],
    mut show: impl FnMut(Option<usize>, &[f32]),
) -> Vec<f32> {
    let mut draws = Key::new(3, "walk").stream();
    let mut normal =
        |count: usize| -> Vec<f32> { (0..count).map(|_| draws.normal() as f32).collect() };
    let trajectory = Trajectory::new(process, config);
    let mut x = normal(x0.len());
    let u = vec![0.0; x0.len()];
    for hop in trajectory.hops() {
        let answer = oracle(process, hop.from, x0, &x);
        let z = if trajectory.is_random(hop) {
            normal(x0.len())
        } else {
            Vec::new()
        };
        let mut next = vec![0.0; x0.len()];
        let seen = Seen {
            x: &x,
            answer: &answer,
            u: &u,
        };
        trajectory.step(hop, seen, &z, &mut next);
        show(hop.to, &next);
        x = next;
    }
    x
}

#[test]
fn a_network_that_knows_the_image_leads_to_it() {
    let x0 = [0.5, -1.0, 1.0, 0.0];
    for target in Target::ALL {
        for variance in Variance::ALL {
            let process = Process::new(&DiffusionConfig {
                target: *target,
                variance: *variance,
                ..process(NoiseSchedule::Linear, 1000)
            });
            for (sampler, eta) in [
                (Sampler::Ddpm, 0.0),
                (Sampler::Ddim, 0.0),
                (Sampler::Ddim, 1.0),
            ] {
                for stride in Stride::ALL {
                    for clip in Clip::ALL {
                        let mut config = generate(sampler, 50, *stride, eta);
                        config.generate.clip = *clip;
                        for (found, x0) in walk(&process, &config, &x0, |_, _| {}).iter().zip(x0) {
                            let place = format!("{target:?} {variance:?} {config:?}");
                            assert!((found - x0).abs() < 2e-5, "{found} {x0} {place}");
                        }
                    }
                }
            }
        }
    }
}

/// Without noise, DDIM keeps the ε it started from, on every timestep that it visits.
#[test]
fn deterministic_ddim_stays_on_one_line_of_noise() {
    let x0 = [0.5, -0.25];
    for terminal in Terminal::ALL {
        let process = Process::new(&DiffusionConfig {
            target: Target::V,
            terminal: *terminal,
            ..process(NoiseSchedule::Linear, 1000)
        });
        let mut noises = Vec::new();
        let config = generate(Sampler::Ddim, 50, Stride::Trailing, 0.0);
        walk(&process, &config, &x0, |to, x| {
            let Some(t) = to else { return };
            let answer = oracle(&process, t, &x0, x);
            noises.push([0, 1].map(|i| process.noise(t).of(answer[i], x[i])));
        });
        assert_eq!(noises.len(), 49);
        for noise in &noises {
            for (found, first) in noise.iter().zip(noises[0]) {
                assert!((found - first).abs() < 1e-4, "{found} {first}");
            }
        }
    }
}

/// Steps back with the posterior's own variance, from pure noise, pass through q(x_s | x0): mean and variance over many
/// pixels, within four standard errors. (Ho et al. 2020, and Song et al. 2021 for any stride.)
#[test]
fn random_steps_pass_through_the_distributions_of_the_way_there() {
    let count = 4000;
    let x0 = vec![0.75; count];
    let process = Process::new(&DiffusionConfig {
        terminal: Terminal::ZeroSnr,
        target: Target::V,
        ..process(NoiseSchedule::Linear, 100)
    });
    for config in [
        generate(Sampler::Ddpm, 1, Stride::Trailing, 0.0),
        generate(Sampler::Ddim, 10, Stride::Trailing, 1.0),
        generate(Sampler::Ddim, 10, Stride::Trailing, 0.5),
    ] {
        walk(&process, &config, &x0, |to, x| {
            let Some(t) = to else { return };
            let step = process.schedule.at(t);
            let mean = x.iter().map(|&x| f64::from(x)).sum::<f64>() / count as f64;
            let square = |&x: &f32| (f64::from(x) - mean).powi(2);
            let variance = x.iter().map(square).sum::<f64>() / count as f64;
            let wanted = 1.0 - step.alpha_bar;
            let room = 4.0 * (wanted / count as f64).sqrt();
            assert!(
                (mean - step.alpha_bar.sqrt() * 0.75).abs() < room,
                "{t}: {mean}"
            );
            let room = 4.0 * (2.0 / count as f64).sqrt();
            assert!(
                (variance / wanted - 1.0).abs() < room,
                "{t}: {variance} {wanted}"
            );
        });
    }
}

/// DDIM at η = 1 from one timestep to the one before it is DDPM with its small variance.
#[test]
fn ddim_at_full_noise_is_ddpm() {
    let process = linear();
    let ddim = generate(Sampler::Ddim, 1000, Stride::Trailing, 1.0);
    let ddim = Trajectory::new(&process, &ddim);
    let ddpm = generate(Sampler::Ddpm, 1000, Stride::Trailing, 0.0);
    let ddpm = Trajectory::new(&process, &ddpm);
    assert!(ddim.hops().eq(ddpm.hops()));
    for hop in ddim.hops().take(999) {
        let (one, other) = (ddim.mean(hop), ddpm.mean(hop));
        assert!((one.0 - other.0).abs() < 1e-9 && (one.1 - other.1).abs() < 1e-9);
        let (one, other) = (ddim.log_variance(hop, &[]), ddpm.log_variance(hop, &[]));
        assert!((one.at(0) - other.at(0)).abs() < 1e-8);
    }
}

#[test]
fn a_wild_estimate_is_clipped_in_pixels_and_left_in_latents() {
    let process = linear();
    let mut config = generate(Sampler::Ddim, 1, Stride::Trailing, 0.0);
    let last = Hop {
        from: 999,
        to: None,
    };
    let end = |config: &TrialConfig| {
        let mut out = [0.0];
        let seen = Seen {
            x: &[0.5],
            answer: &[-1.0],
            u: &[],
        };
        Trajectory::new(&process, config).step(last, seen, &[], &mut out);
        out[0]
    };
    let free = process.clean(999).of(-1.0, 0.5) as f32;
    assert!(free > 100.0);
    assert!((end(&config) / free - 1.0).abs() < 1e-6);
    config.generate.clip = Clip::Clip;
    assert_eq!(end(&config), 1.0);
    config.diffusion.space = Space::Latent;
    assert!((end(&config) / free - 1.0).abs() < 1e-6);
}
