//! What is fed, what is the loss, what is measured: one file a task.

mod bars;
mod classify;
mod denoise;
mod diffuse;
mod gate;
mod iterate;
mod noisy;
mod restore;
mod sequence;
mod shelf;
mod support;

pub use support::Support;

use crate::config::{TaskKind, TrialConfig};
use crate::data::{Split, Splits};
use crate::error::Result;
use crate::metric::{Due, Ratio};
use crate::model::{Context, Model};
use crate::nn::Parameters;
use crate::outcome::Samples;
use candle_core::Tensor;
use std::collections::BTreeMap;
use std::ops::Range;

/// What a task trains: a function of images with parameters.
pub trait Network: Sync {
    /// Logits for images [n, height, width, 1], as the task reads them: of the same shape, or [n, classes].
    ///
    /// # Errors
    /// When shapes do not fit.
    fn forward(&self, images: &Tensor) -> Result<Tensor>;
    /// As [`forward`](Self::forward), told more; for a network that needs no more to be told it is the same.
    ///
    /// # Errors
    /// When shapes do not fit.
    fn respond(&self, images: &Tensor, _context: Context) -> Result<Tensor> {
        self.forward(images)
    }
    /// The weights with which an attention network looks at sentences; none of other networks.
    ///
    /// # Errors
    /// When shapes do not fit.
    fn attended(&self, _sentences: &Tensor) -> Result<Option<Tensor>> {
        Ok(None)
    }
    /// Its parameters.
    fn parameters(&self) -> &Parameters;
    /// What is neither learned nor constant: running averages.
    fn buffers(&self) -> &Parameters {
        static NONE: Parameters = Parameters(BTreeMap::new());
        &NONE
    }
}

impl Network for Model {
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        Model::forward(self, images)
    }
    fn respond(&self, images: &Tensor, context: Context) -> Result<Tensor> {
        Model::respond(self, images, context)
    }
    fn attended(&self, sentences: &Tensor) -> Result<Option<Tensor>> {
        Model::attended(self, sentences)
    }
    fn parameters(&self) -> &Parameters {
        Model::parameters(self)
    }
    fn buffers(&self) -> &Parameters {
        Model::buffers(self)
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

    /// How many images are generated to be measured as a whole; 0 where a task generates none.
    fn generated(&self) -> usize {
        0
    }

    /// Generates images of these numbers, values in [0, 1], each a function of its number and the trial.
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn generate(&self, _network: &dyn Network, _images: Range<usize>) -> Result<Vec<f32>> {
        Ok(Vec::new())
    }

    /// What there is to say of all generated images, by metric name.
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn judge(&self, _images: &[f32]) -> Result<Vec<(String, f64)>> {
        Ok(Vec::new())
    }

    /// Pictures of how the network works, taken once, when it is trained.
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn last_pictures(&self, _network: &dyn Network) -> Result<Vec<Samples>> {
        Ok(Vec::new())
    }

    /// Whether a single example takes so long that one piece a thread is enough between two looks at the observer.
    fn is_slow(&self, _due: Due) -> bool {
        false
    }

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
/// When `splits` or `support` lacks what the task needs.
pub fn build<'a>(
    config: &'a TrialConfig,
    seed: u64,
    splits: &'a Splits,
    support: &'a Support,
) -> Result<Box<dyn Task + 'a>> {
    Ok(match config.task {
        TaskKind::Denoise => Box::new(denoise::Denoise::new(config, seed, splits)),
        TaskKind::Classify => Box::new(classify::Classify::new(&config.noise, seed, splits)?),
        TaskKind::Restore => Box::new(restore::Restore::new(config, seed, splits)),
        TaskKind::Diffuse => Box::new(diffuse::Diffuse::new(config, seed, splits, support)?),
        TaskKind::Gate => Box::new(gate::Gate::new(&config.data, seed)),
        TaskKind::Sequence => Box::new(sequence::Sequence),
    })
}

#[cfg(test)]
mod tests {
    use super::{Support, build};
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
            let mut config = TrialConfig {
                task,
                ..TrialConfig::default()
            };
            // What is generated needs a judge.
            config.generate.images = 0;
            let splits = splits(classes(&[0, 9]));
            let support = Support::default();
            let task = build(&config, 0, &splits, &support).unwrap();
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
        let built = |classes| build(&config, 0, &splits(classes), &Support::default()).is_ok();
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
