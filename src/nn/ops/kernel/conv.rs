//! Convolution with bias and activation on plain slices, forward and backward: stride 1, 3×3 with zero padding that
//! keeps the size, or 1×1. Maps are [n, height, width, channels], weights [k, k, in, out].
//!
//! Nothing here uses threads: the trainer gives each thread images of its own.

use super::level::Level;
use super::{patches, pointwise, winograd};

/// How a source's map relates to the output's pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As large.
    Full,
    /// Half as high and wide: every pixel counts four times (nearest upsampling by 2).
    Upsampled,
}

/// What is done to every output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    None,
    /// max(x, 0); NaN stays NaN, and the gradient at 0 is 0.
    Relu,
}

/// A map that is convolved. Several side by side are one map with the channels of all.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// [n, height, width, channels], or half the height and width.
    pub map: &'a [f32],
    /// Its channels.
    pub channels: usize,
    /// Its size.
    pub scale: Scale,
}

/// The sizes of a convolution's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Images.
    pub n: usize,
    /// Height of the output.
    pub height: usize,
    /// Width of the output.
    pub width: usize,
    /// Output channels.
    pub output: usize,
    /// Side of the kernel: 1 or 3.
    pub kernel: usize,
}

impl Shape {
    /// Pixels of one image of the output.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }
}

/// A convolution to be computed.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// Its sizes.
    pub shape: Shape,
    /// What is convolved: 1×1 takes one map of full size.
    pub sources: &'a [Source<'a>],
    /// [kernel, kernel, input channels of all sources, output].
    pub weights: &'a [f32],
    /// [output].
    pub bias: &'a [f32],
    /// What is done to every output.
    pub activation: Activation,
}

/// Gradients of a convolution.
#[derive(Debug)]
pub struct Gradients {
    /// Of the sources, where wanted.
    pub sources: Vec<Option<Vec<f32>>>,
    /// Of the weights, then of the bias.
    pub packed: Vec<f32>,
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Pointwise,
    ThinInput,
    ThinOutput,
    Winograd,
}

/// Channels up to which the transforms of [`winograd`] cost more than they save.
const THIN: usize = 4;

impl Problem<'_> {
    /// Input channels of all sources.
    pub fn inputs(&self) -> usize {
        self.sources.iter().map(|source| source.channels).sum()
    }

    /// Numbers of the output.
    pub fn outputs(&self) -> usize {
        self.shape.n * self.shape.pixels() * self.shape.output
    }

    /// The weights of all outputs for a tap and an input channel.
    #[inline(always)]
    pub fn weight_row(&self, tap: usize, input: usize) -> &[f32] {
        let outputs = self.shape.output;
        &self.weights[(tap * self.inputs() + input) * outputs..][..outputs]
    }

    /// By shapes alone, so that the same convolution is always computed in the same way.
    fn algorithm(&self) -> Algorithm {
        match (self.shape.kernel, self.sources) {
            (1, _) => Algorithm::Pointwise,
            (_, [only]) if only.channels <= THIN && only.scale == Scale::Full => {
                Algorithm::ThinInput
            }
            _ if self.shape.output <= THIN => Algorithm::ThinOutput,
            _ => Algorithm::Winograd,
        }
    }

    fn check(&self) {
        let Shape {
            n,
            height,
            width,
            output,
            kernel,
        } = self.shape;
        assert!(kernel == 3 || kernel == 1 && self.sources.len() == 1);
        assert!(n * height * width * output > 0 && !self.sources.is_empty());
        for source in self.sources {
            let pixels = match source.scale {
                Scale::Full => height * width,
                Scale::Upsampled => {
                    assert!(kernel == 3 && height % 2 == 0 && width % 2 == 0);
                    height * width / 4
                }
            };
            assert!(source.channels > 0 && source.map.len() == n * pixels * source.channels);
        }
        assert_eq!(self.weights.len(), kernel * kernel * self.inputs() * output);
        assert_eq!(self.bias.len(), output);
    }
}

/// activation(sources ∗ weights + bias), [n, height, width, output].
///
/// # Panics
/// When lengths do not fit the shape.
pub fn forward(level: Level, problem: &Problem) -> Vec<f32> {
    problem.check();
    match problem.algorithm() {
        Algorithm::Pointwise => level.run(pointwise::Forward(problem)),
        Algorithm::ThinInput => level.run(patches::thin_input::Forward(problem)),
        Algorithm::ThinOutput => level.run(patches::thin_output::Forward(problem)),
        Algorithm::Winograd => level.run(winograd::Forward(problem)),
    }
}

/// The gradients of sources and weights, given what [`forward`] gave and the gradient of that.
///
/// # Panics
/// When lengths do not fit the shape.
pub fn backward(
    level: Level,
    problem: &Problem,
    out: &[f32],
    gradient: &[f32],
    wanted: &[bool],
) -> Gradients {
    problem.check();
    assert_eq!(out.len(), problem.outputs());
    assert_eq!(gradient.len(), problem.outputs());
    assert_eq!(wanted.len(), problem.sources.len());
    match problem.algorithm() {
        Algorithm::Pointwise => level.run(pointwise::Backward {
            problem,
            out,
            gradient,
            wanted: wanted[0],
        }),
        Algorithm::ThinInput => level.run(patches::thin_input::Backward {
            problem,
            out,
            gradient,
            wanted: wanted[0],
        }),
        Algorithm::ThinOutput => level.run(patches::thin_output::Backward {
            problem,
            out,
            gradient,
            wanted,
        }),
        Algorithm::Winograd => level.run(winograd::Backward {
            problem,
            out,
            gradient,
            wanted,
        }),
    }
}

#[cfg(test)]
mod tests;
