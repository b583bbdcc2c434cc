//! The way back.

use super::tiles::{Line, Sums, tile};
use super::{Moments, Shape};
use crate::nn::ops::kernel::lanes::{Simd, Work};
use crate::nn::ops::kernel::normalised::Normalised;

/// The gradients of [`super::forward`].
pub struct Gradients {
    /// Of the maps.
    pub x: Vec<f32>,
    /// Of the scale, one a channel.
    pub scale: Vec<f32>,
    /// Of the shift, one a channel.
    pub shift: Vec<f32>,
}

/// The way back of [`super::forward`], to be run on a level.
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

    #[inline(always)]
    fn on<S: Simd>(self, _simd: S) -> Gradients {
        let mut to = vec![0.0; self.x.len()];
        let mut to_parameters = vec![(0.0, 0.0); self.shape.channels];
        let image = self.shape.image();
        let moments = self.moments.chunks_exact(self.shape.groups);
        let gradients = self.gradient.chunks_exact(image).zip(moments);
        let images = self.x.chunks_exact(image).zip(to.chunks_exact_mut(image));
        for ((x, to), (gradient, moments)) in images.zip(gradients) {
            self.image(x, gradient, moments, to, &mut to_parameters);
        }
        let rounded = to_parameters.iter().map(|&(a, b)| (a as f32, b as f32));
        let (scale, shift) = rounded.unzip();
        Gradients {
            x: to,
            scale,
            shift,
        }
    }
}

impl Backward<'_> {
    /// With x̂ = (x − mean)/d, d = √(variance + ε), and g the gradient before what followed: to scale Σg·x̂, to shift
    /// Σg, and to x (scale·g − a − b·x̂)/d, where a and b are the means of scale·g and scale·g·x̂ over what is
    /// normalised together.
    #[inline(always)]
    fn image(
        &self,
        x: &[f32],
        gradient: &[f32],
        moments: &[Moments],
        to: &mut [f32],
        to_parameters: &mut [(f64, f64)],
    ) {
        let (shape, channels) = (self.shape, self.shape.channels);
        let line = Line::new(|c| moments[shape.group_of(c)], self.scale, self.shift);
        let sums = self.before(&line, x, gradient, to);
        let mut means = vec![(0.0, 0.0); shape.groups];
        for (c, (g, g_centred)) in sums.of_channels(channels).into_iter().enumerate() {
            let group = shape.group_of(c);
            let along = g_centred / moments[group].deviation();
            let share = f64::from(self.scale[c]) / shape.together();
            means[group].0 += share * g;
            means[group].1 += share * along;
            to_parameters[c].0 += along;
            to_parameters[c].1 += g;
        }
        for ((a, b), moments) in means.iter_mut().zip(moments) {
            let deviation = moments.deviation();
            *a /= deviation;
            *b /= deviation * deviation;
        }
        let levels = tile(channels, |c| means[shape.group_of(c)].0 as f32);
        let slopes = tile(channels, |c| means[shape.group_of(c)].1 as f32);
        let length = levels.len();
        for (x, to) in x.chunks(length).zip(to.chunks_mut(length)) {
            let n = x.len();
            let (mean, factor) = (&line.mean[..n], &line.factor[..n]);
            let (slopes, levels, to) = (&slopes[..n], &levels[..n], &mut to[..n]);
            for at in 0..n {
                to[at] = to[at] * factor[at] - (x[at] - mean[at]) * slopes[at] - levels[at];
            }
        }
    }

    /// Leaves in `to` the gradient g before what followed, and gives Σg and Σg·(x − mean).
    #[inline(always)]
    fn before(&self, line: &Line, x: &[f32], gradient: &[f32], to: &mut [f32]) -> Sums {
        let mut sums = Sums::new(self.shape.channels);
        let mut centred = vec![0.0; sums.length()];
        let tiles = x.chunks(sums.length()).zip(gradient.chunks(sums.length()));
        for ((x, gradient), to) in tiles.zip(to.chunks_mut(centred.len())) {
            line.apply(x, to);
            self.after.back(to, gradient);
            let centred = &mut centred[..x.len()];
            for (centred, (x, mean)) in centred.iter_mut().zip(x.iter().zip(&line.mean)) {
                *centred = x - mean;
            }
            sums.add(to, centred);
        }
        sums
    }
}
