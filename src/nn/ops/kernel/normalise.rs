//! (x − mean) / √(variance + ε) · scale + shift on plain slices, with mean and variance taken over groups of channels,
//! and the gradients. Plain loops, compiled for each instruction set; they give the same bits on all of them.
//!
//! Loops run over tiles of several pixels, with what belongs to each channel written out as often as a tile has
//! pixels: so they are long enough for wide registers, whatever the number of channels.

use super::lanes::{Simd, Work};
use super::level::Level;
use super::normalised::Normalised;

/// ε, PyTorch's default.
pub const EPSILON: f64 = 1e-5;

/// Numbers of a tile, at least.
const TILE: usize = 256;

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

/// Writes out one number a channel for every pixel of a tile.
fn tile<T: Copy>(channels: usize, number: impl Fn(usize) -> T) -> Vec<T> {
    let pixel: Vec<T> = (0..channels).map(number).collect();
    pixel.repeat(TILE.div_ceil(channels))
}

/// What normalises a tile: (x − mean)·factor + shift.
struct Line {
    mean: Vec<f32>,
    factor: Vec<f32>,
    shift: Vec<f32>,
}

impl Line {
    fn new(moments: impl Fn(usize) -> Moments, scale: &[f32], shift: &[f32]) -> Self {
        let channels = scale.len();
        let factor = |c: usize| (f64::from(scale[c]) / moments(c).deviation()) as f32;
        Self {
            mean: tile(channels, |c| moments(c).mean as f32),
            factor: tile(channels, factor),
            shift: tile(channels, |c| shift[c]),
        }
    }

    #[inline(always)]
    fn apply(&self, x: &[f32], out: &mut [f32]) {
        let n = x.len();
        let (mean, factor, shift) = (&self.mean[..n], &self.factor[..n], &self.shift[..n]);
        let out = &mut out[..n];
        for at in 0..n {
            out[at] = (x[at] - mean[at]) * factor[at] + shift[at];
        }
    }

    /// Normalises pixels and applies the normalised.
    #[inline(always)]
    fn run(&self, after: Normalised, x: &[f32], out: &mut [f32]) {
        let length = self.mean.len();
        for (x, out) in x.chunks(length).zip(out.chunks_mut(length)) {
            self.apply(x, out);
            after.apply(out);
        }
    }
}

/// Σ first and Σ second for every channel, in f64, of what `numbers` adds for each tile.
struct Sums {
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    fn new(channels: usize) -> Self {
        Self {
            first: tile(channels, |_| 0.0),
            second: tile(channels, |_| 0.0),
        }
    }

    /// Adds x and x·y of a tile.
    #[inline(always)]
    fn add(&mut self, x: &[f32], y: &[f32]) {
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
    fn of_channels(&self, channels: usize) -> Vec<(f64, f64)> {
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

/// The moments of each group of an image. Products of two f32 are exact in f64, so Σx² − (Σx)²/m keeps enough
/// digits.
#[inline(always)]
fn moments(shape: Shape, image: &[f32]) -> Vec<Moments> {
    let mut sums = Sums::new(shape.channels);
    for tile in image.chunks(sums.first.len()) {
        sums.add(tile, tile);
    }
    let mut moments = vec![Moments::default(); shape.groups];
    for (channel, (sum, squares)) in sums.of_channels(shape.channels).into_iter().enumerate() {
        let group = &mut moments[shape.group_of(channel)];
        group.mean += sum;
        group.variance += squares;
    }
    for group in &mut moments {
        group.mean /= shape.together();
        let variance = group.variance / shape.together() - group.mean * group.mean;
        // Rounding can leave less than nothing; NaN has to stay.
        group.variance = if variance < 0.0 { 0.0 } else { variance };
    }
    moments
}

/// Normalises every image by its own moments; gives these too, [images, groups].
pub fn forward(
    level: Level,
    shape: Shape,
    x: &[f32],
    (scale, shift): (&[f32], &[f32]),
    after: Normalised,
) -> (Vec<f32>, Vec<Moments>) {
    level.run(Forward {
        shape,
        x,
        scale,
        shift,
        after,
    })
}

struct Forward<'a> {
    shape: Shape,
    x: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    after: Normalised,
}

impl Work for Forward<'_> {
    type Output = (Vec<f32>, Vec<Moments>);

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> (Vec<f32>, Vec<Moments>) {
        let shape = self.shape;
        let mut out = vec![0.0; self.x.len()];
        let mut all = Vec::with_capacity(shape.images * shape.groups);
        let images = self.x.chunks_exact(shape.image());
        for (x, out) in images.zip(out.chunks_exact_mut(shape.image())) {
            let moments = moments(shape, x);
            let line = Line::new(|c| moments[shape.group_of(c)], self.scale, self.shift);
            line.run(self.after, x, out);
            all.extend(moments);
        }
        (out, all)
    }
}

/// Normalises all images by the given moments, one a channel.
pub fn by(
    level: Level,
    x: &[f32],
    moments: &[Moments],
    (scale, shift): (&[f32], &[f32]),
    after: Normalised,
) -> Vec<f32> {
    let line = Line::new(|c| moments[c], scale, shift);
    level.run(By { x, line, after })
}

struct By<'a> {
    x: &'a [f32],
    line: Line,
    after: Normalised,
}

