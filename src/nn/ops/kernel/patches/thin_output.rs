//! Few output channels: what every input pixel adds to its patch of the output.

use super::Patches;
use crate::nn::ops::kernel::conv::{Gradients, Problem, Scale, Source};
use crate::nn::ops::kernel::lanes::{Simd, Work};
use crate::nn::ops::kernel::multiply::{Multiply, Start};
use crate::nn::ops::kernel::panels::{Panels, pack, transposed};
use crate::nn::ops::kernel::pointwise::{activate, add_pixels, before_activation, to_weights};
use crate::nn::ops::kernel::tile::Rows;

/// A source with its patches of the output.
struct Part<'a> {
    source: &'a Source<'a>,
    /// The first of its input channels.
    first: usize,
    patches: Patches,
}

impl Part<'_> {
    /// Calls `f(tap of the patch, tap of the kernel)` for every tap that a patch's weight is a sum of.
    fn taps(&self, mut f: impl FnMut(usize, usize)) {
        let of: &[&[usize]] = match self.source.scale {
            Scale::Full => &[&[2], &[1], &[0]],
            Scale::Upsampled => &[&[2], &[1, 2], &[0, 1], &[0]],
        };
        for (row, rows) in of.iter().enumerate() {
            for (column, columns) in of.iter().enumerate() {
                for y in *rows {
                    for x in *columns {
                        f(row * of.len() + column, y * 3 + x);
                    }
                }
            }
        }
    }

    /// Weights of patches, [numbers of a patch, channels].
    fn weights(&self, problem: &Problem) -> Vec<f32> {
        let (channels, outputs) = (self.source.channels, problem.shape.output);
        let mut weights = vec![0.0; self.patches.length() * channels];
        self.taps(|to, from| {
            for at in 0..channels {
                let row = problem.weight_row(from, self.first + at);
                for (output, weight) in row.iter().enumerate() {
                    weights[(to * outputs + output) * channels + at] += weight;
                }
            }
        });
        weights
    }

    /// Adds the gradient of these to that of the convolution's weights.
    fn spread(&self, gradient: &[f32], inputs: usize, outputs: usize, packed: &mut [f32]) {
        let channels = self.source.channels;
        self.taps(|from, to| {
            for at in 0..channels {
                for output in 0..outputs {
                    packed[(to * inputs + self.first + at) * outputs + output] +=
                        gradient[(from * outputs + output) * channels + at];
                }
            }
        });
    }

    /// Numbers of one image of the source.
    fn size(&self) -> usize {
        self.patches.count() * self.source.channels
    }
}

fn parts<'a>(problem: &'a Problem<'a>) -> Vec<Part<'a>> {
    let mut first = 0;
    let part = |source: &'a Source<'a>| {
        let part = Part {
            source,
            first,
            patches: Patches {
                size: [problem.shape.height, problem.shape.width],
                channels: problem.shape.output,
                scale: source.scale,
            },
        };
        first += source.channels;
        part
    };
    problem.sources.iter().map(part).collect()
}

/// The convolution.
pub struct Forward<'a>(pub &'a Problem<'a>);

impl Work for Forward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Vec<f32> {
        let problem = self.0;
        let bias = problem.bias.iter().copied().cycle();
        let mut out: Vec<f32> = bias.take(problem.outputs()).collect();
        let size = problem.shape.pixels() * problem.shape.output;
        for part in parts(problem) {
            let (patches, channels) = (part.patches, part.source.channels);
            let weights = transposed(&part.weights(problem), channels);
            let weights = pack(simd, &weights, patches.length());
            let mut seen = vec![0.0; patches.count() * patches.length()];
            let images = part.source.map.chunks_exact(part.size());
            for (image, out) in images.zip(out.chunks_exact_mut(size)) {
                simd.run(Multiply {
                    left: Rows {
                        numbers: image,
                        stride: channels,
                    },
                    rows: patches.count(),
                    right: Panels {
                        numbers: &weights,
                        depth: channels,
                        columns: patches.length(),
                    },
                    start: Start::Zero,
                    stride: patches.length(),
                    out: &mut seen,
                });
                patches.scatter(&seen, out);
            }
        }
        activate(simd, problem.activation, &mut out);
        out
    }
}

/// Its gradients.
pub struct Backward<'a> {
    /// The convolution.
    pub problem: &'a Problem<'a>,
    /// What it gave.
    pub out: &'a [f32],
    /// The gradient of that.
    pub gradient: &'a [f32],
    /// Whether the gradient of each source is wanted.
    pub wanted: &'a [bool],
}

impl Work for Backward<'_> {
    type Output = Gradients;

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) -> Gradients {
        let problem = self.problem;
        let (inputs, outputs) = (problem.inputs(), problem.shape.output);
        let gradient = before_activation(simd, problem, self.out, self.gradient);
        let size = problem.shape.pixels() * outputs;
        let mut packed = vec![0.0; 9 * inputs * outputs];
        let mut sources = Vec::new();
        for (part, &wanted) in parts(problem).iter().zip(self.wanted) {
            let (patches, channels) = (part.patches, part.source.channels);
            let weights = pack(simd, &part.weights(problem), channels);
            let mut seen = vec![0.0; patches.count() * patches.length()];
            let mut sums = vec![0.0; patches.length() * channels];
            let mut to_source = wanted.then(|| vec![0.0; part.source.map.len()]);
            for (at, image) in part.source.map.chunks_exact(part.size()).enumerate() {
                patches.gather(&gradient[at * size..][..size], &mut seen);
                let rows = Rows {
                    numbers: &seen,
                    stride: patches.length(),
                };
                let more = to_weights(simd, rows, patches.length(), image, channels);
                sums.iter_mut().zip(more).for_each(|(sum, x)| *sum += x);
                if let Some(to_source) = &mut to_source {
                    simd.run(Multiply {
                        left: rows,
                        rows: patches.count(),
                        right: Panels {
                            numbers: &weights,
                            depth: patches.length(),
                            columns: channels,
                        },
                        start: Start::Zero,
                        stride: channels,
                        out: &mut to_source[at * part.size()..][..part.size()],
                    });
                }
            }
            part.spread(&sums, inputs, outputs, &mut packed);
            sources.push(to_source);
        }
        let mut bias = vec![0.0; outputs];
        for image in gradient.chunks_exact(size) {
            add_pixels(&mut bias, image);
        }
        packed.extend(bias);
        Gradients { sources, packed }
    }
}
