//! What a result holds.

use crate::bench::{Bench, EPOCHS, Listener, SIDE, STEPS, finished};
use crate::common::skip;
use ablate::config::{Dataset, NoiseKind, OptimizerKind, Resample, Select, TrialConfig, Weights};
use ablate::data::{self, Split, corrupt};
use ablate::metric::entropy_floor;
use ablate::outcome::Outcome;
use ablate::train::{Event, run};

/// So that an evaluation that takes longer than a supervisor's patience is not taken for a hang.
#[test]
fn a_long_evaluation_gives_signs_of_life_on_the_way() {
    let mut bench = Bench::new();
    bench.config.train.epochs = 1;
    bench.splits.test = crate::bench::images(2100, 200);
    let mut listener = Listener::default();
    let root = tempfile::tempdir().unwrap();
    finished(bench.attempt(root.path(), 1, &mut listener));
    let mut signs: Vec<_> = listener.events.iter().filter_map(test_images).collect();
    signs.dedup();
    assert_eq!(&signs[..3], [1024, 2048, 2100]);
}

fn test_images(event: &Event) -> Option<usize> {
    match event {
        Event::Measured {
            split: Split::Test,
            images,
        } => Some(*images),
        _ => None,
    }
}

#[test]
fn every_epoch_has_a_row_and_measures_where_due() {
    let mut bench = Bench::new();
    bench.config.train.evaluate_every = 2;
    bench.config.train.select = Select::Last;
    let mut listener = Listener::default();
    let root = tempfile::tempdir().unwrap();
    let result = finished(bench.attempt(root.path(), 1, &mut listener));
    assert_eq!(
        (result.outcome, result.message.as_str()),
        (Outcome::Completed, "")
    );
    let column = |name: &str| result.epochs.column(name).unwrap().to_vec();
    assert_eq!(column("epoch"), [1.0, 2.0, 3.0]);
    for name in ["bce", "mse", "psnr", "ink", "false_on", "false_off"] {
        for split in ["test", "valid"] {
            let values = column(&format!("{split}.{name}"));
            let measured: Vec<_> = values.iter().map(|value| value.is_finite()).collect();
            assert_eq!(measured, [false, true, true], "{split}.{name}");
            assert_eq!(result.metrics[&format!("{split}.{name}")], values[2]);
        }
    }
    assert_eq!(result.metrics["train_loss"], column("train_loss")[2]);
    let ssim = column("test.ssim");
    assert!(ssim[1].is_nan() && ssim[2].is_finite());
    // Warm-up of 2 steps, then half a cosine over 4.
    let quarter = 0.05 * 0.5 * (1.0 + (std::f64::consts::PI / 4.0).cos());
    let lr = column("lr");
    assert!(
        (lr[0] - 0.05).abs() < 1e-15 && (lr[1] - quarter).abs() < 1e-15,
        "{lr:?}"
    );
    let told = |event: &&Event| matches!(event, Event::Epoch { .. });
    assert_eq!(listener.events.iter().filter(told).count() as u64, EPOCHS);
    assert_eq!(listener.steps() as u64, STEPS);
    assert_eq!((result.params, result.macs), (145, 144));
}

