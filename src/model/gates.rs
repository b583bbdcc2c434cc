//! Two sets of units, combined one by one, and a linear readout: the gate connection (science.md R1).

use super::Io;
use super::blueprint::source;
use super::drawing::{ConvId, Drawing, Layers};
use crate::config::{Combine, ModelConfig};
use crate::error::Result;
use crate::nn::ops;
use candle_core::Tensor;
use candle_nn::Module as _;

/// The network.
pub struct Gates {
    first: ConvId,
    second: ConvId,
    readout: ConvId,
    combine: Combine,
}

/// Draws the network for points of so many numbers: maps of one row, as wide as a point has numbers.
pub fn draw(config: &ModelConfig, io: Io, drawing: &mut Drawing) -> Gates {
    let point = || vec![source("point", io.size[0] * io.size[1])];
    Gates {
        first: drawing.dense("first", point(), config.units),
        second: drawing.dense("second", point(), config.units),
        readout: drawing.dense("readout", vec![source("units", config.units)], 1),
        combine: config.combine,
    }
}

impl Gates {
    /// Values [n, 1, 1, 1] at points [n, 1, numbers, 1].
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, layers: &Layers, points: &Tensor) -> Result<Tensor> {
        let points = points.reshape((points.dim(0)?, 1, 1, ()))?;
        let first = layers.conv(self.first).forward(&points)?;
        let second = layers.conv(self.second).forward(&points)?;
        let units = match self.combine {
            Combine::Sum => (ops::sigmoid(&first)? + ops::sigmoid(&second)?)?,
            Combine::Product => (ops::sigmoid(&first)? * ops::sigmoid(&second)?)?,
            Combine::SigmoidGate => (ops::sigmoid(&first)? * second)?,
            Combine::SoftmaxGate => (ops::softmax_last(&first)? * second)?,
        };
        Ok(layers.conv(self.readout).forward(&units)?)
    }
}
