//! How far generated images are from real ones, in the features of a classifier that was trained for it (science.md §4).

use super::MICRO;
use crate::config::GENERATED_METRICS;
use crate::data::Images;
use crate::data::Splits;
use crate::error::Result;
use crate::metric::{Cloud, frechet};
use crate::model::Model;
use crate::nn;
use crate::task::noisy::{gather, values};

/// The squared Fréchet distance of generated images to the first test images, as many, and that of the next test images to
/// them: what a perfect generator would score. Not training images: the judge has learned from them, which moves its features.
///
/// # Errors
/// When a tensor operation fails.
pub(super) fn judge(judge: &Model, images: &[f32], splits: &Splits) -> Result<Vec<(String, f64)>> {
    let test = &splits.test;
    let size = test.h * test.w;
    let n = (images.len() / size).min(test.n / 2);
    let cloud = |pixels: &[f32]| -> Result<Cloud> {
        let images = Images {
            n,
            h: test.h,
            w: test.w,
            pixels: pixels[..n * size].to_vec(),
        };
        Ok(Cloud::of(&features(judge, &images)?, n))
    };
    let (made, wanted) = (cloud(images)?, cloud(&test.pixels)?);
    let real = cloud(&test.pixels[n * size..])?;
    let distances = [frechet(&made, &wanted), frechet(&real, &wanted)];
    let names = GENERATED_METRICS.iter().map(|name| (*name).to_owned());
    Ok(names.zip(distances).collect())
}

fn features(judge: &Model, images: &Images) -> Result<Vec<f32>> {
    let mut out = Vec::new();
    for first in (0..images.n).step_by(MICRO) {
        let some = gather(images, first..images.n.min(first + MICRO))?;
        out.extend(values(&nn::in_f32(|| judge.features(&some))?.detach())?);
    }
    Ok(out)
}
