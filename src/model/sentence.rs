//! One causal attention head over a short sentence; its sum of values and its input are the logits (science.md R7).

use super::Io;
use super::blueprint::{self, Bias, source};
use super::drawing::{ConvId, Drawing, Layers, TableId};
use crate::config::{Attention, ModelConfig, Position, Scaling};
use crate::error::Result;
use crate::nn::ops::{self, AttentionMask, AttentionWeights};
use candle_core::Tensor;
use candle_nn::Module as _;

/// Words of the vocabulary, and numbers that stand for one.
pub const VOCABULARY: usize = 7;

/// The network.
pub struct Sentence {
    tokens: TableId,
    places: Option<TableId>,
    query: ConvId,
    key: ConvId,
    value: ConvId,
    weights: AttentionWeights,
    scale: f32,
}

/// Draws the network for sentences as long as maps are wide.
pub fn draw(config: &ModelConfig, io: Io, drawing: &mut Drawing) -> Sentence {
    let length = io.size[1];
    let mut project = |name: &str, outputs| {
        drawing.conv(blueprint::Conv {
            name: name.to_owned(),
            sources: vec![source("tokens", VOCABULARY)],
            outputs,
            kernel: 1,
            size: [1, length],
            bias: Bias::None,
        })
    };
    let [query, key] = ["query", "key"].map(|name| project(name, config.key_width));
    let value = project("value", VOCABULARY);
    let tokens = drawing.table("tokens", VOCABULARY, VOCABULARY);
    let places = match config.position {
        Position::Learned => Some(drawing.table("places", length, VOCABULARY)),
        Position::None => None,
    };
    drawing.count_macs((length * length * (config.key_width + VOCABULARY)) as u64);
    Sentence {
        tokens,
        places,
        query,
        key,
        value,
        weights: match config.attention {
            Attention::Softmax => AttentionWeights::Softmax,
            Attention::Sigmoid => AttentionWeights::Sigmoid,
            Attention::Uniform => AttentionWeights::Uniform,
        },
        scale: match config.scaling {
            Scaling::RootWidth => 1.0 / (config.key_width as f32).sqrt(),
            Scaling::None => 1.0,
        },
    }
}

impl Sentence {
    /// Logits [n, length, vocabulary] of the next token, for sentences [n, 1, length, 1] of token numbers.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, layers: &Layers, sentences: &Tensor) -> Result<Tensor> {
        let input = self.embed(layers, sentences)?;
        let [query, key, value] = self.project(layers, &input)?;
        let mask = AttentionMask::Causal;
        let seen = ops::attention(&query, &key, &value, self.weights, mask, self.scale)?;
        Ok((seen + flat(&input)?)?)
    }

    /// The weights [n, length, length] with which each place looks at the places up to it.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn attended(&self, layers: &Layers, sentences: &Tensor) -> Result<Tensor> {
        let input = self.embed(layers, sentences)?;
        let [query, key, _] = self.project(layers, &input)?;
        let mask = AttentionMask::Causal;
        Ok(ops::attention_weights(
            &query,
            &key,
            self.weights,
            mask,
            self.scale,
        )?)
    }

    /// Tokens and places as vectors, [n, 1, length, width].
    fn embed(&self, layers: &Layers, sentences: &Tensor) -> Result<Tensor> {
        let (n, _, length, _) = sentences.dims4()?;
        let numbers: Vec<f32> = sentences.flatten_all()?.to_vec1()?;
        let tokens: Vec<usize> = numbers.iter().map(|number| *number as usize).collect();
        let mut vectors = ops::lookup(layers.table(self.tokens), &tokens)?;
        if let Some(places) = self.places {
            let places_of_all: Vec<usize> = (0..n).flat_map(|_| 0..length).collect();
            vectors = (vectors + ops::lookup(layers.table(places), &places_of_all)?)?;
        }
        Ok(vectors.reshape((n, 1, length, VOCABULARY))?)
    }

    /// Queries, keys and values, each [n, length, width].
    fn project(&self, layers: &Layers, input: &Tensor) -> Result<[Tensor; 3]> {
        let project = |id: ConvId| flat(&layers.conv(id).forward(input)?);
        Ok([
            project(self.query)?,
            project(self.key)?,
            project(self.value)?,
        ])
    }
}

/// [n, 1, length, width] as [n, length, width].
fn flat(map: &Tensor) -> Result<Tensor> {
    Ok(map.squeeze(1)?)
}
