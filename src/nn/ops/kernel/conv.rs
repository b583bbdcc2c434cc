//! Convolution on plain slices, forward and both gradients: stride 1, odd square kernels, zero padding that keeps
//! the size. Maps are [n, height, width, channels], weights [k, k, in, out].
//!
//! Every image is copied once into a zero-padded buffer, so that tiles need no edges. Nothing here uses threads:
//! the trainer gives each thread images of its own.

use super::forward::Forward;
use super::level::Level;
use super::weight_gradient::WeightGradient;

/// The sizes of one convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Images.
    pub n: usize,
    /// Height of input and output.
    pub height: usize,
    /// Width of input and output.
    pub width: usize,
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub output: usize,
    /// Side of the kernel, odd.
    pub kernel: usize,
}

impl Shape {
    pub(super) fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// The convolution that carries gradients from the output back to the input.
    fn reversed(self) -> Self {
        Self {
            input: self.output,
            output: self.input,
            ..self
        }
    }

    fn check(&self, input: &[f32], weights: usize) {
        assert_eq!(input.len(), self.n * self.pixels() * self.input);
        assert_eq!(
            weights,
            self.kernel * self.kernel * self.input * self.output
        );
        assert!(self.kernel % 2 == 1 && self.pixels() * self.input * self.output > 0);
    }
}

/// input ∗ weights + bias.
///
/// # Panics
/// When lengths do not fit the shape.
pub fn forward(
    level: Level,
    shape: Shape,
    input: &[f32],
    weights: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    shape.check(input, weights.len());
    assert_eq!(bias.len(), shape.output);
    level.run(Forward {
        shape,
        input,
        weight: |tap: [usize; 2], i: usize, o: usize| {
            weights[((tap[0] * shape.kernel + tap[1]) * shape.input + i) * shape.output + o]
        },
        bias,
    })
}

/// The gradient of the input, given that of the output: a convolution with the kernel turned around.
///
/// # Panics
/// When lengths do not fit the shape.
pub fn input_gradient(level: Level, shape: Shape, gradient: &[f32], weights: &[f32]) -> Vec<f32> {
    let last = shape.kernel - 1;
    shape.reversed().check(gradient, weights.len());
    level.run(Forward {
        shape: shape.reversed(),
        input: gradient,
        weight: |tap: [usize; 2], o: usize, i: usize| {
            let tap = [last - tap[0], last - tap[1]];
            weights[((tap[0] * shape.kernel + tap[1]) * shape.input + i) * shape.output + o]
        },
        bias: &vec![0.0; shape.input],
    })
}

/// The gradient of the weights, given the input and the gradient of the output.
///
/// # Panics
/// When lengths do not fit the shape.
pub fn weight_gradient(level: Level, shape: Shape, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    shape.check(
        input,
        shape.kernel * shape.kernel * shape.input * shape.output,
    );
    assert_eq!(gradient.len(), shape.n * shape.pixels() * shape.output);
    level.run(WeightGradient {
        shape,
        input,
        gradient,
    })
}

/// The gradient of the bias, given that of the output: its sum over all pixels, image by image.
pub fn bias_gradient(shape: Shape, gradient: &[f32]) -> Vec<f32> {
    let mut total = vec![0.0; shape.output];
    for image in gradient.chunks_exact(shape.pixels() * shape.output) {
        let mut sum = vec![0.0; shape.output];
        for pixel in image.chunks_exact(shape.output) {
            sum.iter_mut().zip(pixel).for_each(|(sum, x)| *sum += x);
        }
        total
            .iter_mut()
            .zip(&sum)
            .for_each(|(total, sum)| *total += sum);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in [−1, 1] without pattern.
    fn wave(count: usize, phase: f32) -> Vec<f32> {
        (0..count)
            .map(|at| (at as f32 * 1.7 + phase).sin())
            .collect()
    }

    /// Calls `f(input at, weight at, output at)` for every product of the convolution.
    fn products(shape: Shape, mut f: impl FnMut(usize, usize, usize)) {
        let Shape {
            n,
            height,
            width,
            input,
            output,
            kernel,
        } = shape;
        let border = kernel / 2;
        for at in 0..n * height * width * kernel * kernel {
            let (tap, pixel) = (at % (kernel * kernel), at / (kernel * kernel));
            let (image, y, x) = (
                pixel / (height * width),
                pixel / width % height,
                pixel % width,
            );
            let (row, column) = (y + tap / kernel, x + tap % kernel);
            if row < border || row >= height + border || column < border || column >= width + border
            {
                continue;
            }
            let from = (image * height + row - border) * width + column - border;
            for i in 0..input {
                for o in 0..output {
                    f(
                        from * input + i,
                        (tap * input + i) * output + o,
                        pixel * output + o,
                    );
                }
            }
        }
    }

    fn assert_close(what: &str, found: &[f32], right: &[f64]) {
        assert_eq!(found.len(), right.len());
        let scale = right.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
        for (at, (&found, right)) in found.iter().zip(right).enumerate() {
            let error = (f64::from(found) - right).abs() / scale;
            assert!(error < 2e-5, "{what} at {at}: {found} instead of {right}");
        }
    }

    /// Oracle: the definition of the convolution and of its gradients, product by product in f64.
    fn check(level: Level, shape: Shape) {
        let pixels = shape.n * shape.pixels();
        let weights = shape.kernel * shape.kernel * shape.input * shape.output;
        let (x, g) = (
            wave(pixels * shape.input, 0.1),
            wave(pixels * shape.output, 0.2),
        );
        let (w, b) = (wave(weights, 0.3), wave(shape.output, 0.4));
        let bias = |at: usize| f64::from(b[at % shape.output]);
        let mut out: Vec<f64> = (0..pixels * shape.output).map(bias).collect();
        let (mut to_x, mut to_w) = (vec![0.0; x.len()], vec![0.0; w.len()]);
        products(shape, |xi, wi, oi| {
            let (x, w, g) = (f64::from(x[xi]), f64::from(w[wi]), f64::from(g[oi]));
            out[oi] += x * w;
            to_x[xi] += g * w;
            to_w[wi] += g * x;
        });
        let name = format!("{} {shape:?}", level.name());
        assert_close(
            &format!("forward {name}"),
            &forward(level, shape, &x, &w, &b),
            &out,
        );
        assert_close(
            &format!("input {name}"),
            &input_gradient(level, shape, &g, &w),
            &to_x,
        );
        assert_close(
            &format!("weight {name}"),
            &weight_gradient(level, shape, &x, &g),
            &to_w,
        );
        let mut to_b = vec![0.0; b.len()];
        g.iter()
            .enumerate()
            .for_each(|(at, &g)| to_b[at % shape.output] += f64::from(g));
        assert_close(&format!("bias {name}"), &bias_gradient(shape, &g), &to_b);
    }

    #[test]
    fn every_level_agrees_with_the_definition_at_odd_sizes() {
        let channels = [
            (1, 1),
            (1, 17),
            (3, 16),
            (16, 3),
            (17, 1),
            (17, 64),
            (64, 17),
            (130, 3),
            (3, 130),
            (16, 33),
        ];
        for level in Level::available() {
            for (height, width) in [(7, 7), (5, 9), (1, 29), (2, 1)] {
                for (input, output) in channels {
                    for kernel in [1, 3] {
                        let n = 2;
                        check(
                            level,
                            Shape {
                                n,
                                height,
                                width,
                                input,
                                output,
                                kernel,
                            },
                        );
                    }
                }
            }
        }
    }
}