/// Oracle: the formulas, written plainly here, on the final parameters and the test noise.
#[test]
fn measures_and_pictures_are_those_of_the_final_parameters() {
    let mut bench = Bench::new();
    bench.config.train.select = Select::Last;
    let result = bench.result();
    let noisy = corrupt(
        &bench.config.noise,
        bench.seed,
        Split::Test,
        0,
        &bench.splits.test,
    );
    let clean = &bench.splits.test.pixels;
    let (gain, bias) = (
        &result.weights["gain"].values,
        result.weights["bias"].values[0],
    );
    let output: Vec<f64> = (noisy.pixels.iter().enumerate())
        .map(|(at, x)| f64::from(x * gain[at % (SIDE * SIDE)] + bias))
        .map(|logit| 1.0 / (1.0 + (-logit).exp()))
        .collect();
    let pairs = || {
        output
            .iter()
            .copied()
            .zip(clean.iter().map(|&y| f64::from(y)))
    };
    let n = clean.len() as f64;
    let bce = -pairs()
        .map(|(p, y)| y * p.ln() + (1.0 - y) * (1.0 - p).ln())
        .sum::<f64>()
        / n;
    let mse = pairs().map(|(p, y)| (p - y) * (p - y)).sum::<f64>() / n;
    let ink = output.iter().sum::<f64>() / pairs().map(|(_, y)| y).sum::<f64>();
    for (name, expected) in [("bce", bce), ("mse", mse), ("ink", ink)] {
        let found = result.metrics[&format!("test.{name}")];
        assert!(
            (found - expected).abs() < 1e-6,
            "{name}: {found} {expected}"
        );
    }
    assert_eq!(result.metrics["test.bce_floor"], entropy_floor(clean));

    let names: Vec<_> = result
        .samples
        .iter()
        .map(|samples| samples.name.as_str())
        .collect();
    assert_eq!(names, ["input", "target", "output"]);
    let [input, target, last] = &result.samples[..] else {
        unreachable!()
    };
    let byte = |value: f64| (value * 255.0).round() as u8;
    let pictured = 8 * SIDE * SIDE;
    let expected: Vec<u8> = noisy.pixels[..pictured]
        .iter()
        .map(|&x| byte(f64::from(x)))
        .collect();
    assert_eq!(
        (input.epochs.as_slice(), &input.pixels),
        (&[0][..], &expected)
    );
    assert_eq!(
        (target.epochs.as_slice(), target.shape),
        (&[0][..], [8, SIDE, SIDE])
    );
    assert_eq!(last.epochs, [2, 3], "every second epoch, and the last");
    for (found, expected) in last.pixels[pictured..].iter().zip(&output) {
        assert!(found.abs_diff(byte(*expected)) <= 1);
    }
}

