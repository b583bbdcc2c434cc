//! A convolution on paper: its name, what it reads and how large it is.

use crate::nn::init::{Layer, Source};

/// Whether something is added to every output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// A learned number for each output.
    Learned,
    /// Nothing.
    None,
}

/// A convolution that keeps height and width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conv {
    /// "encoder.0.conv.0": its role, and what its parameters' names begin with. The same in every arm.
    pub name: String,
    /// The maps it reads, in the order of its input channels.
    pub sources: Vec<Source>,
    /// Its output channels.
    pub outputs: usize,
    /// Side of its kernel.
    pub kernel: usize,
    /// Height and width of what it gives.
    pub size: [usize; 2],
    /// Its bias.
    pub bias: Bias,
}

impl Conv {
    /// What initial values depend on.
    pub fn layer(&self) -> Layer<'_> {
        Layer {
            role: &self.name,
            sources: &self.sources,
            kernel: self.kernel,
            outputs: self.outputs,
        }
    }

    fn weights(&self) -> u64 {
        let inputs: usize = self.sources.iter().map(|source| source.channels).sum();
        (self.kernel * self.kernel) as u64 * inputs as u64 * self.outputs as u64
    }

    /// Weights and biases.
    pub fn params(&self) -> u64 {
        match self.bias {
            Bias::Learned => self.weights() + self.outputs as u64,
            Bias::None => self.weights(),
        }
    }

    /// Multiply-accumulates for one image; taps on padding count.
    pub fn macs(&self) -> u64 {
        self.weights() * self.size[0] as u64 * self.size[1] as u64
    }
}

/// A dense layer: a 1×1 convolution of a map of one pixel, whose channels are what it reads.
pub fn dense(name: &str, input: Source, outputs: usize) -> Conv {
    Conv {
        name: name.to_owned(),
        sources: vec![input],
        outputs,
        kernel: 1,
        size: [1, 1],
        bias: Bias::Learned,
    }
}

/// A map's name and channels while a blueprint is drawn.
pub fn source(map: impl Into<String>, channels: usize) -> Source {
    Source {
        map: map.into(),
        channels,
    }
}
