//! Few input channels: the patches of the input, times the weights.

use super::Patches;
use crate::nn::ops::kernel::conv::{Gradients, Problem, Scale};
use crate::nn::ops::kernel::lanes::{Simd, Work};
use crate::nn::ops::kernel::multiply::{Multiply, Start};
use crate::nn::ops::kernel::panels::{Panels, pack, transposed};
use crate::nn::ops::kernel::pointwise::{before_activation, product, to_bias, to_weights};
use crate::nn::ops::kernel::tile::Rows;

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
        let mut to_source = self.wanted.then(|| {
            let turned = transposed(problem.weights, outputs);
            let turned = pack(simd, &turned, patches.length());
            (vec![0.0; map.len()], turned)
        });
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
            let more = more.into_iter().chain(to_bias(&gradient, outputs));
            packed.iter_mut().zip(more).for_each(|(sum, x)| *sum += x);
            if let Some((to_source, turned)) = &mut to_source {
                simd.run(Multiply {
                    left: Rows {
                        numbers: &gradient,
                        stride: outputs,
                    },
                    rows: patches.count(),
                    right: Panels {
                        numbers: turned,
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
            sources: vec![to_source.map(|(gradient, _)| gradient)],
            packed,
        }
    }
}
