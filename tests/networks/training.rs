//! Whole trainings (tests/vectors/training.json, made by make_training.py): the same weights, images and noise give the same
//! losses of five steps of Adam, the same parameters and moving averages after them, and the same measures.

use crate::vectors::{load, numbers, wave, wave_of_rate};
use crate::{config, draw};
use ablate::config::{NoiseKind, Weights};
use ablate::data::{Classes, Images, Splits};
use ablate::model::{Io, Model, cost};
use ablate::outcome::TrialResult;
use ablate::train::{Ended, Event, Job, Observer, Support, run_network};
use serde_json::Value;
use std::time::Duration;

/// Nobody who listens.
struct Silence;

impl Observer for Silence {
    fn tell(&mut self, _event: Event) {}
    fn stop_requested(&self) -> bool {
        false
    }
}

fn images(n: usize, side: usize, phase: f64) -> Images {
    let slow = wave_of_rate(0.2, &[n, side, side], phase, 0.5, 0.0);
    Images {
        n,
        h: side,
        w: side,
        pixels: slow.iter().map(|x| x + 0.5).collect(),
    }
}

fn classes(n: usize) -> Vec<u8> {
    (0..n).map(|image| (3 * image % 10) as u8).collect()
}

fn splits(train: Images, test: Images) -> Splits {
    Splits {
        classes: Some(Classes {
            train: classes(train.n),
            valid: Vec::new(),
            test: classes(test.n),
        }),
        train,
        valid: Images::default(),
        test,
    }
}

/// The trial of a case, trained for so many epochs of one step each.
fn trained(told: &Value, splits: &Splits, epochs: usize) -> TrialResult {
    let mut config = config(told);
    let number = |name: &str| told[name].as_f64().expect("a number");
    config.noise.kind = NoiseKind::Clean;
    config.generate.images = 0;
    let train = &mut config.train;
    (train.epochs, train.batch) = (epochs, splits.train.n);
    (train.lr, train.eps) = (number("lr"), number("eps"));
    train.ema = Some(number("ema"));
    train.weights = Weights::Keep;
    let image = [splits.train.h, splits.train.w];
    let io = Io::of(&config, image);
    let model = Model::new(&config.model, io, config.train.init, 0).expect("a config that fits");
    draw(model.parameters());
    let folder = tempfile::tempdir().expect("a folder");
    let job = Job {
        id: "ab".repeat(32),
        config: &config,
        seed: 7,
        splits,
        support: Support::NONE,
        checkpoints: folder.path().to_owned(),
        attempt: 1,
        image,
        threads: 2,
        checkpoint_every: Duration::MAX,
    };
    let cost = cost(&config.model, io);
    match run_network(&job, &model, cost, &mut Silence).expect("a trial that runs") {
        Ended::Finished(result) => result,
        Ended::Stopped { step } => panic!("stopped at step {step}"),
    }
}

fn assert_close(what: &str, found: f64, right: f64, room: f64) {
    assert!(
        (found - right).abs() <= room,
        "{what}: {found} instead of {right}"
    );
}

/// Five steps magnify what rounding leaves of f32.
const ROOM: f64 = 1e-4;

fn check(told: &Value, splits: &Splits) {
    for epochs in [2, 5] {
        let result = trained(told, splits, epochs);
        let column = |name: &str| result.epochs.column(name).expect("a column").to_vec();
        let losses = numbers(&told["train_loss"]);
        for (found, right) in column("train_loss").into_iter().zip(losses) {
            assert_close("train_loss", found, right, ROOM * right);
        }
        for (name, right) in told["measured"].as_object().expect("measures by name") {
            let found = column(&format!("test.{name}"));
            assert_eq!(found.len(), epochs);
            for (found, right) in found.into_iter().zip(numbers(right)) {
                assert_close(name, found, right, ROOM * right.max(0.1));
            }
        }
        let after = &told["after"][epochs.to_string()];
        let after = after.as_object().expect("weights by name");
        assert!(result.weights.keys().eq(after.keys()));
        for (name, weight) in &result.weights {
            let product = |other: &[f32]| -> f64 {
                let pairs = weight.values.iter().zip(other);
                pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
            };
            let [norm, direction] = numbers(&after[name])[..] else {
                panic!("two numbers a weight");
            };
            assert_close(name, product(&weight.values).sqrt(), norm, ROOM * norm);
            let found = product(&wave(&weight.shape, 0.5, 1.0, 0.0));
            let terms = (weight.values.len() as f64).sqrt();
            assert_close(name, found, direction, ROOM * norm * terms);
        }
    }
}

#[test]
fn a_classifier_with_batch_normalisation_and_averaged_parameters_trains_as_in_pytorch() {
    let told = &load("training.json")["classify"];
    check(told, &splits(images(6, 4, 0.3), images(5, 4, 9.3)));
}

#[test]
fn a_diffusion_trains_as_in_pytorch() {
    let told = &load("training.json")["diffuse"];
    check(told, &splits(images(6, 6, 0.3), images(20, 6, 9.3)));
}
