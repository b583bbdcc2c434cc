//! The way there, by an image's own moments or by given ones.

use super::tiles::{Line, Sums};
use super::{Moments, Shape};
use crate::nn::ops::kernel::lanes::{Simd, Work};
use crate::nn::ops::kernel::level::Level;
use crate::nn::ops::kernel::normalised::Normalised;

/// The moments of each group of an image, from Σx² − (Σx)²/m, which in f64 keeps enough digits.
#[inline(always)]
fn moments(shape: Shape, image: &[f32]) -> Vec<Moments> {
    let mut sums = Sums::new(shape.channels);
    for tile in image.chunks(sums.length()) {
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
