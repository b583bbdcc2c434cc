//! Where batches of training images are taken from. On a GPU all images lie there, and only the numbers of those of a
//! batch are sent.

use crate::data::Images;
use crate::error::Result;
use crate::nn;
use crate::nn::ops::lookup;
use candle_core::Tensor;
use std::sync::OnceLock;

/// Sets of images of one size and number, one behind the other. A shelf belongs to its sets.
#[derive(Default)]
pub(super) struct Shelf {
    /// All of them [images, pixels]; made at the first batch, so that a task that does not train copies nothing.
    on_gpu: OnceLock<Tensor>,
}

impl Shelf {
    /// The images with these numbers, counted through all `sets`, as [n, height, width, 1].
    ///
    /// # Errors
    /// When the GPU has no room.
    pub(super) fn take(
        &self,
        sets: &[&Images],
        numbers: impl ExactSizeIterator<Item = usize>,
    ) -> Result<Tensor> {
        let of = sets[0];
        let shape = (numbers.len(), of.h, of.w, 1);
        if nn::on_gpu() {
            let numbers: Vec<usize> = numbers.collect();
            return Ok(lookup(self.all(sets)?, &numbers)?.reshape(shape)?);
        }
        let size = of.h * of.w;
        let mut pixels = Vec::with_capacity(numbers.len() * size);
        for number in numbers {
            let (set, image) = (sets[number / of.n], number % of.n);
            pixels.extend_from_slice(&set.pixels[image * size..][..size]);
        }
        Ok(Tensor::from_vec(pixels, shape, nn::device())?)
    }

    fn all(&self, sets: &[&Images]) -> Result<&Tensor> {
        if let Some(all) = self.on_gpu.get() {
            return Ok(all);
        }
        let size = sets[0].h * sets[0].w;
        let pixels: Vec<f32> = sets.iter().flat_map(|set| &set.pixels).copied().collect();
        let shape = (pixels.len() / size, size);
        let all = Tensor::from_vec(pixels, shape, nn::device())?;
        Ok(self.on_gpu.get_or_init(|| all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_through_all_sets() {
        let images = |start: f32| Images {
            n: 3,
            h: 1,
            w: 2,
            pixels: (0..6).map(|at| start + at as f32).collect(),
        };
        let (first, second) = (images(0.0), images(10.0));
        let taken = Shelf::default().take(&[&first, &second], [4, 0, 5].into_iter());
        let taken = taken.expect("images of one size");
        assert_eq!(taken.dims(), [3, 1, 2, 1]);
        let pixels = taken.flatten_all().and_then(|all| all.to_vec1::<f32>());
        let right = [12.0, 13.0, 0.0, 1.0, 14.0, 15.0];
        assert_eq!(pixels.expect("f32"), right);
    }

    /// What a GPU does, here on the processor.
    #[test]
    fn a_lookup_of_all_images_is_the_same() {
        let images = Images {
            n: 3,
            h: 1,
            w: 2,
            pixels: (0..6).map(|at| at as f32).collect(),
        };
        let shelf = Shelf::default();
        let found = lookup(shelf.all(&[&images, &images]).expect("a table"), &[5, 1]);
        let found = found.and_then(|rows| rows.flatten_all()?.to_vec1::<f32>());
        assert_eq!(found.expect("rows"), [4.0, 5.0, 2.0, 3.0]);
    }
}
