//! Networks built from config by one match, and what they cost.

use crate::config::{Init, ModelConfig};
use crate::error::{Error, Result};
use crate::nn::Parameters;
use candle_core::Tensor;

/// A network with its parameters.
pub struct Model {
    parameters: Parameters,
}

/// What a network costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Number of parameters.
    pub params: u64,
    /// Multiply-accumulates of one forward pass of one image; taps on padding count.
    pub macs: u64,
}

/// Parameters and multiply-accumulates, by arithmetic alone.
pub fn cost(config: &ModelConfig, image: [usize; 2]) -> Cost {
    let _ = (config, image);
    Cost { params: 0, macs: 0 }
}

impl Model {
    /// Builds the network for grey images of this height and width, with initial values keyed by `seed`.
    ///
    /// # Errors
    /// When a tensor cannot be made.
    pub fn new(config: &ModelConfig, image: [usize; 2], init: Init, seed: u64) -> Result<Self> {
        let _ = (config, image, init, seed);
        Err(Error::Internal("not built yet".into()))
    }

    /// Logits [n, height, width, 1] for images of the same shape.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        Ok(images.clone())
    }

    /// The parameters, shared with the network.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}
