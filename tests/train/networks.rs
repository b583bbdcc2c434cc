//! Networks with state of their own, and tasks that draw on the way: however they are trained, stopped and gone on with,
//! the bits are the same.

use crate::bench::{Bench, Listener, SIDE, bits, finished};
use crate::edit::edit;
use crate::resume::{Impatient, checkpoint};
use ablate::config::{
    Arch, CnnSize, Init, Latent, ModelConfig, NoiseKind, NoiseSchedule, Norm, Residual, Select,
    Space, Target, TaskKind, Variance,
};
use ablate::data::Classes;
use ablate::model::{Context, Model};
use ablate::outcome::TrialResult;
use ablate::seed::Key;
use ablate::train::{Ended, Evaluated, Support, evaluate, run};
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;

/// Classes that have little to do with the images.
fn classes(n: usize, shift: usize) -> Vec<u8> {
    (0..n)
        .map(|image| ((3 * image + shift) % 10) as u8)
        .collect()
}

fn bench(task: TaskKind, arch: Arch) -> Bench {
    let mut bench = Bench::new();
    (bench.config.task, bench.config.model.arch) = (task, arch);
    bench.splits.classes = Some(Classes {
        train: classes(50, 0),
        valid: classes(20, 1),
        test: classes(30, 2),
    });
    bench.config.train.ema = Some(0.6);
    bench.config.train.lr = 0.01;
    bench
}

pub fn batch_norm() -> Bench {
    let mut bench = bench(TaskKind::Classify, Arch::Resnet);
    let model = &mut bench.config.model;
    (model.blocks, model.norm, model.residual) = (1, Norm::Batch, Residual::Add);
    bench
}

fn dropout() -> Bench {
    let mut bench = bench(TaskKind::Classify, Arch::Cnn);
    bench.config.model.size = CnnSize::Large;
    bench.config.train.epochs = 2;
    bench
}

fn diffusion() -> Bench {
    let mut bench = bench(TaskKind::Diffuse, Arch::Unet);
    let model = &mut bench.config.model;
    (model.widths, model.residual) = (vec![3, 5], Residual::Add);
    (model.skip.at, model.attention_at) = (vec![SIDE], vec![SIDE / 2]);
    let diffusion = &mut bench.config.diffusion;
    (diffusion.timesteps, diffusion.schedule) = (20, NoiseSchedule::Cosine);
    (diffusion.variance, diffusion.bits_images) = (Variance::Learned, 2);
    bench.config.generate.images = 20;
    (bench.config.generate.steps, bench.config.generate.eta) = (3, 1.0);
    let judge = ModelConfig {
        arch: Arch::Cnn,
        ..ModelConfig::default()
    };
    bench.support = Support {
        judge: Some(Model::new(&judge, [SIDE; 2], Init::Pytorch, 0).unwrap()),
        codec: None,
    };
    bench
}

fn latents() -> Bench {
    let mut bench = diffusion();
    bench.config.diffusion.space = Space::Latent;
    bench.config.diffusion.target = Target::V;
    bench.config.diffusion.variance = Variance::FixedSmall;
    bench.config.diffusion.bits_images = 0;
    (bench.config.model.skip.at, bench.config.model.attention_at) = (vec![4, 8], vec![4]);
    let codec = ModelConfig {
        latent: Latent::Linear,
        ..ModelConfig::default()
    };
    bench.support.codec = Some(Model::new(&codec, [SIDE; 2], Init::Keras, 0).unwrap());
    bench
}

fn uninterrupted(bench: &Bench) -> TrialResult {
    let root = tempfile::tempdir().unwrap();
    finished(run(&bench.job(root.path(), 1), &mut Listener::default()))
}

