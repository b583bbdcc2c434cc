//! A state is read back to the last bit, or refused.

use super::*;
use crate::config::TrainConfig;

fn identity() -> Identity {
    Identity {
        trial: "0".repeat(64),
        numerics: 1,
        dispatch: "portable".into(),
    }
}

fn state() -> State {
    let weight = Weight {
        shape: vec![1, 2],
        values: vec![f32::NAN, -0.0],
    };
    let parameters = BTreeMap::from([("a".to_owned(), weight)]);
    let mut state = State::fresh(&TrainConfig::default(), parameters, BTreeMap::new());
    state.progress.loss_sum = f64::INFINITY;
    state.progress.step = u64::MAX;
    state.progress.selection.judge(3, 0.1 + 0.2);
    state.best = Some(state.parameters.clone());
    state.epochs.push(&[("loss", f64::NAN), ("epoch", 1.0)]);
    state.add_pictures(vec![Samples {
        name: "output".into(),
        epochs: vec![1],
        shape: [1, 1, 2],
        pixels: vec![7, 255],
    }]);
    state
}

#[test]
fn a_state_reads_back_to_the_last_bit() {
    let file = encode(&identity(), &state()).unwrap();
    let back = decode(&identity(), &file).unwrap();
    // NaN is not equal to itself: compare what would be written again.
    assert_eq!(encode(&identity(), &back).unwrap(), file);
    assert_eq!(format!("{back:?}"), format!("{:?}", state()));
    assert_eq!(
        back.parameters["a"].values[1].to_bits(),
        (-0.0f32).to_bits()
    );
}

#[test]
fn a_foreign_state_is_refused_with_what_differs() {
    let mine = identity();
    let other = |change: &dyn Fn(&mut Identity)| {
        let mut theirs = identity();
        change(&mut theirs);
        let file = encode(&theirs, &state()).unwrap();
        decode(&mine, &file).unwrap_err()
    };
    assert!(other(&|id| id.trial = "f".repeat(64)).contains("trial"));
    assert!(other(&|id| id.numerics = 2).contains("numerics version 2"));
    assert!(other(&|id| id.dispatch = "avx2".into()).contains("dispatch level avx2"));
}

#[test]
fn a_state_cut_or_flipped_anywhere_is_refused() {
    let file = encode(&identity(), &state()).unwrap();
    for at in 0..file.len() {
        assert!(decode(&identity(), &file[..at]).is_err(), "cut at {at}");
        let mut flipped = file.clone();
        flipped[at] ^= 0x10;
        assert!(decode(&identity(), &flipped).is_err(), "flipped at {at}");
    }
}

#[test]
fn pictures_whose_sizes_overflow_are_refused() {
    let mut huge = state();
    huge.samples[0].shape = [usize::MAX, usize::MAX, 2];
    let file = encode(&identity(), &huge).unwrap();
    assert!(decode(&identity(), &file).unwrap_err().contains("pictures"));
}
