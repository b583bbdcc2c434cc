//! What is fed, what is the loss, what is measured: one file a task.

mod denoise;

use crate::config::{TaskKind, TrialConfig};
use crate::data::{Split, Splits};
use crate::error::Result;
use crate::metric::{Metric, Ratio};
use crate::model::Model;
use crate::nn::Parameters;
use crate::outcome::Samples;
use candle_core::Tensor;
use std::ops::Range;

/// What a task trains: a function of images with parameters.
pub trait Network: Sync {
    /// Logits [n, height, width, 1] for images [n, height, width, 1].
    ///
    /// # Errors
    /// When shapes do not fit.
    fn forward(&self, images: &Tensor) -> Result<Tensor>;
    /// Its parameters.
    fn parameters(&self) -> &Parameters;
}

impl Network for Model {
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        Model::forward(self, images)
    }
    fn parameters(&self) -> &Parameters {
        Model::parameters(self)
    }
}

/// One kind of thing to learn. All methods are functions of (config, seed, epoch, arguments): a task keeps nothing
/// that a checkpoint would have to know.
pub trait Task: Sync {
    /// Number of training examples.
    fn examples(&self) -> usize;

    /// Elements of one example's loss; a batch's loss is the sum over its elements divided by their number.
    fn elements(&self) -> usize;

    /// Makes the training inputs of an epoch (from 0) ready.
    fn begin_epoch(&mut self, epoch: u64);

    /// Sum of the loss over all elements of these training examples: a scalar to differentiate.
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn loss(&self, network: &dyn Network, examples: &[usize]) -> Result<Tensor>;

    /// How many examples a split has to be measured on.
    fn measured(&self, split: Split) -> usize;

    /// Measures a range of a split's examples: `metrics.len()` ratios for each example, in order.
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn measure(
        &self,
        network: &dyn Network,
        split: Split,
        examples: Range<usize>,
        metrics: &[Metric],
    ) -> Result<Vec<Ratio>>;

    /// Numbers that belong beside the final metrics and do not depend on training, by name.
    fn constants(&self) -> Vec<(String, f64)>;

    /// Pictures that do not change: taken at "epoch 0".
    fn still_pictures(&self) -> Vec<Samples>;

    /// What the network makes of the same images now, as pictures of this epoch (from 1).
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn pictures(&self, network: &dyn Network, epoch: u32) -> Result<Vec<Samples>>;
}

/// Builds the task of a trial.
pub fn build<'a>(config: &'a TrialConfig, seed: u64, splits: &'a Splits) -> Box<dyn Task + 'a> {
    match config.task {
        TaskKind::Denoise => Box::new(denoise::Denoise::new(&config.noise, seed, splits)),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::SSIM_WINDOW;
    use crate::metric::{Metric, Picture};

    /// A plan refuses what the measure would leave without a value, and no more.
    #[test]
    fn the_window_that_plans_know_is_that_of_the_measure() {
        let ssim = |side: usize| {
            let pixels = &vec![0.5; side * side][..];
            let (logits, output, target, size) = (pixels, pixels, pixels, [side; 2]);
            Metric::Ssim.measure(&Picture {
                logits,
                output,
                target,
                size,
            })
        };
        assert!(ssim(SSIM_WINDOW - 1).value().is_nan());
        assert!(ssim(SSIM_WINDOW).value().is_finite());
    }
}
