//! 3×3 convolutions with few channels on one side, by patches: for every pixel, what it sees of the thin map becomes
//! a row of numbers, and the rest is one matrix product. Images of one channel going in, logits coming out.
//!
//! Seen from a pixel of an upsampled map, the output is 4×4 pixels, whose weights are sums of the nine: nearest
//! upsampling and a 3×3 convolution are one 4×4 convolution of stride 2, transposed. The upsampled map is not built.

use super::conv::{Activation, Gradients, Problem, Scale, Source};
use super::lanes::{Simd, Work};
use super::pointwise::{before_activation, product, to_weights};
use super::tiles::{Multiply, Panels, Rows, Start, pack, read, transposed, write};

/// The patches of a thin map around the pixels of a map of the same or half the size.
#[derive(Clone, Copy)]
struct Patches {
    /// Height and width of the thin map.
    size: [usize; 2],
    /// Its channels.
    channels: usize,
    scale: Scale,
}

impl Patches {
    /// Pixels on each side of a patch.
    fn side(self) -> usize {
        match self.scale {
            Scale::Full => 3,
            Scale::Upsampled => 4,
        }
    }

    /// Numbers of a patch.
    fn length(self) -> usize {
        self.side() * self.side() * self.channels
    }

    /// Patches of one image.
    fn count(self) -> usize {
        self.size[0] * self.size[1] / self.step() / self.step()
    }

    fn step(self) -> usize {
        match self.scale {
            Scale::Full => 1,
            Scale::Upsampled => 2,
        }
    }

    /// Calls `f(place in an image, place in all its patches)` for every number of every patch that lies in it.
    #[inline(always)]
    fn each(self, f: impl FnMut(usize, usize)) {
        match (self.scale, self.channels) {
            (Scale::Full, 1) => self.each_of::<3, 1>(1, f),
            (Scale::Full, channels) => self.each_of::<3, 1>(channels, f),
            (Scale::Upsampled, 1) => self.each_of::<4, 2>(1, f),
            (Scale::Upsampled, channels) => self.each_of::<4, 2>(channels, f),
        }
    }

    #[inline(always)]
    fn each_of<const SIDE: usize, const STEP: usize>(
        self,
        channels: usize,
        mut f: impl FnMut(usize, usize),
    ) {
        let [height, width] = self.size;
        // Patch number p along a side sees at tap t the pixel STEP·p + t − 1: those p for which it lies in the map.
        let inside = |tap: usize, end: usize| {
            let last = (end + STEP - tap) / STEP;
            usize::from(tap == 0)..last.min(end / STEP)
        };
        for tap in 0..SIDE * SIDE {
            let (row, column) = (tap / SIDE, tap % SIDE);
            for y in inside(row, height) {
                let line = (STEP * y + row - 1) * width;
                let patches = y * (width / STEP);
                for x in inside(column, width) {
                    let pixel = (line + STEP * x + column - 1) * channels;
                    let patch = ((patches + x) * SIDE * SIDE + tap) * channels;
                    for channel in 0..channels {
                        f(pixel + channel, patch + channel);
                    }
                }
            }
        }
    }

    /// All patches of an image; what lies outside of it is left alone.
    #[inline(always)]
    fn gather(self, image: &[f32], patches: &mut [f32]) {
        self.each(|pixel, patch| patches[patch] = image[pixel]);
    }

    /// Adds all patches to an image.
    #[inline(always)]
    fn scatter(self, patches: &[f32], image: &mut [f32]) {
        self.each(|pixel, patch| image[pixel] += patches[patch]);
    }
}

/// Few input channels: [`Forward`] and [`Backward`](thin_input::Backward).
pub mod thin_input {
    use super::*;

    fn patches(problem: &Problem) -> Patches {
        Patches {
            size: [problem.shape.height, problem.shape.width],
            channels: problem.inputs(),
            scale: Scale::Full,
        }
    }

    /// The convolution of one map of full size.
    pub struct Forward<'a>(pub &'a Problem<'a>);

    impl Work for Forward<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn on<S: Simd>(self, simd: S) -> Vec<f32> {
            let problem = self.0;
            let patches = patches(problem);
            let mut seen = vec![0.0; patches.count() * patches.length()];
            let mut out = vec![0.0; problem.outputs()];
            let images = problem.sources[0]
                .map
                .chunks_exact(problem.shape.pixels() * problem.inputs());
            let size = problem.shape.pixels() * problem.shape.output;
            for (image, out) in images.zip(out.chunks_exact_mut(size)) {
                patches.gather(image, &mut seen);
                let rows = Rows {
                    numbers: &seen,
                    stride: patches.length(),
                };
                product(simd, rows, problem, out);
            }
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
        /// Whether the gradient of the source is wanted.
        pub wanted: bool,
    }

    impl Work for Backward<'_> {
        type Output = Gradients;

        #[inline(always)]
        fn on<S: Simd>(self, simd: S) -> Gradients {
            let problem = self.problem;
            let (patches, outputs) = (patches(problem), problem.shape.output);
            let mut seen = vec![0.0; patches.count() * patches.length()];
            let mut packed = vec![0.0; (patches.length() + 1) * outputs];
            let map = problem.sources[0].map;
            let mut to_source = self.wanted.then(|| vec![0.0; map.len()]);
            let turned = pack(
                simd,
                &transposed(problem.weights, outputs),
                patches.length(),
            );
            let size = problem.shape.pixels() * problem.inputs();
            let output = problem.shape.pixels() * outputs;
            for image in 0..problem.shape.n {
                let out = &self.out[image * output..][..output];
                let gradient = &self.gradient[image * output..][..output];
                let gradient = before_activation(simd, problem, out, gradient);
                seen.fill(0.0);
                patches.gather(&map[image * size..][..size], &mut seen);
                let rows = Rows {
                    numbers: &seen,
                    stride: patches.length(),
                };
                let more = to_weights(simd, rows, patches.length(), &gradient, outputs);
                packed.iter_mut().zip(more).for_each(|(sum, x)| *sum += x);
                if let Some(to_source) = &mut to_source {
                    simd.run(Multiply {
                        left: Rows {
                            numbers: &gradient,
                            stride: outputs,
                        },
                        rows: patches.count(),
                        right: Panels {
                            numbers: &turned,
                            depth: outputs,
                            columns: patches.length(),
                        },
                        start: Start::Zero,
                        stride: patches.length(),
                        out: &mut seen,
                    });
                    patches.scatter(&seen, &mut to_source[image * size..][..size]);
                }
            }
            Gradients {
                sources: vec![to_source],
                packed,
            }
        }
    }
}

/// Few output channels: [`Forward`] and [`Backward`](thin_output::Backward).
pub mod thin_output {
    use super::*;

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
            if problem.activation == Activation::Relu {
                for at in (0..out.len()).step_by(S::LANES) {
                    let y = simd.relu(read(simd, &out, at));
                    write(simd, &mut out, at, y);
                }
            }
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
            for image in gradient.chunks_exact(size) {
                let mut sum = vec![0.0; outputs];
                for pixel in image.chunks_exact(outputs) {
                    sum.iter_mut().zip(pixel).for_each(|(sum, x)| *sum += x);
                }
                packed.extend(sum);
            }
            let bias = packed.split_off(9 * inputs * outputs);
            packed
                .extend((0..outputs).map(|at| bias.iter().skip(at).step_by(outputs).sum::<f32>()));
            Gradients { sources, packed }
        }
    }
}
