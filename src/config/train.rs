//! How the network is trained.

use super::field::{Field, choice, field};

choice! {
    /// The update rule.
    pub enum OptimizerKind {
        /// Kingma and Ba 2015.
        Adam = "adam",
        /// Loshchilov and Hutter 2019: Adam with decoupled weight decay.
        AdamW = "adamw",
        /// Gradient descent with momentum.
        Sgd = "sgd",
    }
}

choice! {
    /// The learning rate over steps, as a factor of `lr`, after the warm-up.
    pub enum LrSchedule {
        /// 1.
        Constant = "constant",
        /// ½(1 + cos(π·progress)).
        Cosine = "cosine",
        /// 1 − progress.
        Linear = "linear",
    }
}

choice! {
    /// Initial values of weights and biases.
    pub enum Init {
        /// Kaiming-uniform with a = √5, biases uniform on ±1/√fan_in.
        Pytorch = "pytorch",
        /// Glorot-uniform, biases zero.
        Keras = "keras",
    }
}

choice! {
    /// Which parameters are evaluated at the end.
    pub enum Select {
        /// Those after the last step.
        Last = "last",
        /// Those of the epoch with the lowest validation loss (never the test loss).
        BestValid = "best_valid",
    }
}

choice! {
    /// Whether the trial file keeps the final parameters.
    pub enum Weights {
        /// Only their digest.
        Drop = "drop",
        /// All of them.
        Keep = "keep",
    }
}

choice! {
    /// What a GPU multiplies in convolutions and dense layers; all else, and every sum, stays f32. On processors f32 alone.
    pub enum Precision {
        /// The numbers themselves.
        F32 = "f32",
        /// Rounded to 11 significant bits, with f32's range.
        Tf32 = "tf32",
        /// Rounded to 8 significant bits, with f32's range.
        Bf16 = "bf16",
        /// Rounded to 11 significant bits; above 65504 infinite. Gradients are scaled into its range, layer by layer.
        F16 = "f16",
    }
}

impl Precision {
    /// The least compute capability of a GPU that multiplies it.
    pub fn capability(self) -> [i32; 2] {
        match self {
            Self::F32 => [0, 0],
            Self::F16 => [7, 0],
            Self::Tf32 | Self::Bf16 => [8, 0],
        }
    }
}

/// The training of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainConfig {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images per optimiser step; the last, partial batch is kept.
    pub batch: usize,
    /// The update rule.
    pub optimizer: OptimizerKind,
    /// Learning rate.
    pub lr: f64,
    /// Learning rate over steps.
    pub lr_schedule: LrSchedule,
    /// Steps over which the learning rate rises linearly from 0.
    pub warmup_steps: usize,
    /// Adam: decay of the first moment.
    pub beta1: f64,
    /// Adam: decay of the second moment.
    pub beta2: f64,
    /// Adam: added to the root of the second moment.
    pub eps: f64,
    /// SGD: momentum.
    pub momentum: f64,
    /// AdamW and SGD: weight decay.
    pub weight_decay: f64,
    /// Largest 2-norm of the whole gradient; larger ones are scaled down.
    pub clip: Option<f64>,
    /// Decay of the moving average of the parameters that is evaluated in their place.
    pub ema: Option<f64>,
    /// What a GPU multiplies.
    pub precision: Precision,
    /// Initial values.
    pub init: Init,
    /// Evaluate on the test images after every so many epochs (and after the last).
    pub evaluate_every: usize,
    /// Record sample images after every so many epochs (and after the last).
    pub samples_every: usize,
    /// Which parameters are evaluated at the end.
    pub select: Select,
    /// Stop after so many epochs without a lower validation loss.
    pub patience: Option<usize>,
    /// Whether the trial file keeps the final parameters.
    pub weights: Weights,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 20,
            batch: 128,
            optimizer: OptimizerKind::default(),
            lr: 1e-3,
            lr_schedule: LrSchedule::default(),
            warmup_steps: 0,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            momentum: 0.9,
            weight_decay: 0.0,
            clip: None,
            ema: None,
            precision: Precision::default(),
            init: Init::default(),
            evaluate_every: 1,
            samples_every: 5,
            select: Select::default(),
            patience: None,
            weights: Weights::default(),
        }
    }
}

use OptimizerKind::{Adam, Sgd};

pub(super) const FIELDS: &[Field] = &[
    field!(train.epochs: usize, "passes over the training images", valid(n, (1..=1_000_000).contains(n), "a whole number from 1 to 1000000")),
    field!(train.batch: usize, "images per optimiser step", valid(n, (1..=1_000_000).contains(n), "a whole number from 1 to 1000000")),
    field!(train.optimizer: OptimizerKind, "the update rule"),
    field!(train.lr: f64, "learning rate", valid(x, *x > 0.0, "a number above 0")),
    field!(train.lr_schedule: LrSchedule, "learning rate over steps"),
    field!(train.warmup_steps: usize, "steps over which the learning rate rises from 0"),
    field!(train.beta1: f64, "decay of Adam's first moment", valid(x, (0.0..1.0).contains(x), "a number from 0 to below 1"),
        active(c, c.train.optimizer != Sgd)),
    field!(train.beta2: f64, "decay of Adam's second moment", valid(x, (0.0..1.0).contains(x), "a number from 0 to below 1"),
        active(c, c.train.optimizer != Sgd)),
    field!(train.eps: f64, "added to the root of Adam's second moment", valid(x, *x > 0.0, "a number above 0"),
        active(c, c.train.optimizer != Sgd)),
    field!(train.momentum: f64, "momentum of SGD", valid(x, (0.0..1.0).contains(x), "a number from 0 to below 1"),
        active(c, c.train.optimizer == Sgd)),
    field!(train.weight_decay: f64, "weight decay of AdamW and SGD", valid(x, *x >= 0.0, "a number from 0"),
        active(c, c.train.optimizer != Adam)),
    field!(train.clip: Option<f64>, "largest 2-norm of the gradient", valid(x, x.is_none_or(|x| x > 0.0), "a number above 0, or none")),
    field!(train.ema: Option<f64>, "decay of the moving average of the parameters, which is evaluated in their place",
        valid(x, x.is_none_or(|x| (0.0..1.0).contains(&x)), "a number from 0 to below 1, or none")),
    field!(train.precision: Precision, "what a GPU multiplies in convolutions and dense layers; sums stay f32"),
    field!(train.init: Init, "initial values"),
    field!(train.evaluate_every: usize, "evaluate after every so many epochs", valid(n, *n > 0, "a whole number above 0")),
    field!(train.samples_every: usize, "record sample images after every so many epochs", valid(n, *n > 0, "a whole number above 0")),
    field!(train.select: Select, "which parameters are evaluated at the end"),
    field!(train.patience: Option<usize>, "stop after so many epochs without a lower validation loss",
        valid(n, *n != Some(0), "a whole number above 0, or none")),
    field!(train.weights: Weights, "whether the trial file keeps the final parameters"),
];
