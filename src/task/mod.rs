//! What is fed, what is the loss, what is measured: one file a task.

mod bars;
mod classify;
mod denoise;
mod noisy;

use crate::config::{TaskKind, TrialConfig};
use crate::data::{Split, Splits};
use crate::error::Result;
use crate::metric::{Due, Ratio};
use crate::model::Model;
use crate::nn::Parameters;
use crate::outcome::Samples;
use candle_core::Tensor;
use std::ops::Range;

/// What a task trains: a function of images with parameters.
pub trait Network: Sync {
    /// Logits for images [n, height, width, 1], as the task reads them: of the same shape, or [n, classes].
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

    /// Names of the metrics that are due then, in order, the loss first.
    fn metrics(&self, due: Due) -> Vec<&'static str>;

    /// Measures a range of a split's examples: one ratio for each metric that is due, example after example.
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn measure(
        &self,
        network: &dyn Network,
        split: Split,
        examples: Range<usize>,
        due: Due,
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
///
/// # Errors
/// When `splits` lacks what the task reads.
pub fn build<'a>(
    config: &'a TrialConfig,
    seed: u64,
    splits: &'a Splits,
) -> Result<Box<dyn Task + 'a>> {
    let noise = &config.noise;
    Ok(match config.task {
        TaskKind::Denoise => Box::new(denoise::Denoise::new(noise, seed, splits)),
        TaskKind::Classify => Box::new(classify::Classify::new(noise, seed, splits)?),
    })
}

#[cfg(test)]
mod tests {
    use super::build;
    use crate::config::{SSIM_WINDOW, TaskKind, TrialConfig};
    use crate::data::{Classes, Images, Splits};
    use crate::metric::{Due, Metric, Picture};

    fn images(n: usize) -> Images {
        Images {
            n,
            h: 2,
            w: 2,
            pixels: vec![0.5; 4 * n],
        }
    }

    fn splits(classes: Option<Classes>) -> Splits {
        Splits {
            train: images(2),
            valid: images(0),
            test: images(1),
            classes,
        }
    }

    fn classes(train: &[u8]) -> Option<Classes> {
        Some(Classes {
            train: train.to_vec(),
            valid: Vec::new(),
            test: vec![3],
        })
    }

    /// Plans read the names in config, training those of the task.
    #[test]
    fn the_metrics_that_plans_know_are_those_that_are_measured() {
        for &task in TaskKind::ALL {
            let config = TrialConfig {
                task,
                ..TrialConfig::default()
            };
            let splits = splits(classes(&[0, 9]));
            let task = build(&config, 0, &splits).unwrap();
            let measured = |due| task.metrics(due);
            let mut all = [measured(Due::Each), measured(Due::Last)].concat();
            assert_eq!(measured(Due::All), all);
            let known = config.task.split_metrics();
            assert_eq!(all[0], known[0], "the loss comes first");
            all.sort_unstable();
            let mut known = known.to_vec();
            known.sort_unstable();
            assert_eq!(all, known);
        }
    }

    #[test]
    fn classify_is_refused_without_one_known_class_for_every_image() {
        let config = TrialConfig {
            task: TaskKind::Classify,
            ..TrialConfig::default()
        };
        let built = |classes| build(&config, 0, &splits(classes)).is_ok();
        assert!(built(classes(&[0, 9])));
        assert!(!built(None));
        assert!(!built(classes(&[0])) && !built(classes(&[0, 10])));
    }

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