fn same_for_any_threads_and_stops(mut bench: Bench) -> TrialResult {
    let expected = uninterrupted(&bench);
    let text = bits(expected.clone());
    let with = |bench: &Bench, stops: &[usize]| {
        let root = tempfile::tempdir().unwrap();
        for (attempt, &steps) in (1..).zip(stops) {
            let mut listener = Listener::stopping_after(steps);
            let ended = run(&bench.job(root.path(), attempt), &mut listener);
            assert!(matches!(ended.unwrap(), Ended::Stopped { .. }));
        }
        let job = bench.job(root.path(), 99);
        bits(finished(run(&job, &mut Listener::default())))
    };
    assert_eq!(with(&bench, &[1, 2]), text, "stopped after steps 1 and 3");
    bench.threads = 3;
    assert_eq!(with(&bench, &[]), text, "3 threads");
    assert_eq!(
        with(&bench, &[2, 1]),
        text,
        "3 threads, stopped after 2 and 3"
    );
    expected
}

#[test]
fn running_averages_of_batches_are_the_same_for_any_threads_and_stops() {
    let result = same_for_any_threads_and_stops(batch_norm());
    let average = &result.weights["block.0.conv.0.norm.mean"];
    assert!(average.values.iter().any(|mean| *mean != 0.0));
}

/// Negative control: the averages are part of the state.
#[test]
fn without_its_running_averages_a_trial_is_another() {
    let bench = batch_norm();
    let root = tempfile::tempdir().unwrap();
    let mut listener = Listener::stopping_after(3);
    run(&bench.job(root.path(), 1), &mut listener).unwrap();
    edit(&checkpoint(root.path(), 3), |_, sections| {
        let averages = sections.iter_mut();
        let averages = averages.filter(|(name, _)| name.starts_with("buffer/"));
        assert_eq!(averages.map(|(_, bytes)| bytes.fill(0)).count(), 6);
    });
    let found = finished(run(&bench.job(root.path(), 2), &mut Listener::default()));
    assert_ne!(bits(found), bits(uninterrupted(&bench)));
}

#[test]
fn a_stop_during_an_evaluation_or_while_images_are_made_changes_no_bit() {
    for bench in [batch_norm(), diffusion()] {
        stop_at_every_chance(&bench);
    }
}

fn stop_at_every_chance(bench: &Bench) {
    let expected = bits(uninterrupted(bench));
    for stop_at in 1.. {
        let root = tempfile::tempdir().unwrap();
        let mut impatient = Impatient::stopping_at(stop_at);
        match run(&bench.job(root.path(), 1), &mut impatient).unwrap() {
            Ended::Finished(_) => {
                assert!(stop_at > 6, "{stop_at}");
                break;
            }
            Ended::Stopped { .. } => {}
        }
        let found = finished(run(&bench.job(root.path(), 2), &mut Listener::default()));
        assert_eq!(
            bits(found),
            expected,
            "stopped when asked the {stop_at}th time"
        );
    }
}

#[test]
fn what_is_dropped_is_the_same_for_any_threads_and_stops() {
    same_for_any_threads_and_stops(dropout());
}

#[test]
fn what_is_dropped_depends_on_the_key_of_the_image_alone_and_nothing_is_in_the_end() {
    let bench = dropout();
    let model = Model::new(&bench.config.model, [SIDE; 2], Init::Pytorch, 0).unwrap();
    let pixels = bench.splits.train.pixels[..2 * SIDE * SIDE].to_vec();
    let images = Tensor::from_vec(pixels, (2, SIDE, SIDE, 1), &Device::Cpu).unwrap();
    let answer = |images: &Tensor, context| -> Vec<Vec<f32>> {
        model.respond(images, context).unwrap().to_vec2().unwrap()
    };
    let keys = [1, 2, 3].map(|number| Key::new(0, "dropout").number(number));
    let both = answer(&images, Context::Train(&keys[..2]));
    let second = answer(
        &images.narrow(0, 1, 1).unwrap(),
        Context::Train(&keys[1..2]),
    );
    assert_eq!(both[1], second[0]);
    let other = answer(&images, Context::Train(&keys[1..]));
    assert_ne!(both[0], other[0]);
    let still = answer(&images, Context::Answer);
    assert_eq!(still, answer(&images, Context::Answer));
    assert_ne!(still, both);
}

