//! (x − mean) / √(variance + ε) · scale + shift on plain slices, with mean and variance taken over groups of channels,
//! and the gradients. Plain loops, compiled for each instruction set; they give the same bits on all of them.

mod backward;
mod forward;
mod tiles;

pub use backward::{Backward, Gradients};
pub use forward::{by, forward};

/// ε, PyTorch's default.
const EPSILON: f64 = 1e-5;

/// What is normalised: maps [images, pixels, channels], each image and group of neighbouring channels by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Images.
    pub images: usize,
    /// Pixels of an image.
    pub pixels: usize,
    /// Channels of a pixel.
    pub channels: usize,
    /// Groups of channels; divides `channels`.
    pub groups: usize,
}

impl Shape {
    fn image(self) -> usize {
        self.pixels * self.channels
    }

    fn group_of(self, channel: usize) -> usize {
        channel * self.groups / self.channels
    }

    /// Numbers that are normalised together.
    fn together(self) -> f64 {
        (self.image() / self.groups) as f64
    }
}

/// Mean and variance (mean square deviation) of numbers that are normalised together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    /// Σx / m.
    pub mean: f64,
    /// Σ(x − mean)² / m.
    pub variance: f64,
}

impl Moments {
    fn deviation(self) -> f64 {
        (self.variance + EPSILON).sqrt()
    }
}
