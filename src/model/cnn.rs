//! Two convolutions without padding, a pool, two dense layers: the classifiers of science.md R3.

use super::blueprint::{self, Bias, source};
use super::drawing::{ConvId, Drawing, Layers};
use super::{Context, Io};
use crate::config::{CLASSES, CnnSize, ModelConfig};
use crate::error::Result;
use crate::nn::ops;
use crate::seed::Key;
use candle_core::Tensor;
use candle_nn::Module as _;

/// The network.
pub struct Cnn {
    convs: [ConvId; 2],
    dense: ConvId,
    output: ConvId,
    /// Share of numbers dropped after the pool and after the dense layer.
    dropout: [f32; 2],
}

/// Draws the network for images of this size, even and of 6 pixels at least.
pub fn draw(config: &ModelConfig, io: Io, drawing: &mut Drawing) -> Cnn {
    let ([first, second], hidden, dropout) = match config.size {
        CnnSize::Small => ([16, 16], 32, [0.0, 0.0]),
        CnnSize::Large => ([32, 64], 128, [0.25, 0.5]),
    };
    let mut conv = |name: &str, from, outputs, border: usize| {
        drawing.conv(blueprint::Conv {
            name: name.to_owned(),
            sources: vec![from],
            outputs,
            kernel: 3,
            size: io.size.map(|side| side - 2 * border),
            bias: Bias::Learned,
        })
    };
    let convs = [
        conv("conv.0", source("image", io.channels), first, 1),
        conv("conv.1", source("conv.0", first), second, 2),
    ];
    let flat = second * io.size.map(|side| (side - 4) / 2).iter().product::<usize>();
    Cnn {
        convs,
        dense: drawing.dense("dense", vec![source("conv.1", flat)], hidden),
        output: drawing.dense("output", vec![source("dense", hidden)], CLASSES),
        dropout,
    }
}

impl Cnn {
    /// Logits [n, classes] of images [n, h, w, c].
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, layers: &Layers, images: &Tensor, context: Context) -> Result<Tensor> {
        let features = self.features(layers, images, context)?;
        let features = drop(features, self.dropout[1], "dense", context)?;
        let logits = layers.conv(self.output).forward(&features)?;
        Ok(logits.reshape((images.dim(0)?, CLASSES))?)
    }

    /// What the dense layer makes of images after its ReLU, [n, 1, 1, width].
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn features(&self, layers: &Layers, images: &Tensor, context: Context) -> Result<Tensor> {
        let mut map = images.clone();
        for id in self.convs {
            // A convolution that keeps the size, less the border that saw padding, is one without padding.
            map = ops::crop(&layers.conv(id).relu(&map)?)?;
        }
        let map = drop(ops::max_pool2(&map)?, self.dropout[0], "pool", context)?;
        let flat = map.reshape((images.dim(0)?, 1, 1, ()))?;
        Ok(layers.conv(self.dense).relu(&flat)?)
    }
}

/// Drops numbers while the network is trained.
fn drop(map: Tensor, rate: f32, place: &str, context: Context) -> Result<Tensor> {
    match context {
        Context::Train(keys) if rate > 0.0 => {
            let keys: Vec<Key> = keys.iter().map(|key| key.clone().text(place)).collect();
            Ok(ops::dropout(&map, &keys, rate)?)
        }
        _ => Ok(map),
    }
}
