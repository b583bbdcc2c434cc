//! Denoising and restoring: what is trained on, and what becomes of an image after several passes (science.md R8, R9).

use crate::fake::{Knows, SEED, assert_close, fed, splits};
use ablate::config::{Aim, NoiseKind, Pairs, Resample, Rule, TaskKind, TrialConfig};
use ablate::data::{Split, Splits, corrupt};
use ablate::metric::{Due, Ratio};
use ablate::task::{Network, Support, build};

const SIDE: usize = 6;
const SIZE: usize = SIDE * SIDE;
const SHAPE: [usize; 4] = [1, SIDE, SIDE, 1];

fn config(task: TaskKind, kind: NoiseKind) -> TrialConfig {
    let mut config = TrialConfig {
        task,
        ..TrialConfig::default()
    };
    (config.noise.kind, config.noise.resample) = (kind, Resample::Fixed);
    config
}

/// The binary cross-entropy of logit 0 falls with y as ½ − y.
fn wanted(gradient: &[f32]) -> Vec<f32> {
    gradient.iter().map(|slope| 0.5 - slope).collect()
}

fn between(clean: &[f32], end: &[f32], t: usize) -> Vec<f32> {
    let part = t as f32 / 10.0;
    let pixels = clean.iter().zip(end);
    pixels
        .map(|(x, end)| (1.0 - part) * x + part * end)
        .collect()
}

#[test]
fn restore_is_trained_from_every_level_to_the_one_before_and_to_leave_clean_images_alone() {
    let mut config = config(TaskKind::Restore, NoiseKind::RoundedNormal);
    let splits = splits(3, 1, SIDE);
    let ends = corrupt(&config.noise, SEED, Split::Train, 0, &splits.train);
    for aim in [Aim::NextLevel, Aim::Clean] {
        config.noise.aim = aim;
        let task = build(&config, SEED, &splits, Support::NONE).expect("a task");
        assert_eq!(task.examples(), 3 * 11);
        for example in 0..task.examples() {
            let (image, t) = (example / 11, example % 11);
            let clean = &splits.train.pixels[image * SIZE..][..SIZE];
            let end = &ends.pixels[image * SIZE..][..SIZE];
            let (input, gradient) = fed(&*task, example, &SHAPE);
            assert_close("x_t", &input, &between(clean, end, t), 1e-6);
            let next = match aim {
                Aim::NextLevel => t.max(1) - 1,
                Aim::Clean => 0,
            };
            let right = between(clean, end, next);
            assert_close("what is wanted", &wanted(&gradient), &right, 1e-6);
        }
    }
}

#[test]
fn noisy_and_clean_pairs_are_every_image_twice() {
    let mut config = config(TaskKind::Denoise, NoiseKind::SaltPepper);
    config.noise.pairs = Pairs::NoisyAndClean;
    let splits = splits(3, 1, SIDE);
    let noisy = corrupt(&config.noise, SEED, Split::Train, 0, &splits.train);
    let task = build(&config, SEED, &splits, Support::NONE).expect("a task");
    assert_eq!(task.examples(), 6);
    for example in 0..6 {
        let image = example % 3 * SIZE;
        let clean = &splits.train.pixels[image..][..SIZE];
        let (input, gradient) = fed(&*task, example, &SHAPE);
        let right = match example < 3 {
            true => &noisy.pixels[image..][..SIZE],
            false => clean,
        };
        assert_eq!(input, right);
        assert_close("what is wanted", &wanted(&gradient), clean, 1e-6);
    }
    let mut config = config.clone();
    config.noise.pairs = Pairs::Noisy;
    let task = build(&config, SEED, &splits, Support::NONE).expect("a task");
    assert_eq!(task.examples(), 3);
}

/// Position of the mean squared error among the measures.
const MSE: usize = 1;

fn measured(config: &TrialConfig, splits: &Splits, network: &dyn Network) -> Vec<Ratio> {
    let task = build(config, SEED, splits, Support::NONE).expect("a task");
    assert_eq!(task.metrics(Due::Each)[MSE], "mse");
    let all = 0..splits.test.n;
    task.measure(network, Split::Test, all, Due::Each)
        .expect("measures")
}