#[test]
fn diffusion_is_the_same_for_any_threads_and_stops() {
    let result = same_for_any_threads_and_stops(diffusion());
    for metric in [
        "test.loss",
        "test.loss_d0",
        "test.bits",
        "test.frechet",
        "test.frechet_floor",
    ] {
        assert!(result.metrics[metric].is_finite(), "{metric}");
    }
    let samples: Vec<_> = result
        .samples
        .iter()
        .map(|samples| &samples.name[..])
        .collect();
    assert_eq!(samples, ["real", "samples", "chain"]);
}

#[test]
fn diffusion_of_latents_is_the_same_for_any_threads_and_stops() {
    let result = same_for_any_threads_and_stops(latents());
    assert!(result.metrics["test.frechet"].is_finite());
}

/// Oracle: the same trial ended after its best epoch. The learning rate is constant, so it is the beginning of the other.
#[test]
fn the_best_epoch_is_kept_with_its_averages() {
    let mut long = batch_norm();
    let train = &mut long.config.train;
    train.lr_schedule = ablate::config::LrSchedule::Constant;
    (train.warmup_steps, train.lr, train.epochs) = (0, 0.02, 3);
    let kept = uninterrupted(&long);
    let losses = kept.epochs.column("valid.cross_entropy").unwrap();
    let best = (0..3)
        .min_by(|a, b| losses[*a].total_cmp(&losses[*b]))
        .unwrap();
    assert!(best < 2, "the last epoch is not the best: {losses:?}");
    let mut short = long;
    short.config.train.epochs = best + 1;
    short.config.train.select = Select::Last;
    let ended = uninterrupted(&short);
    assert_eq!(kept.weights, ended.weights);
    assert_eq!(kept.parameters_digest, ended.parameters_digest);
    for metric in ["test.cross_entropy", "test.accuracy", "valid.cross_entropy"] {
        assert_eq!(kept.metrics[metric], ended.metrics[metric], "{metric}");
    }
}

fn evaluated(bench: &Bench, trained: &TrialResult) -> TrialResult {
    let root = tempfile::tempdir().unwrap();
    let job = bench.job(root.path(), 1);
    match evaluate(&job, &trained.weights, &mut Listener::default()).unwrap() {
        Evaluated::Finished(result) => *result,
        Evaluated::Stopped => panic!("nobody asked it to stop"),
    }
}

#[test]
fn an_evaluation_under_the_same_settings_says_what_training_said() {
    for bench in [batch_norm(), dropout(), diffusion(), latents()] {
        let trained = uninterrupted(&bench);
        let again = evaluated(&bench, &trained);
        assert!(!again.metrics.is_empty() && again.weights.is_empty());
        for (name, value) in &again.metrics {
            assert_eq!(trained.metrics[name].to_bits(), value.to_bits(), "{name}");
        }
        assert_eq!(again.parameters_digest, trained.parameters_digest);
    }
}

#[test]
fn an_evaluation_under_other_settings_differs_in_what_they_touch() {
    let mut bench = diffusion();
    let trained = uninterrupted(&bench);
    bench.config.generate.steps = 5;
    let other = evaluated(&bench, &trained).metrics;
    assert_ne!(other["test.frechet"], trained.metrics["test.frechet"]);
    assert_eq!(
        other["test.frechet_floor"],
        trained.metrics["test.frechet_floor"]
    );
    let mut bench = Bench::new();
    bench.config.model.widths = vec![4, 8];
    bench.config.noise.kind = NoiseKind::SaltPepper;
    let trained = uninterrupted(&bench);
    let of = |bench: &Bench| -> BTreeMap<String, f64> { evaluated(bench, &trained).metrics };
    assert_eq!(of(&bench)["test.bce"], trained.metrics["test.bce"]);
    bench.config.iterate.passes = 2;
    assert_ne!(of(&bench)["test.bce"], trained.metrics["test.bce"]);
}
