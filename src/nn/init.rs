//! Initial values of convolutions (DESIGN.md §7).
//!
//! Every weight is a unit draw from a stream of its own layer, output and *source map*, scaled afterwards. So arms
//! that share a seed share the draws of all inputs they have in common, also where one gains skip inputs or channels.

use crate::config::Init;
use crate::outcome::Weight;
use crate::seed::{Key, Stream};

/// A map that a convolution reads, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, stable across arms.
    pub map: String,
    /// Its channels.
    pub channels: usize,
}

/// What initial values depend on.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    /// The layer's name, stable across arms.
    pub role: &'a str,
    /// What it reads, in the order of its input channels.
    pub sources: &'a [Source],
    /// Side of its kernel.
    pub kernel: usize,
    /// Its output channels.
    pub outputs: usize,
}

impl Layer<'_> {
    fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

    fn inputs(&self) -> usize {
        self.sources.iter().map(|source| source.channels).sum()
    }

    fn key(&self, seed: u64) -> Key {
        Key::new(seed, "init").text(self.role)
    }
}

/// Bounds of the uniform distributions of weights and of biases.
fn bounds(init: Init, layer: &Layer) -> (f64, f64) {
    let (fan_in, fan_out) = (layer.inputs() * layer.taps(), layer.outputs * layer.taps());
    match init {
        // He et al. 2015 with the leaky slope a = √5: √(6 / ((1+a²)·fan_in)) = 1/√fan_in.
        Init::Pytorch => {
            let bound = 1.0 / (fan_in as f64).sqrt();
            (bound, bound)
        }
        // Glorot and Bengio 2010.
        Init::Keras => ((6.0 / (fan_in + fan_out) as f64).sqrt(), 0.0),
    }
}

/// Uniform on [−1, 1).
fn unit(stream: &mut Stream) -> f64 {
    stream.between(-1.0, 1.0)
}

/// Weights [kernel, kernel, in, out].
pub fn weight(init: Init, seed: u64, layer: Layer) -> Weight {
    let (bound, _) = bounds(init, &layer);
    let (inputs, outputs) = (layer.inputs(), layer.outputs);
    let mut values = vec![0.0; layer.taps() * inputs * outputs];
    let mut first = 0;
    for source in layer.sources {
        for output in 0..outputs {
            let key = layer.key(seed).text(&source.map).number(output as u64);
            let mut stream = key.stream();
            for input in first..first + source.channels {
                for tap in 0..layer.taps() {
                    values[(tap * inputs + input) * outputs + output] =
                        (bound * unit(&mut stream)) as f32;
                }
            }
        }
        first += source.channels;
    }
    Weight {
        shape: vec![layer.kernel, layer.kernel, inputs, outputs],
        values,
    }
}

/// Biases [out].
pub fn bias(init: Init, seed: u64, layer: Layer) -> Weight {
    let (_, bound) = bounds(init, &layer);
    let draw = |output: usize| {
        let key = layer.key(seed).text("bias").number(output as u64);
        (bound * unit(&mut key.stream())) as f32
    };
    Weight {
        shape: vec![layer.outputs],
        values: (0..layer.outputs).map(draw).collect(),
    }
}

/// Learned vectors [rows, width], each number from N(0, 1), as PyTorch's embeddings begin.
pub fn table(seed: u64, role: &str, rows: usize, width: usize) -> Weight {
    let row = |row: usize| {
        let mut stream = Key::new(seed, "init")
            .text(role)
            .number(row as u64)
            .stream();
        let draw = move |_| stream.normal() as f32;
        (0..width).map(draw)
    };
    Weight {
        shape: vec![rows, width],
        values: (0..rows).flat_map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(list: &[(&str, usize)]) -> Vec<Source> {
        let source = |&(map, channels): &(&str, usize)| Source {
            map: map.into(),
            channels,
        };
        list.iter().map(source).collect()
    }

    fn draw(init: Init, maps: &[(&str, usize)], outputs: usize) -> Weight {
        let sources = sources(maps);
        let layer = Layer {
            role: "decoder.1.conv.0",
            sources: &sources,
            kernel: 3,
            outputs,
        };
        weight(init, 7, layer)
    }

    /// The unit draws of one input channel and output, whatever the bound was, in whole ten-thousandths.
    fn units(weight: &Weight, bound: f64, input: usize, output: usize) -> Vec<i32> {
        let (inputs, outputs) = (weight.shape[2], weight.shape[3]);
        let at = |tap| weight.values[(tap * inputs + input) * outputs + output];
        (0..9)
            .map(|tap| (f64::from(at(tap)) / bound * 1e4) as i32)
            .collect()
    }

    fn differ(a: &[i32], b: &[i32]) -> bool {
        a.iter().zip(b).any(|(a, b)| (a - b).abs() > 1)
    }

    #[test]
    fn a_convolution_that_gains_skip_inputs_or_channels_keeps_the_draws_it_had() {
        let plain = draw(Init::Pytorch, &[("decoder.0", 2)], 3);
        let joined = draw(Init::Pytorch, &[("decoder.0", 4), ("encoder.1", 5)], 6);
        let of_plain = |i, o| units(&plain, 1.0 / 18f64.sqrt(), i, o);
        let of_joined = |i, o| units(&joined, 1.0 / 81f64.sqrt(), i, o);
        for input in 0..2 {
            for output in 0..3 {
                assert!(!differ(&of_plain(input, output), &of_joined(input, output)));
            }
        }
        assert!(
            differ(&of_joined(4, 0), &of_joined(0, 0)),
            "the skip has draws of its own"
        );
    }

    /// Oracle: the formulas in the documentation of torch.nn.Conv2d and keras.initializers.GlorotUniform.
    #[test]
    fn bounds_are_those_of_pytorch_and_keras() {
        for (init, weights, biases) in [
            (
                Init::Pytorch,
                1.0 / (64.0f64 * 9.0).sqrt(),
                1.0 / (64.0f64 * 9.0).sqrt(),
            ),
            (
                Init::Keras,
                (6.0 / (64.0f64 * 9.0 + 128.0 * 9.0)).sqrt(),
                0.0,
            ),
        ] {
            let list = sources(&[("encoder.0", 64)]);
            let layer = Layer {
                role: "encoder.1.conv.0",
                sources: &list,
                kernel: 3,
                outputs: 128,
            };
            let largest = |of: Weight| {
                of.values
                    .iter()
                    .fold(0.0f64, |a, &b| a.max(f64::from(b).abs()))
            };
            let (weight, bias) = (
                largest(weight(init, 3, layer)),
                largest(bias(init, 3, layer)),
            );
            assert!(
                weight <= weights * (1.0 + 1e-6) && weight > 0.999 * weights,
                "{weight} {weights}"
            );
            assert!(
                bias <= biases * (1.0 + 1e-6) && bias >= 0.9 * biases,
                "{bias} {biases}"
            );
        }
    }
}
