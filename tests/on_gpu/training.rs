//! Whole trials on a GPU: against the same ones on the processor, stopped and gone on with, diverging, and counted.

use crate::gpu::gpu;
use crate::trials::{STEPS, Trial, on_processor, trials};
use ablate::nn::ops::cuda::launched;
use ablate::outcome::{Outcome, TrialResult};
use ablate::train::Ended;

/// How far the loss of a step may be from the processor's, of its size: sums are in another order and multiply-adds fused,
/// and each step begins where the one before ended, so that the differences grow.
const FIRST: f64 = 1e-5;
const LATER: f64 = 1e-2;

fn losses(result: &TrialResult) -> &[f64] {
    result.epochs.column("train_loss").expect("losses")
}

#[test]
fn networks_train_as_on_the_processor() {
    if gpu().is_none() {
        return;
    }
    for (trial, right) in trials().iter().zip(&on_processor().0) {
        let found = trial.result();
        assert_eq!(found.outcome, Outcome::Completed, "{}", found.message);
        let (found, right) = (losses(&found), losses(right));
        assert_eq!(found.len(), STEPS);
        let steps = found.iter().zip(right);
        let off: Vec<f64> = steps.map(|(a, b)| (a - b).abs() / b.abs()).collect();
        let name = trial.name;
        println!(
            "{name}: off by {:.1e} first, {:.1e} last",
            off[0],
            off[STEPS - 1]
        );
        assert!(off[0] <= FIRST, "{name}: {found:?} instead of {right:?}");
        let most = off.iter().copied().fold(0.0, f64::max);
        assert!(most <= LATER, "{name}: {found:?} instead of {right:?}");
        assert!(found[STEPS - 1] < found[0], "{name} learns: {found:?}");
    }
}

/// The kernels sum in a fixed order, so the same GPU gives the same bits; a record promises it of no GPU.
#[test]
fn a_trial_that_is_stopped_goes_on_with_the_same_numbers() {
    if gpu().is_none() {
        return;
    }
    let trial = Trial::in_several_steps();
    let right = trial.result();
    // Within an epoch, and at the end of one.
    for stops in [[1, 4], [3, 3], [2, 5]] {
        let root = tempfile::tempdir().expect("a folder");
        for (attempt, steps) in (1..).zip(stops) {
            let ended = trial.attempt(root.path(), attempt, steps);
            assert!(matches!(ended, Ended::Stopped { .. }), "{stops:?}");
        }
        let Ended::Finished(found) = trial.attempt(root.path(), 9, usize::MAX) else {
            panic!("stopped by nobody");
        };
        assert_eq!(losses(&found), losses(&right), "{stops:?}");
        assert_eq!(
            found.parameters_digest, right.parameters_digest,
            "{stops:?}"
        );
    }
}

#[test]
fn divergence_is_told_with_its_first_step() {
    if gpu().is_none() {
        return;
    }
    let found = Trial::diverging().result();
    let right = &on_processor().1;
    assert_eq!(right.outcome, Outcome::Diverged);
    assert_eq!(
        (found.outcome, &found.message),
        (right.outcome, &right.message)
    );
}

/// Of ours; candle's own, which add and fill gradients, come on top (`make bench-gpu` counts all).
#[test]
fn launches_of_a_step_are_counted() {
    if gpu().is_none() {
        return;
    }
    for trial in trials() {
        let steps = |steps: usize| {
            let (root, before) = (tempfile::tempdir().expect("a folder"), launched());
            let ended = trial.attempt(root.path(), 1, steps);
            assert!(matches!(ended, Ended::Stopped { .. }));
            launched() - before
        };
        let (few, many) = (steps(2), steps(12));
        println!("{}: {} launches a step", trial.name, (many - few) / 10);
        assert!(many > few);
    }
}
