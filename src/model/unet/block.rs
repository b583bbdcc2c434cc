//! What a level is made of: a block that is told the time, and self-attention.

use super::{Pen, channels};
use crate::config::Residual;
use crate::error::Result;
use crate::model::Context;
use crate::model::blueprint::source;
use crate::model::drawing::{ConvId, Layers, NormId};
use crate::nn::init::Source;
use crate::nn::ops::{self, AttentionMask, AttentionWeights, Normalised};
use candle_core::Tensor;
use candle_nn::Module as _;

/// Group norm, SiLU, 3×3 convolution; time added; the same again; and the block's input added.
pub struct Block {
    norms: [NormId; 2],
    convs: [ConvId; 2],
    time: ConvId,
    shortcut: Shortcut,
}

enum Shortcut {
    /// None: the block hands on only what it made.
    None,
    /// The block's input.
    Input,
    /// The block's input, brought to as many channels.
    Projected(ConvId),
}

impl Block {
    /// Draws a block that reads these maps side by side.
    pub fn draw(
        pen: &mut Pen,
        name: &str,
        input: &[Source],
        width: usize,
        size: [usize; 2],
    ) -> Self {
        let read = channels(input);
        let named = |what: &str| format!("{name}.{what}");
        let norms = [
            pen.norm(&named("norm.0"), read),
            pen.norm(&named("norm.1"), width),
        ];
        let convs = [
            pen.conv(&named("conv.0"), input, width, size),
            pen.conv(
                &named("conv.1"),
                &[source(named("conv.0"), width)],
                width,
                size,
            ),
        ];
        let told = vec![source("time", pen.time)];
        let time = pen.drawing.dense(&named("time"), told, width);
        let shortcut = match pen.config.residual {
            Residual::None => Shortcut::None,
            _ if read == width => Shortcut::Input,
            _ => Shortcut::Projected(pen.one_by_one(&named("shortcut"), input, width, size)),
        };
        Self {
            norms,
            convs,
            time,
            shortcut,
        }
    }

    /// [n, h, w, in] and time [n, 1, 1, width] to [n, h, w, out].
    pub fn forward(&self, layers: &Layers, input: &Tensor, time: &Tensor) -> Result<Tensor> {
        let normalised = |id, map: &Tensor| {
            let norm = layers.norm(id);
            norm.forward(map, Normalised::Silu, Context::Answer)
        };
        let map = layers
            .conv(self.convs[0])
            .forward(&normalised(self.norms[0], input)?)?;
        let time = layers.conv(self.time).forward(time)?;
        let (n, width) = (time.dim(0)?, time.dim(3)?);
        let map = ops::add_per_image(&map, &time.reshape((n, width))?)?;
        let map = layers
            .conv(self.convs[1])
            .forward(&normalised(self.norms[1], &map)?)?;
        Ok(match self.shortcut {
            Shortcut::None => map,
            Shortcut::Input => (map + input)?,
            Shortcut::Projected(conv) => (map + layers.conv(conv).forward(input)?)?,
        })
    }
}

/// Every pixel looks at every pixel: group norm, one head of softmax attention, 1×1 convolution, and the input added.
pub struct Attend {
    norm: NormId,
    query: ConvId,
    key: ConvId,
    value: ConvId,
    output: ConvId,
    scale: f32,
}

impl Attend {
    pub fn draw(pen: &mut Pen, name: &str, width: usize, size: [usize; 2]) -> Self {
        let norm = pen.norm(&format!("{name}.norm"), width);
        let mut project = |what: &str, from: &str| {
            let name = format!("{name}.{what}");
            pen.one_by_one(&name, &[source(from, width)], width, size)
        };
        let [query, key, value] = ["query", "key", "value"].map(|what| project(what, "map"));
        let output = project("output", "seen");
        let pixels = size[0] * size[1];
        pen.drawing.count_macs((2 * pixels * pixels * width) as u64);
        Self {
            norm,
            query,
            key,
            value,
            output,
            scale: 1.0 / (width as f32).sqrt(),
        }
    }

    /// [n, h, w, c] to the same shape.
    pub fn forward(&self, layers: &Layers, input: &Tensor) -> Result<Tensor> {
        let (n, height, width, channels) = input.dims4()?;
        let norm = layers.norm(self.norm);
        let map = norm.forward(input, Normalised::Plain, Context::Answer)?;
        let pixels = |id: ConvId| -> Result<Tensor> {
            let projected = layers.conv(id).forward(&map)?;
            Ok(projected.reshape((n, height * width, channels))?)
        };
        let (weights, mask) = (AttentionWeights::Softmax, AttentionMask::None);
        let (query, key, value) = (pixels(self.query)?, pixels(self.key)?, pixels(self.value)?);
        let seen = ops::attention(&query, &key, &value, weights, mask, self.scale)?;
        let seen = seen.reshape((n, height, width, channels))?;
        Ok((layers.conv(self.output).forward(&seen)? + input)?)
    }
}