/// Oracle: the formula, written plainly here, on the initial parameters, which so small a rate leaves alone.
#[test]
fn the_training_loss_is_the_mean_over_all_pixels_of_each_epoch() {
    let mut bench = Bench::new();
    bench.config.noise.resample = Resample::Fixed;
    bench.config.train.lr = 1e-30;
    let result = bench.result();
    let train = &bench.splits.train;
    let noisy = corrupt(&bench.config.noise, bench.seed, Split::Train, 0, train);
    let gain = &result.weights["gain"].values;
    let bias = result.weights["bias"].values[0];
    let loss = |(at, (&x, &y)): (usize, (&f32, &f32))| {
        let z = f64::from(x * gain[at % (SIDE * SIDE)] + bias);
        (1.0 + z.exp()).ln() - z * f64::from(y)
    };
    let pairs = noisy.pixels.iter().zip(&train.pixels);
    let expected = pairs.enumerate().map(loss).sum::<f64>() / train.pixels.len() as f64;
    for found in result.epochs.column("train_loss").unwrap() {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
}

#[test]
fn weights_are_kept_or_dropped_but_always_digested() {
    let mut bench = Bench::new();
    let kept = bench.result();
    assert_eq!(kept.weights["gain"].shape, [SIDE, SIDE, 1]);
    bench.config.train.weights = Weights::Drop;
    let dropped = bench.result();
    assert!(dropped.weights.is_empty());
    assert_eq!(dropped.parameters_digest, kept.parameters_digest);
    assert_eq!(kept.parameters_digest.len(), 64);
    bench.seed += 1;
    assert_ne!(bench.result().parameters_digest, kept.parameters_digest);
}

#[test]
fn best_valid_measures_the_epoch_with_the_lowest_validation_loss() {
    let mut bench = Bench::getting_worse();
    let best_valid = bench.result();
    let valid = best_valid.epochs.column("valid.bce").unwrap();
    let best = (0..valid.len())
        .min_by(|&a, &b| valid[a].total_cmp(&valid[b]))
        .unwrap();
    assert_ne!(
        best,
        valid.len() - 1,
        "the test needs a best epoch before the last: {valid:?}"
    );
    for name in ["valid.bce", "test.bce", "test.mse"] {
        assert_eq!(
            best_valid.metrics[name],
            best_valid.epochs.column(name).unwrap()[best]
        );
    }
    assert!(best_valid.metrics["test.ssim"].is_finite());
    bench.config.train.select = Select::Last;
    let last = bench.result();
    assert_eq!(last.metrics["valid.bce"], *valid.last().unwrap());
    assert_ne!(last.parameters_digest, best_valid.parameters_digest);
}

#[test]
fn training_stops_early_when_validation_gets_no_better() {
    let mut bench = Bench::new();
    bench.config.train.epochs = 50;
    bench.config.train.patience = Some(2);
    bench.config.train.lr = 1e-30; // nothing changes
    let result = bench.result();
    assert_eq!(result.epochs.rows(), 3);
    assert!(
        result.epochs.column("test.ssim").unwrap()[2].is_finite(),
        "it is the last epoch"
    );
    assert_eq!(result.samples[2].epochs, [2, 3]);
}

#[test]
fn divergence_is_a_result_that_says_where() {
    let mut bench = Bench::new();
    bench.config.train.optimizer = OptimizerKind::Sgd;
    bench.config.train.clip = None;
    bench.config.train.warmup_steps = 0;
    bench.config.train.lr = 1e38;
    let result = bench.result();
    assert_eq!(result.outcome, Outcome::Diverged);
    assert!(result.message.contains("(epoch "), "{}", result.message);
    assert!(result.metrics.is_empty() && result.epochs.rows() < EPOCHS as usize);
    bench.config.train.lr = f64::MAX; // infinite as f32: the parameters are at once
    let result = bench.result();
    assert!(
        result
            .message
            .starts_with("parameter bias is NaN or infinite at step 1 (epoch 1)")
    );
}

/// One step to parameters of about 1e29: finite, but their products are not.
#[test]
fn a_network_whose_answers_are_no_numbers_has_diverged_though_its_parameters_are_finite() {
    let mut bench = Bench::new();
    let train = &mut bench.config.train;
    train.optimizer = OptimizerKind::Sgd;
    train.clip = None;
    train.warmup_steps = 0;
    train.lr = 1e30;
    train.batch = 50;
    train.epochs = 1;
    let root = tempfile::tempdir().unwrap();
    let ended = run(&bench.job(root.path(), 1), &mut Listener::default());
    let result = finished(ended);
    assert_eq!(result.outcome, Outcome::Diverged);
    assert_eq!(
        result.message,
        "valid.bce is NaN or infinite at step 1 (epoch 1)"
    );
    assert!(result.metrics.is_empty());
}

#[test]
fn one_image_in_a_batch_larger_than_the_data_is_enough() {
    let mut bench = Bench::new();
    bench.splits.train = crate::bench::images(1, 0);
    bench.splits.valid = crate::bench::images(0, 0);
    bench.splits.test = crate::bench::images(3, 0);
    bench.config.train.select = Select::Last;
    bench.config.noise.kind = NoiseKind::Gaussian;
    let result = bench.result();
    assert_eq!(result.epochs.rows(), EPOCHS as usize);
    assert_eq!(result.samples[0].shape, [3, SIDE, SIDE]);
    assert!(result.epochs.column("valid.bce").is_none());
}

/// Oracle: science.md §1, notes.
#[test]
fn the_loss_floor_of_mnist_is_the_entropy_of_its_grey_pixels() {
    let mut config = TrialConfig::default().data;
    config.dataset = Dataset::Mnist;
    match data::load(&config) {
        Err(problem) => skip("the loss floor of MNIST", &problem.to_string()),
        Ok(splits) => {
            for (images, expected) in [(splits.train, 0.0584729620), (splits.test, 0.0580797014)] {
                let found = entropy_floor(&images.pixels);
                assert!((found - expected).abs() < 1e-8, "{found} {expected}");
            }
        }
    }
}
