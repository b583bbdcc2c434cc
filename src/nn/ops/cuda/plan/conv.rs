//! Convolution of one map or two, with bias and activation, as an implicit product of matrices.

use super::channels::{self, Pixels};
use super::pointwise;
use crate::config::Precision;
use crate::nn::ops::cuda::program::{Argument, Program, Slot, THREADS, arguments};
use crate::nn::ops::kernel::conv::{Activation, Scale, Shape};

/// Side of a block's tile of sums.
const TILE: usize = 64;
/// Outputs up to which a tile would be mostly empty.
const THIN: usize = 4;
/// Threads that share a pixel's sum then.
const TEAM: usize = 8;
/// Blocks that fill any GPU: the gradient of few weights is cut by pixels until there are so many.
const BLOCKS: usize = 512;
/// Pixels of such a cut, at least.
const SHARE: usize = 256;

/// A map that is convolved.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// [n, height, width, channels], or half the height and width.
    pub map: Slot,
    /// Its channels.
    pub channels: usize,
    /// Its size.
    pub scale: Scale,
}

impl Source {
    fn shift(self) -> usize {
        match self.scale {
            Scale::Full => 0,
            Scale::Upsampled => 1,
        }
    }
}

/// A convolution to be computed.
#[derive(Clone, Copy, Debug)]
pub struct Conv<'a> {
    /// Its sizes.
    pub shape: Shape,
    /// One map or two, side by side along channels.
    pub sources: &'a [Source],
    /// [kernel, kernel, channels of all, output].
    pub weights: Slot,
    /// [output].
    pub bias: Slot,
    /// What is done to every output.
    pub activation: Activation,
}

impl Conv<'_> {
    fn pixels(&self) -> usize {
        self.shape.n * self.shape.height * self.shape.width
    }

    fn inputs(&self) -> usize {
        self.sources.iter().map(|source| source.channels).sum()
    }

    /// Numbers of the weights.
    pub fn weight_count(&self) -> usize {
        self.shape.kernel * self.shape.kernel * self.inputs() * self.shape.output
    }

    /// Whether there are so few outputs that other kernels compute them.
    fn is_thin(&self) -> bool {
        self.shape.output <= THIN
    }

    /// Both sources; where there is one, the second has no channels.
    fn both(&self) -> [Source; 2] {
        let first = self.sources[0];
        let none = Source {
            channels: 0,
            ..first
        };
        [first, self.sources.get(1).copied().unwrap_or(none)]
    }

    /// What kernels that gather both sources are told of them, last.
    fn sizes(&self) -> [Argument; 8] {
        let ([first, second], shape) = (self.both(), self.shape);
        *arguments![
            shape.height,
            shape.width,
            first.channels,
            second.channels,
            first.shift(),
            second.shift(),
            shape.output,
            shape.kernel
        ]
    }

    /// activation(sources ∗ weights + bias).
    pub fn forward(&self, program: &mut Program) -> Slot {
        let ([first, second], shape) = (self.both(), self.shape);
        let out = program.floats(self.pixels() * shape.output);
        let after = match self.activation {
            Activation::None => 0usize,
            Activation::Relu => 1,
        };
        let (kernel, grid) = match self.is_thin() {
            true => (
                "conv2d_thin_forward",
                [self.pixels().div_ceil(THREADS / TEAM), 1, 1],
            ),
            false => (
                "conv2d_forward",
                [shape.output.div_ceil(TILE), self.pixels().div_ceil(TILE), 1],
            ),
        };
        program.launch(
            kernel,
            grid,
            &[
                &arguments![
                    first.map,
                    second.map,
                    self.weights,
                    self.bias,
                    out,
                    self.pixels()
                ][..],
                &self.sizes(),
                arguments![after],
            ]
            .concat(),
        );
        out
    }

    /// The gradients of the sources that are wanted; those of weights and bias are written to `to_parameters`.
    pub fn back(
        &self,
        program: &mut Program,
        out: Slot,
        gradient: Slot,
        wanted: &[bool],
        to_parameters: [Slot; 2],
    ) -> Vec<Option<Slot>> {
        let gradient = match self.activation {
            Activation::None => gradient,
            Activation::Relu => {
                pointwise::relu_back(program, out, gradient, self.pixels() * self.shape.output)
            }
        };
        let [to_weights, to_bias] = to_parameters;
        let measured = self.measured(program, gradient);
        self.back_to_weights(program, measured, to_weights);
        let of = Pixels {
            images: 1,
            pixels: self.pixels(),
            channels: self.shape.output,
        };
        channels::sums(program, gradient, of, to_bias);
        let mut offset = 0;
        let mut found = Vec::new();
        for (source, &wanted) in self.sources.iter().zip(wanted) {
            found.push(wanted.then(|| self.back_to_source(program, measured, *source, offset)));
            offset += source.channels;
        }
        found
    }

    /// The gradient, with what f16 has to know of it: candidates for the largest of its numbers.
    fn measured(&self, program: &mut Program, gradient: Slot) -> [Slot; 2] {
        if program.precision != Precision::F16 {
            return [gradient, gradient]; // kernels do not look at the second
        }
        let largest = program.floats(THREADS);
        let count = self.pixels() * self.shape.output;
        let grid = [THREADS, 1, 1];
        program.launch(
            "largest_of_shares",
            grid,
            arguments![gradient, largest, count],
        );
        [gradient, largest]
    }

    /// To the source whose channels are the inputs from `offset` on.
    fn back_to_source(
        &self,
        program: &mut Program,
        [gradient, largest]: [Slot; 2],
        source: Source,
        offset: usize,
    ) -> Slot {
        let shape = self.shape;
        let pixels = self.pixels() >> (2 * source.shift());
        let to = program.floats(pixels * source.channels);
        program.launch(
            "conv2d_to_source",
            [source.channels.div_ceil(TILE), pixels.div_ceil(TILE), 1],
            arguments![
                gradient,
                largest,
                self.weights,
                to,
                pixels,
                shape.height,
                shape.width,
                self.inputs(),
                offset,
                source.channels,
                source.shift(),
                shape.output,
                shape.kernel
            ],
        );
        to
    }

    /// By parts of the pixels, which are then added in order.
    fn back_to_weights(&self, program: &mut Program, [gradient, largest]: [Slot; 2], to: Slot) {
        let ([first, second], shape) = (self.both(), self.shape);
        let rows = shape.kernel * shape.kernel * self.inputs();
        let [columns, rows] = match self.is_thin() {
            true => [1, rows.div_ceil(THREADS)],
            false => [shape.output.div_ceil(TILE), rows.div_ceil(TILE)],
        };
        let most = self.pixels().div_ceil(SHARE);
        let wanted = (BLOCKS / (columns * rows)).clamp(1, most);
        let share = self.pixels().div_ceil(wanted);
        let parts = self.pixels().div_ceil(share);
        let count = self.weight_count();
        let sums = program.floats(parts * count);
        let mut arguments = arguments![first.map, second.map, gradient].to_vec();
        let (kernel, grid) = match self.is_thin() {
            true => ("conv2d_thin_to_weights", [rows, parts, 1]),
            false => {
                // Few outputs are multiplied in f32 whatever the precision.
                arguments.push(largest.into());
                ("conv2d_to_weights", [columns, rows, parts])
            }
        };
        arguments.extend(arguments![sums, self.pixels(), share]);
        arguments.extend(self.sizes());
        program.launch(kernel, grid, &arguments);
        program.each("sum_parts", count, arguments![sums, to, count, parts]);
    }
}
