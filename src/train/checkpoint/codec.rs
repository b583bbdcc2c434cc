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
const BUFFER: &str = "buffer/";
const EMA: &str = "ema/";
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
    for (prefix, weights) in [
        (BEST, state.best.as_ref()),
        (BUFFER, Some(&state.buffers)),
        (EMA, state.ema.as_ref()),
    ] {
        for (name, weight) in weights.into_iter().flatten() {
            put(prefix, name, floats(&weight.values));
        }
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
        shapes: state
            .parameters
            .iter()
            .chain(&state.buffers)
            .map(shape)
            .collect(),
        samples: state.samples.iter().map(album).collect(),
    };
    container::encode(&content, &sections)
}

/// Whose state a checkpoint file holds, by its own account.
///
/// # Errors
/// Why it cannot be read, in words.
pub(super) fn identity(file: &[u8]) -> Result<Identity, String> {
    container::decode::<Content>(file).map(|(content, _)| content.identity)
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
    let kept = |prefix| weights(prefix).map(|kept| (!kept.is_empty()).then_some(kept));
    Ok(State {
        progress: content.progress,
        parameters: weights(PARAMETER)?,
        moments,
        best: kept(BEST)?,
        ema: kept(EMA)?,
        buffers: weights(BUFFER)?,
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
mod tests;