/// Oracle: with the right x̂0, x_{s−1} = x_s − D(x0, s) + D(x0, s−1) is the image at level s − 1; from level 7 the image
/// itself is reached after seven passes.
#[test]
fn cold_diffusion_with_the_right_estimates_comes_down_level_by_level() {
    let mut config = config(TaskKind::Restore, NoiseKind::RoundedNormal);
    config.noise.aim = Aim::Clean;
    config.iterate.rule = Rule::Cold;
    let splits = splits(1, 4, SIDE);
    let ends = corrupt(&config.noise, SEED, Split::Test, 0, &splits.test);
    let clean = splits.test.pixels.clone();
    let logit = |x: &f32| (x / (1.0 - x)).ln();
    let oracle = Knows::new(|_: &[f32], _: &[usize]| clean.iter().map(logit).collect());
    for passes in 2..=9 {
        config.iterate.passes = passes;
        let left = 7usize.saturating_sub(passes) as f64 / 10.0;
        let ratios = measured(&config, &splits, &oracle);
        let width = ratios.len() / splits.test.n;
        for (image, ratios) in ratios.chunks(width).enumerate() {
            let range = image * SIZE..(image + 1) * SIZE;
            let pairs = clean[range.clone()].iter().zip(&ends.pixels[range]);
            let squares = pairs.map(|(x, end)| (left * f64::from(x - end)).powi(2));
            let right = squares.sum::<f64>() / SIZE as f64;
            let found = ratios[MSE].value();
            assert!(
                (found - right).abs() < 1e-7 + 1e-5 * right,
                "{passes} passes: {found} instead of {right}"
            );
        }
    }
    let inputs = oracle.asked();
    assert_close(
        "the start",
        &inputs[0].0,
        &between(&clean, &ends.pixels, 7),
        1e-6,
    );
    assert_eq!(
        inputs.len(),
        (2..=9).map(|passes: usize| passes.min(7)).sum::<usize>()
    );
}

/// Logits that leave an image about as it is.
fn faint(x: &[f32], _: &[usize]) -> Vec<f32> {
    x.iter().map(|x| 4.0 * x - 2.0).collect()
}

fn after_sigmoid(x: &[f32]) -> Vec<f32> {
    faint(x, &[])
        .into_iter()
        .map(|z| 1.0 / (1.0 + (-z).exp()))
        .collect()
}

/// What the network reads in each pass.
fn inputs(config: &TrialConfig, splits: &Splits) -> Vec<Vec<f32>> {
    let network = Knows::new(faint);
    measured(config, splits, &network);
    network.asked().into_iter().map(|(read, _)| read).collect()
}

#[test]
fn outputs_come_back_as_they_are_or_with_fresh_noise_from_the_second_pass_on() {
    for (task, kind, part) in [
        (TaskKind::Denoise, NoiseKind::SaltPepper, 1.0),
        // Noise as in the first input: at level 7 of 10.
        (TaskKind::Restore, NoiseKind::SaltPepper, 0.7),
    ] {
        let mut config = config(task, kind);
        config.iterate.passes = 3;
        let splits = splits(1, 20, SIDE);
        let plain = inputs(&config, &splits);
        config.iterate.rule = Rule::Renoise;
        let noisy = inputs(&config, &splits);
        assert_eq!((plain.len(), noisy.len()), (3, 3));
        assert_eq!(plain[0], noisy[0]);
        for pass in [1, 2] {
            let back = after_sigmoid(&plain[pass - 1]);
            assert_close("plain", &plain[pass], &back, 1e-6);
        }
        // Salt and pepper leave a pixel with probability ½, make it 0 or 1 with ¼ each.
        let kinds = |pass: usize| -> Vec<usize> {
            let back = after_sigmoid(&noisy[pass - 1]);
            let kind = |(&z, y): (&f32, f32)| {
                let possible = [y, (1.0 - part) * y, (1.0 - part) * y + part];
                let found = possible.iter().position(|right| (z - right).abs() < 1e-5);
                found.unwrap_or_else(|| panic!("{z} is none of {possible:?}"))
            };
            noisy[pass].iter().zip(back).map(kind).collect()
        };
        let (second, third) = (kinds(1), kinds(2));
        for (kind, share) in [(0, 0.5), (1, 0.25), (2, 0.25)] {
            let count = second.iter().filter(|found| **found == kind).count();
            let found = count as f64 / second.len() as f64;
            assert!((found - share).abs() < 0.06, "{kind}: {found}");
        }
        assert_ne!(second, third, "fresh noise every time");
        assert_ne!(
            second[..SIZE],
            second[SIZE..2 * SIZE],
            "and for every image"
        );
    }
}

#[test]
fn one_pass_is_the_same_under_every_rule_and_fresh_noise_for_any_batching() {
    let mut config = config(TaskKind::Denoise, NoiseKind::SaltPepper);
    let splits = splits(1, 20, SIDE);
    let network = Knows::new(faint);
    let plain = measured(&config, &splits, &network);
    config.iterate.rule = Rule::Renoise;
    assert_eq!(measured(&config, &splits, &network), plain);
    config.iterate.passes = 3;
    let whole = measured(&config, &splits, &network);
    assert_ne!(whole, plain);
    let task = build(&config, SEED, &splits, Support::NONE).expect("a task");
    let of = |range| {
        let found = task.measure(&network, Split::Test, range, Due::Each);
        found.expect("measures")
    };
    assert_eq!([of(0..7), of(7..20)].concat(), whole);
}