impl Work for By<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> Vec<f32> {
        let mut out = vec![0.0; self.x.len()];
        self.line.run(self.after, self.x, &mut out);
        out
    }
}

/// The gradients of [`forward`].
pub struct Gradients {
    /// Of the maps.
    pub x: Vec<f32>,
    /// Of the scale, one a channel.
    pub scale: Vec<f32>,
    /// Of the shift, one a channel.
    pub shift: Vec<f32>,
}

/// The way back of [`forward`], to be run on a level.
pub struct Backward<'a> {
    /// What was normalised.
    pub shape: Shape,
    /// The maps.
    pub x: &'a [f32],
    /// One number a channel.
    pub scale: &'a [f32],
    /// One number a channel.
    pub shift: &'a [f32],
    /// What followed.
    pub after: Normalised,
    /// [images, groups], as the way there gave them.
    pub moments: &'a [Moments],
    /// The gradient of the result.
    pub gradient: &'a [f32],
}

impl Work for Backward<'_> {
    type Output = Gradients;

    /// With x̂ = (x − mean)/d, d = √(variance + ε), and g the gradient before the normalised:
    /// to shift Σg, to scale Σg·x̂, and to x (scale·g − a − x̂·b)/d, where a and b are the means of scale·g and scale·g·x̂
    /// over what is normalised together.
    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> Gradients {
        let Self { shape, .. } = self;
        let (channels, image) = (shape.channels, shape.image());
        let mut to = vec![0.0; self.x.len()];
        let mut to_parameters = vec![(0.0, 0.0); channels];
        let mut centred = tile(channels, |_| 0.0f32);
        let length = centred.len();
        let images = self
            .x
            .chunks_exact(image)
            .zip(self.gradient.chunks_exact(image));
        let moments = self.moments.chunks_exact(shape.groups);
        for (((x, gradient), to), moments) in images.zip(to.chunks_exact_mut(image)).zip(moments) {
            let of = |c: usize| moments[shape.group_of(c)];
            let line = Line::new(of, self.scale, self.shift);
            let mut sums = Sums::new(channels);
            let tiles = x.chunks(length).zip(gradient.chunks(length));
            for ((x, gradient), to) in tiles.zip(to.chunks_mut(length)) {
                line.apply(x, to);
                self.after.back(to, gradient);
                let centred = &mut centred[..x.len()];
                for (centred, (x, mean)) in centred.iter_mut().zip(x.iter().zip(&line.mean)) {
                    *centred = x - mean;
                }
                sums.add(to, centred);
            }
            let mut means = vec![(0.0, 0.0); shape.groups];
            for (c, (g, centred)) in sums.of_channels(channels).into_iter().enumerate() {
                let (mean, along) = &mut means[shape.group_of(c)];
                let along_x = centred / of(c).deviation();
                *mean += f64::from(self.scale[c]) * g / shape.together();
                *along += f64::from(self.scale[c]) * along_x / shape.together();
                to_parameters[c].0 += along_x;
                to_parameters[c].1 += g;
            }
            let slope = |c: usize| means[shape.group_of(c)].1 / of(c).deviation().powi(2);
            let level = |c: usize| means[shape.group_of(c)].0 / of(c).deviation();
            let slopes = tile(channels, |c| slope(c) as f32);
            let levels = tile(channels, |c| level(c) as f32);
            for (x, to) in x.chunks(length).zip(to.chunks_mut(length)) {
                let n = x.len();
                let (mean, factor) = (&line.mean[..n], &line.factor[..n]);
                let (slopes, levels, to) = (&slopes[..n], &levels[..n], &mut to[..n]);
                for at in 0..n {
                    to[at] = to[at] * factor[at] - (x[at] - mean[at]) * slopes[at] - levels[at];
                }
            }
        }
        let (scale, shift) = to_parameters
            .into_iter()
            .map(|(a, b)| (a as f32, b as f32))
            .unzip();
        Gradients {
            x: to,
            scale,
            shift,
        }
    }
}
