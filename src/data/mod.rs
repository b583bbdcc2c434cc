//! Images and their corruption.

use crate::config::{DataConfig, DataFacts, NoiseConfig};
use crate::error::{Error, Result};

/// Grey images with values in [0, 1].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    /// How many.
    pub n: usize,
    /// Height.
    pub h: usize,
    /// Width.
    pub w: usize,
    /// Row-major, n·h·w long.
    pub pixels: Vec<f32>,
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Trained on.
    Train,
    /// For choosing epochs; never trained on.
    Valid,
    /// Reported.
    Test,
}

/// The images of a trial.
#[derive(Clone, Debug)]
pub struct Splits {
    /// Trained on.
    pub train: Images,
    /// For model selection; may be empty.
    pub valid: Images,
    /// Reported.
    pub test: Images,
}

/// What a plan must know of the data, cheaply where it can be.
///
/// # Errors
/// [`Error::Data`] when files are missing, damaged or hold fewer images than asked for.
pub fn facts(config: &DataConfig) -> Result<DataFacts> {
    let _ = config;
    Err(Error::Internal("not built yet".into()))
}

/// Loads the images.
///
/// # Errors
/// As [`facts`].
pub fn load(config: &DataConfig) -> Result<Splits> {
    let _ = config;
    Err(Error::Internal("not built yet".into()))
}

/// Corrupts every image by its own stream, keyed by (seed, split, draw, image). `draw` is 0 for noise that is
/// drawn once and 1 + epoch for fresh noise.
pub fn corrupt(
    config: &NoiseConfig,
    seed: u64,
    split: Split,
    draw: u64,
    images: &Images,
) -> Images {
    let _ = (config, seed, split, draw);
    images.clone()
}

/// The order in which epoch `epoch` visits `n` images.
pub fn order(seed: u64, epoch: u64, n: usize) -> Vec<usize> {
    let _ = (seed, epoch);
    (0..n).collect()
}
