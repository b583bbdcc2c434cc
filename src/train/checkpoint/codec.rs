//! What a checkpoint's sections mean: a trial's state, by name, to the last bit.

use super::super::optimizer::Moments;
use super::super::state::{Progress, State};
use super::container;
use crate::outcome::{Samples, Table, Weight};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whose state it is. A state is only gone on from by the same trial on the same kernels: other ones would mix bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::train) struct Identity {
    /// The trial's id, 64 hex digits.
    pub(in crate::train) trial: String,
    /// Numerics version.
    pub(in crate::train) numerics: u32,
    /// Dispatch level of the kernels.
    pub(in crate::train) dispatch: String,
}

/// The part of a state that is not big arrays.
#[derive(Serialize, Deserialize)]
struct Content {
    identity: Identity,
    progress: Progress,
    shapes: BTreeMap<String, Vec<usize>>,
    samples: Vec<Album>,
}

#[derive(Serialize, Deserialize)]
struct Album {
    name: String,
    epochs: Vec<u32>,
    shape: [usize; 3],
}

const PARAMETER: &str = "parameter/";
const FIRST: &str = "moment.first/";
const SECOND: &str = "moment.second/";
const BEST: &str = "best/";
const EPOCHS: &str = "epochs/";
const SAMPLES: &str = "samples/";

/// A checkpoint file of this state.
///
/// # Errors
/// When the header cannot be JSON.
pub(super) fn encode(identity: &Identity, state: &State) -> serde_json::Result<Vec<u8>> {
    let mut sections = Vec::new();
    let mut put =
        |prefix: &str, name: &str, bytes| sections.push((format!("{prefix}{name}"), bytes));
    for (name, weight) in &state.parameters {
        put(PARAMETER, name, floats(&weight.values));
    }
    for (name, moments) in &state.moments {
        put(FIRST, name, floats(&moments.first));
        put(SECOND, name, floats(&moments.second));
    }
    for (name, weight) in state.best.iter().flatten() {
        put(BEST, name, floats(&weight.values));
    }
    for (name, column) in state.epochs.columns() {
        put(
            EPOCHS,
            name,
            column.iter().flat_map(|x| x.to_le_bytes()).collect(),
        );
    }
    for samples in &state.samples {
        put(SAMPLES, &samples.name, samples.pixels.clone());
    }
    let shape = |(name, weight): (&String, &Weight)| (name.clone(), weight.shape.clone());
    let album = |samples: &Samples| Album {
        name: samples.name.clone(),
        epochs: samples.epochs.clone(),
        shape: samples.shape,
    };
    let content = Content {
        identity: identity.clone(),
        progress: state.progress,
        shapes: state.parameters.iter().map(shape).collect(),
        samples: state.samples.iter().map(album).collect(),
    };
    container::encode(&content, &sections)
}

/// The state in a checkpoint file of this identity.
///
/// # Errors
/// Why it cannot be gone on from, in words.
pub(super) fn decode(identity: &Identity, file: &[u8]) -> Result<State, String> {
    let (content, sections) = container::decode::<Content>(file)?;
    let found = &content.identity;
    for (what, found, expected) in [
        ("trial", &found.trial, &identity.trial),
        (
            "numerics version",
            &found.numerics.to_string(),
            &identity.numerics.to_string(),
        ),
        ("dispatch level", &found.dispatch, &identity.dispatch),
    ] {
        if found != expected {
            return Err(format!("it is of {what} {found}, this is {expected}"));
        }
    }
    let below = |prefix: &'static str| {
        let found = sections.iter();
        found.filter_map(move |(name, bytes)| Some((name.strip_prefix(prefix)?, *bytes)))
    };
    let weights = |prefix| -> Result<BTreeMap<String, Weight>, String> {
        below(prefix)
            .map(|(name, bytes)| {
                let shape = content.shapes.get(name);
                let shape = shape.ok_or_else(|| format!("{name} has no shape"))?.clone();
                let values = numbers(bytes, f32::from_le_bytes)?;
                Ok((name.to_owned(), Weight { shape, values }))
            })
            .collect()
    };
    let mut moments = BTreeMap::<String, Moments>::new();
    for (name, bytes) in below(FIRST) {
        let first = numbers(bytes, f32::from_le_bytes)?;
        moments.entry(name.to_owned()).or_default().first = first;
    }
    for (name, bytes) in below(SECOND) {
        let second = numbers(bytes, f32::from_le_bytes)?;
        moments.entry(name.to_owned()).or_default().second = second;
    }
    let mut epochs = Table::default();
    for (name, bytes) in below(EPOCHS) {
        epochs.insert(name, numbers(bytes, f64::from_le_bytes)?);
    }
    let best = weights(BEST)?;
    Ok(State {
        progress: content.progress,
        parameters: weights(PARAMETER)?,
        moments,
        best: (!best.is_empty()).then_some(best),
        epochs,
        samples: content
            .samples
            .into_iter()
            .map(|album| pictures(album, &sections))
            .collect::<Result<_, _>>()?,
    })
}

fn pictures(album: Album, sections: &BTreeMap<String, &[u8]>) -> Result<Samples, String> {
    let Album {
        name,
        epochs,
        shape,
    } = album;
    let misfit = || format!("the pictures {name} do not fit their shape");
    let pixels = sections
        .get(&format!("{SAMPLES}{name}"))
        .ok_or_else(misfit)?;
    let sizes = [epochs.len(), shape[0], shape[1], shape[2]];
    let expected = sizes.into_iter().try_fold(1usize, usize::checked_mul);
    if expected != Some(pixels.len()) {
        return Err(misfit());
    }
    Ok(Samples {
        pixels: pixels.to_vec(),
        name,
        epochs,
        shape,
    })
}

fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// Little-endian numbers of N bytes each.
fn numbers<const N: usize, T>(bytes: &[u8], from: fn([u8; N]) -> T) -> Result<Vec<T>, String> {
    let (whole, []) = bytes.as_chunks::<N>() else {
        return Err("a section holds part of a number".into());
    };
    Ok(whole.iter().copied().map(from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::OptimizerKind;

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
        let mut state = State::fresh(OptimizerKind::Adam, parameters);
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
}
