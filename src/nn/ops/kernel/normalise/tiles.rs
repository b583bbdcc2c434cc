//! Loops run over tiles of several pixels, with what belongs to each channel written out as often as a tile has
//! pixels: so they are long enough for wide registers, whatever the number of channels.

use super::Moments;
use crate::nn::ops::kernel::normalised::Normalised;

/// Numbers of a tile, at least.
const TILE: usize = 256;

/// Writes out one number a channel for every pixel of a tile.
pub fn tile<T: Copy>(channels: usize, number: impl Fn(usize) -> T) -> Vec<T> {
    let pixel: Vec<T> = (0..channels).map(number).collect();
    pixel.repeat(TILE.div_ceil(channels))
}

/// What normalises a tile: (x − mean)·factor + shift.
pub struct Line {
    /// Of x.
    pub mean: Vec<f32>,
    /// scale / deviation.
    pub factor: Vec<f32>,
    shift: Vec<f32>,
}

impl Line {
    /// Given the moments of each channel.
    pub fn new(moments: impl Fn(usize) -> Moments, scale: &[f32], shift: &[f32]) -> Self {
        let channels = scale.len();
        let factor = |c: usize| (f64::from(scale[c]) / moments(c).deviation()) as f32;
        Self {
            mean: tile(channels, |c| moments(c).mean as f32),
            factor: tile(channels, factor),
            shift: tile(channels, |c| shift[c]),
        }
    }

    /// Normalises a tile.
    #[inline(always)]
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        let n = x.len();
        let (mean, factor, shift) = (&self.mean[..n], &self.factor[..n], &self.shift[..n]);
        let out = &mut out[..n];
        for at in 0..n {
            out[at] = (x[at] - mean[at]) * factor[at] + shift[at];
        }
    }

    /// Normalises tile after tile, each with what follows.
    #[inline(always)]
    pub fn run(&self, after: Normalised, x: &[f32], out: &mut [f32]) {
        let length = self.mean.len();
        for (x, out) in x.chunks(length).zip(out.chunks_mut(length)) {
            self.apply(x, out);
            after.apply(out);
        }
    }
}

/// Σx and Σx·y for every place of a tile, in f64, where products of two f32 are exact.
pub struct Sums {
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    /// Nothing yet.
    pub fn new(channels: usize) -> Self {
        Self {
            first: tile(channels, |_| 0.0),
            second: tile(channels, |_| 0.0),
        }
    }

    /// Numbers of a tile.
    pub fn length(&self) -> usize {
        self.first.len()
    }

    /// Adds x and x·y of a tile.
    #[inline(always)]
    pub fn add(&mut self, x: &[f32], y: &[f32]) {
        let n = x.len();
        let (first, second) = (&mut self.first[..n], &mut self.second[..n]);
        for (first, &x) in first.iter_mut().zip(x) {
            *first += f64::from(x);
        }
        for (second, (&x, &y)) in second.iter_mut().zip(x.iter().zip(y)) {
            *second += f64::from(x) * f64::from(y);
        }
    }

    /// The two sums of every channel.
    pub fn of_channels(&self, channels: usize) -> Vec<(f64, f64)> {
        let mut sums = vec![(0.0, 0.0); channels];
        let pixels = self.first.chunks_exact(channels);
        for (first, second) in pixels.zip(self.second.chunks_exact(channels)) {
            for (sum, (first, second)) in sums.iter_mut().zip(first.iter().zip(second)) {
                sum.0 += first;
                sum.1 += second;
            }
        }
        sums
    }
}
