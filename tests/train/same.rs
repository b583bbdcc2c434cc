//! What must not matter: threads, and the arm where randomness is concerned.

use crate::bench::{Bench, Listener, Witness, bits, finished};
use ablate::config::{Dataset, OptimizerKind, Resample};
use ablate::data;
use ablate::train::run;
use std::time::Duration;

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let mut bench = Bench::new();
    let expected = bits(bench.result());
    for threads in [2, 3, 16] {
        bench.threads = threads;
        assert_eq!(bits(bench.result()), expected, "{threads} threads");
    }
}

/// The same with the real layers, and with a stop on the way.
#[test]
fn a_real_network_is_the_same_for_any_threads_and_stops() {
    let mut bench = Bench::new();
    bench.config.model.widths = vec![4, 8];
    bench.config.model.skip.at = vec![6];
    let with = |bench: &Bench, stops: &[usize]| {
        let root = tempfile::tempdir().unwrap();
        for (attempt, &steps) in (1..).zip(stops) {
            let mut listener = Listener::stopping_after(steps);
            run(&bench.job(root.path(), attempt), &mut listener).unwrap();
        }
        let job = bench.job(root.path(), 99);
        bits(finished(run(&job, &mut Listener::default())))
    };
    let expected = with(&bench, &[]);
    assert!(expected.contains("enc"), "the weights are in the result");
    assert_eq!(with(&bench, &[1, 2]), expected);
    bench.threads = 3;
    assert_eq!(with(&bench, &[]), expected);
    assert_eq!(with(&bench, &[3, 1, 1]), expected);
}

#[test]
fn a_real_network_learns() {
    let mut bench = Bench::new();
    bench.config.data.dataset = Dataset::Digits;
    (bench.config.data.train, bench.config.data.test) = (64, 32);
    bench.splits = data::load(&bench.config.data).unwrap();
    bench.config.noise.resample = Resample::Fixed;
    bench.config.model.widths = vec![8];
    let train = &mut bench.config.train;
    (train.epochs, train.batch, train.lr, train.clip) = (15, 16, 1e-2, None);
    train.select = ablate::config::Select::Last;
    let root = tempfile::tempdir().unwrap();
    let result = finished(run(&bench.job(root.path(), 1), &mut Listener::default()));
    let losses = result.epochs.column("train_loss").unwrap();
    assert!(losses[14] < 0.6 * losses[0], "{losses:?}");
    assert!(result.metrics["test.bce"] > result.metrics["test.bce_floor"]);
    assert!(result.metrics["test.ssim"] > 0.1, "{:?}", result.metrics);
}

fn seen(bench: &Bench) -> Vec<Vec<u32>> {
    let witness = Witness::new(Duration::ZERO);
    let root = tempfile::tempdir().unwrap();
    finished(bench.attempt_with(&witness, root.path(), 1, &mut Listener::default()));
    witness.seen.into_inner().unwrap()
}

#[test]
fn arms_that_share_a_seed_see_the_same_images_in_the_same_order_with_the_same_noise() {
    let arm = || {
        let mut bench = Bench::new();
        // Otherwise the best epoch, which is the arm's own, would be evaluated again.
        bench.config.train.select = ablate::config::Select::Last;
        bench
    };
    let expected = seen(&arm());
    let mut other_arm = arm();
    other_arm.config.train.optimizer = OptimizerKind::Sgd;
    other_arm.config.train.lr = 1e-4;
    assert_eq!(seen(&other_arm), expected);
    let mut other_seed = arm();
    other_seed.seed += 1;
    assert_ne!(seen(&other_seed), expected);
}

#[test]
fn fixed_noise_is_drawn_once_and_fresh_noise_every_epoch() {
    let first_images = |resample| {
        let mut bench = Bench::new();
        bench.config.noise.resample = resample;
        (bench.config.train.batch, bench.config.train.epochs) = (50, 2);
        bench.config.train.evaluate_every = 2;
        // Per epoch 4 micro-batches of 16, 16, 16, 2 images; as a set, because the order changes.
        let size = crate::bench::SIDE * crate::bench::SIDE;
        let epoch = |batches: &[Vec<u32>]| {
            let all = batches.concat();
            let mut images: Vec<_> = all.chunks(size).map(<[u32]>::to_vec).collect();
            images.sort();
            images
        };
        let seen = seen(&bench);
        (epoch(&seen[..4]), epoch(&seen[4..8]))
    };
    let (first, second) = first_images(Resample::Fixed);
    assert_eq!(first, second);
    let (first, second) = first_images(Resample::Fresh);
    assert_ne!(first, second);
}
