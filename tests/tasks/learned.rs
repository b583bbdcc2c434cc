//! Gate and sequence: small enough to be judged as a whole (science.md R1, R7).

use crate::fake::{SEED, numbers};
use ablate::config::{Arch, Combine, Function, Init, TaskKind, TrialConfig};
use ablate::data::Splits;
use ablate::model::{Io, Model};
use ablate::task::{Support, build};
use ablate::train::{Ended, Event, Job, Observer, run};
use candle_core::Tensor;
use std::time::Duration;

/// Oracle: central differences of the whole loss, in every parameter.
#[test]
fn gates_have_the_gradients_of_their_loss() {
    let splits = Splits::default();
    for (&combine, function) in Combine::ALL.iter().zip([
        Function::Bump,
        Function::Gated,
        Function::Xor,
        Function::Gated,
    ]) {
        let mut config = TrialConfig {
            task: TaskKind::Gate,
            ..TrialConfig::default()
        };
        (config.model.arch, config.model.units) = (Arch::Gate, 3);
        (config.model.combine, config.data.function) = (combine, function);
        config.data.train = 8;
        let task = build(&config, SEED, &splits, Support::NONE).expect("a task");
        let io = Io::of(&config, [1, function.inputs()]);
        let model = Model::new(&config.model, io, Init::Pytorch, 3).expect("a network");
        let all: Vec<usize> = (0..8).collect();
        let loss = || task.loss(&model, &all).expect("a loss");
        let value = || f64::from(loss().to_scalar::<f32>().expect("a scalar"));
        let store = loss().backward().expect("gradients");
        let mut largest: f64 = 0.0;
        for (name, var) in &model.parameters().0 {
            let gradient = numbers(store.get(var).expect("the loss depends on it"));
            let start = numbers(var);
            for (at, found) in gradient.into_iter().enumerate() {
                let moved = |by: f32| {
                    let mut values = start.clone();
                    values[at] += by;
                    let values = Tensor::from_vec(values, var.shape(), var.device());
                    var.set(&values.expect("its own shape")).expect("set");
                    value()
                };
                let slope = (moved(0.01) - moved(-0.01)) / 0.02;
                moved(0.0);
                let found = f64::from(found);
                assert!(
                    (found - slope).abs() < 5e-3 * slope.abs().max(1.0),
                    "{combine:?}, {name} {at}: {found} instead of {slope}"
                );
                largest = largest.max(slope.abs());
            }
        }
        assert!(largest > 1.0, "{combine:?}: {largest}");
    }
}

/// Nobody who listens.
struct Silence;

impl Observer for Silence {
    fn tell(&mut self, _event: Event) {}
    fn stop_requested(&self) -> bool {
        false
    }
}

/// The cross-entropy a word, and its floor, after the training of science.md R7.
fn spoken(seed: u64) -> (f64, f64) {
    let mut config = TrialConfig {
        task: TaskKind::Sequence,
        ..TrialConfig::default()
    };
    (config.model.arch, config.model.key_width) = (Arch::Attention, 10);
    let train = &mut config.train;
    (train.epochs, train.batch, train.lr) = (5000, 2, 1e-3);
    (train.evaluate_every, train.samples_every) = (5000, 5000);
    let splits = Splits::default();
    let folder = tempfile::tempdir().expect("a folder");
    let job = Job {
        id: "ab".repeat(32),
        config: &config,
        seed,
        splits: &splits,
        support: Support::NONE,
        checkpoints: folder.path().to_owned(),
        attempt: 1,
        image: [1, 5],
        threads: 1,
        checkpoint_every: Duration::MAX,
    };
    match run(&job, &mut Silence).expect("a trial that runs") {
        Ended::Finished(result) => (
            result.metrics["test.cross_entropy"],
            result.metrics["test.cross_entropy_floor"],
        ),
        Ended::Stopped { step } => panic!("stopped at step {step}"),
    }
}

/// Oracle: who knows all that can be known pays ln 2 for the word after the first, and nothing for the other four. From some
/// initial values, in PyTorch too, the sentences' ends are never told apart: another ln 2 for the last word.
#[test]
fn softmax_attention_learns_all_that_can_be_known_of_the_sentences() {
    let above: Vec<f64> = (0..4)
        .map(|seed| {
            let (found, floor) = spoken(seed);
            assert!((floor - 0.138_629_436).abs() < 1e-9);
            found / floor - 1.0
        })
        .collect();
    let near = |level: f64| {
        above
            .iter()
            .filter(move |above| (-1e-6..0.05).contains(&(**above - level)))
    };
    assert!(near(0.0).count() >= 2, "{above:?}");
    assert_eq!(near(0.0).count() + near(1.0).count(), 4, "{above:?}");
}
