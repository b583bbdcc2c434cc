//! Dense layers with ReLU, and what they read beside the layer before (science.md R2).

use super::Io;
use super::blueprint::source;
use super::drawing::{ConvId, Drawing, Layers};
use crate::config::{CLASSES, Connection, ModelConfig};
use crate::error::Result;
use crate::nn::init::Source;
use crate::nn::ops;
use candle_core::Tensor;
use candle_nn::Module as _;

/// The network.
pub struct Mlp {
    hidden: Vec<ConvId>,
    /// `add`: brings the input to the width of the first layer.
    project: Option<ConvId>,
    output: ConvId,
    connection: Connection,
}

/// Draws the network for maps of this size, read as one list of numbers.
pub fn draw(config: &ModelConfig, io: Io, drawing: &mut Drawing) -> Mlp {
    let input = || source("input", io.size[0] * io.size[1] * io.channels);
    // With one hidden layer there is nothing to connect.
    let connection = match config.depth {
        1 => Connection::None,
        _ => config.connection,
    };
    let mut hidden = Vec::new();
    let mut earlier: Vec<Source> = Vec::new();
    for layer in 0..config.depth {
        let sources = match (earlier.last(), connection) {
            (None, _) => vec![input()],
            (Some(last), Connection::InputConcat | Connection::ZeroConcat) => {
                vec![last.clone(), input()]
            }
            (Some(_), Connection::DenseConcat) => {
                let mut all = vec![input()];
                all.extend(earlier.iter().cloned());
                all
            }
            (Some(last), Connection::None | Connection::Add) => vec![last.clone()],
        };
        let name = format!("hidden.{layer}");
        hidden.push(drawing.dense(&name, sources, config.width));
        earlier.push(source(name, config.width));
    }
    let project = (connection == Connection::Add)
        .then(|| drawing.dense("project", vec![input()], config.width));
    // Named "hidden", not after its number: networks of any depth then share the first values of the output.
    let output = drawing.dense("output", vec![source("hidden", config.width)], CLASSES);
    Mlp {
        hidden,
        project,
        output,
        connection,
    }
}

impl Mlp {
    /// Logits [n, classes] of maps [n, h, w, c].
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, layers: &Layers, maps: &Tensor) -> Result<Tensor> {
        let n = maps.dim(0)?;
        let input = maps.reshape((n, 1, 1, ()))?;
        let mut map = input.clone();
        // All that was made so far, for `dense_concat`.
        let mut all = input.clone();
        for (at, id) in self.hidden.iter().enumerate() {
            let read = match self.connection {
                _ if at == 0 => input.clone(),
                Connection::None | Connection::Add => map.clone(),
                Connection::InputConcat => ops::concat(&map, &input)?,
                Connection::ZeroConcat => ops::concat(&map, &input.zeros_like()?)?,
                Connection::DenseConcat => {
                    all = ops::concat(&all, &map)?;
                    all.clone()
                }
            };
            let made = layers.conv(*id).relu(&read)?;
            map = match (self.project, at) {
                (Some(project), 0) => (made + layers.conv(project).forward(&input)?)?,
                (Some(_), _) => (made + map)?,
                (None, _) => made,
            };
        }
        let logits = layers.conv(self.output).forward(&map)?;
        Ok(logits.reshape((n, CLASSES))?)
    }
}
